-- Queries received and the replies given, so that a retry gets the same bytes; and what each member has asked.
CREATE TABLE simpul.received (
    query_id bytea PRIMARY KEY CHECK (length(query_id) = 16),
    query_digest bytea NOT NULL UNIQUE CHECK (length(query_digest) = 32)
);

CREATE TABLE simpul.replay (
    query_digest bytea PRIMARY KEY CHECK (length(query_digest) = 32),
    reply_index bigint NOT NULL REFERENCES simpul.log_entry (index)
);

CREATE TABLE simpul.quota (
    requester text NOT NULL,
    hour timestamptz NOT NULL,
    subjects bigint NOT NULL CHECK (subjects >= 0),
    PRIMARY KEY (requester, hour)
);

CREATE TABLE simpul.policy_in_force (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    sha256 bytea NOT NULL CHECK (length(sha256) = 32)
);
