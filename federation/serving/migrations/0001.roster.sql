-- The rosters this member has accepted; it keeps the newest and never goes back.
CREATE TABLE simpul.roster (
    version bigint PRIMARY KEY CHECK (version > 0),
    digest bytea NOT NULL CHECK (length(digest) = 32),
    envelope bytea NOT NULL,
    accepted timestamptz NOT NULL DEFAULT now()
);
