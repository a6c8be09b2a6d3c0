"""The tables of the match index, and what they say of themselves: of what they were made, how far they are in step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, Literal

import asyncpg

from federation.errors import ConfigError, RecordsUnavailable
from matching.form import VERSION

SECRET_BYTES: Final = 32
LOCK: Final = 0x53494D50_494E4458  # whoever writes the index holds it, on a session of its own: one process at a time

# Filled beside the tables in use, and renamed: docs/decisions/0006.
BEGIN: Final = """
DROP TABLE IF EXISTS simpul_index.match_key_next, simpul_index.match_record_next, simpul_index.match_token_next,
    simpul_index.match_source_next, simpul_index.match_state_next, simpul_index.match_begun_next,
    simpul_index.match_gone_next;
CREATE TABLE simpul_index.match_begun_next (form_version int NOT NULL, secret_sha256 bytea NOT NULL);
CREATE TABLE simpul_index.match_gone_next (rec bigint NOT NULL);
CREATE TABLE simpul_index.match_record_next (
    rec bigint NOT NULL, type text NOT NULL, reference text NOT NULL, known_by bytea NOT NULL, digest bytea NOT NULL,
    as_of timestamptz, form bytea NOT NULL, fields bytea NOT NULL
);
CREATE TABLE simpul_index.match_key_next (key bigint NOT NULL, rec bigint NOT NULL);
CREATE TABLE simpul_index.match_token_next (token bigint NOT NULL, share double precision NOT NULL);
CREATE TABLE simpul_index.match_source_next (
    type text PRIMARY KEY, mapping bytea NOT NULL, marks text NOT NULL, as_of timestamptz NOT NULL,
    compared_at timestamptz NOT NULL
);
CREATE TABLE simpul_index.match_state_next (
    records bigint NOT NULL, as_of timestamptz NOT NULL, form_version int NOT NULL, secret_sha256 bytea NOT NULL,
    next_rec bigint NOT NULL, changes bigint NOT NULL, tokens uuid NOT NULL, keeps text NOT NULL
);
CREATE UNLOGGED TABLE IF NOT EXISTS simpul_index.match_seen (known_by bytea PRIMARY KEY);
"""
SWITCH: Final = """
DROP TABLE IF EXISTS simpul_index.match_key, simpul_index.match_record, simpul_index.match_token,
    simpul_index.match_source, simpul_index.match_state, simpul_index.match_begun_next, simpul_index.match_gone_next;
ALTER TABLE simpul_index.match_key_next RENAME TO match_key;
ALTER TABLE simpul_index.match_record_next RENAME TO match_record;
ALTER TABLE simpul_index.match_token_next RENAME TO match_token;
ALTER TABLE simpul_index.match_source_next RENAME TO match_source;
ALTER TABLE simpul_index.match_state_next RENAME TO match_state;
ALTER INDEX simpul_index.match_key_next_by_key RENAME TO match_key_by_key;
ALTER INDEX IF EXISTS simpul_index.match_key_next_by_rec RENAME TO match_key_by_rec;
ALTER INDEX simpul_index.match_record_next_by_rec RENAME TO match_record_by_rec;
ALTER INDEX simpul_index.match_record_next_by_reference RENAME TO match_record_by_reference;
ALTER INDEX simpul_index.match_source_next_pkey RENAME TO match_source_pkey;
"""
_STATE: Final = """
SELECT records, as_of, form_version, secret_sha256, tokens, keeps,
    ARRAY(SELECT type FROM simpul_index.match_source ORDER BY type) AS types,
    ARRAY(SELECT as_of FROM simpul_index.match_source ORDER BY type) AS instants
FROM simpul_index.match_state
"""

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy


# What an index keeps of a record beside digests: its normal form and fields, or its key in the agency's table alone.
Keeps = Literal["values", "keys"]


class IndexLost(RecordsUnavailable):
    """The database of the index failed while it was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What an index holds, and how far it is in step with the agency's records: as a whole, and by record type."""

    records: int
    as_of: datetime
    tokens: str
    keeps: Keeps
    type_as_of: Mapping[str, datetime]


async def read_state(connection: Connection | asyncpg.Pool, secret: bytes) -> State:
    """Read the state; refuses an index not built, or built under another secret or version (ConfigError)."""
    try:
        row: Any = await connection.fetchrow(_STATE)
    except asyncpg.UndefinedTableError:
        row = None
    except asyncpg.UndefinedColumnError as error:
        raise _other_version() from error
    if row is None:
        raise ConfigError("the match index is not built: run simpul-node index")
    if row["secret_sha256"] != secret_digest(secret):
        raise ConfigError("the match index was built under another secret: run simpul-node index")
    if row["form_version"] != VERSION:
        raise _other_version()
    return State(
        records=row["records"],
        as_of=row["as_of"],
        tokens=str(row["tokens"]),
        keeps=row["keeps"],
        type_as_of=dict(zip(row["types"], row["instants"], strict=True)),
    )


def _other_version() -> ConfigError:
    return ConfigError("the match index was built by another version of this program: run simpul-node index")


def token_digest(token: str, secret: bytes) -> int:
    """A token as the index stores it: 64 bits under the node's secret, signed."""
    return int.from_bytes(blake2b(token.encode(), digest_size=8, key=secret).digest(), "big", signed=True)


def secret_digest(secret: bytes) -> bytes:
    """By which an index tells under which secret it was built."""
    return blake2b(b"simpul-index-secret", digest_size=32, key=secret).digest()
