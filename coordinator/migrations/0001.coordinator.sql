-- Query ids asked, each held to one digest; and results kept for their requester until a day.
CREATE TABLE simpul.asked (
    query_id bytea PRIMARY KEY CHECK (length(query_id) = 16),
    query_digest bytea NOT NULL UNIQUE CHECK (length(query_digest) = 32)
);

CREATE TABLE simpul.result_kept (
    query_id bytea PRIMARY KEY REFERENCES simpul.asked (query_id),
    requester text NOT NULL,
    officers text [] NOT NULL,
    result_index bigint NOT NULL REFERENCES simpul.log_entry (index),
    until timestamptz NOT NULL
);
CREATE INDEX result_kept_by_until ON simpul.result_kept (until);
