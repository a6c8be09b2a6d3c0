-- A member's log: entries and full tiles are only ever added.

CREATE TABLE simpul.log_entry (
    index bigint PRIMARY KEY CHECK (index >= 0),
    request bytea NOT NULL UNIQUE CHECK (length(request) = 32),
    leaf bytea NOT NULL CHECK (length(leaf) BETWEEN 1 AND 65535),
    leaf_hash bytea NOT NULL CHECK (leaf_hash = sha256('\x00'::bytea || leaf))
);

CREATE TABLE simpul.log_tile (
    level smallint NOT NULL CHECK (level >= 0),
    n bigint NOT NULL CHECK (n >= 0),
    hashes bytea NOT NULL CHECK (length(hashes) = 8192),
    PRIMARY KEY (level, n)
);
ALTER TABLE simpul.log_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;

CREATE TABLE simpul.log_checkpoint (
    size bigint PRIMARY KEY CHECK (size >= 0),
    note bytea NOT NULL
);

CREATE TABLE simpul.log_cosignature (
    size bigint NOT NULL REFERENCES simpul.log_checkpoint (size),
    line bytea NOT NULL,
    PRIMARY KEY (size, line)
);

CREATE TABLE simpul.log_state (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    epoch bigint NOT NULL,
    size bigint NOT NULL CHECK (size >= 0),
    frontier bytea NOT NULL CHECK (length(frontier) % 32 = 0),
    edge bytea NOT NULL CHECK (length(edge) = 32 * (size % 256))
);
ALTER TABLE simpul.log_state ALTER COLUMN edge SET STORAGE EXTERNAL;

CREATE TABLE simpul.evidence (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    "group" bytea NOT NULL CHECK (length("group") = 32),
    envelope_sha256 bytea NOT NULL CHECK (length(envelope_sha256) = 32),
    ct bytea
);
ALTER TABLE simpul.evidence ALTER COLUMN ct SET STORAGE EXTERNAL;
CREATE INDEX evidence_by_group ON simpul.evidence ("group");

CREATE TABLE simpul.evidence_wrap (
    "group" bytea NOT NULL CHECK (length("group") = 32),
    recipient text NOT NULL,
    key_id text NOT NULL,
    wrap_sha256 bytea NOT NULL CHECK (length(wrap_sha256) = 32),
    wrap bytea,
    PRIMARY KEY ("group", recipient, key_id)
);
ALTER TABLE simpul.evidence_wrap ALTER COLUMN wrap SET STORAGE EXTERNAL;

CREATE TABLE simpul.receipt (
    statement_digest bytea NOT NULL CHECK (length(statement_digest) = 32),
    member text NOT NULL,
    proof bytea NOT NULL,
    PRIMARY KEY (statement_digest, member)
);
