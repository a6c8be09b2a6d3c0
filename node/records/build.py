"""Building the match index beside the one in use, and switching to it in one step."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import asyncpg
import msgspec

from federation.errors import ConfigError
from federation.keys import read_secret, write_secret
from matching.blocking import key_values
from matching.form import VERSION, encode, prepare
from node.records.index import SECRET_BYTES, secret_digest, token_digest
from node.records.source import Source, SourceRecord

_MIN_BEARERS: Final = 2  # a token borne once says no more than an unseen one, and would name its bearer
_BEGIN: Final = """
DROP TABLE IF EXISTS simpul_index.match_key_next, simpul_index.match_record_next, simpul_index.match_token_next,
    simpul_index.match_state_next;
CREATE TABLE simpul_index.match_record_next (
    rec bigint NOT NULL, type text NOT NULL, reference text NOT NULL, as_of timestamptz, form bytea NOT NULL,
    fields bytea NOT NULL
);
CREATE TABLE simpul_index.match_key_next (key bigint NOT NULL, rec bigint NOT NULL);
CREATE TABLE simpul_index.match_token_next (token bigint NOT NULL, share double precision NOT NULL);
CREATE TABLE simpul_index.match_state_next (
    records bigint NOT NULL, as_of timestamptz NOT NULL, form_version int NOT NULL, secret_sha256 bytea NOT NULL
);
"""
_INDEXES: Final = """
CREATE INDEX match_key_next_by_key ON simpul_index.match_key_next (key) INCLUDE (rec);
CREATE UNIQUE INDEX match_record_next_by_rec ON simpul_index.match_record_next (rec);
ANALYZE simpul_index.match_key_next;
ANALYZE simpul_index.match_record_next;
"""
_SWITCH: Final = """
DROP TABLE IF EXISTS simpul_index.match_key, simpul_index.match_record, simpul_index.match_token,
    simpul_index.match_state;
ALTER TABLE simpul_index.match_key_next RENAME TO match_key;
ALTER TABLE simpul_index.match_record_next RENAME TO match_record;
ALTER TABLE simpul_index.match_token_next RENAME TO match_token;
ALTER TABLE simpul_index.match_state_next RENAME TO match_state;
ALTER INDEX simpul_index.match_key_next_by_key RENAME TO match_key_by_key;
ALTER INDEX simpul_index.match_record_next_by_rec RENAME TO match_record_by_rec;
"""
# What is not yet switched to need not be on disk after each batch: the switch waits for all that came before it.
_HASTE: Final = "SET synchronous_commit TO off"
_SURELY: Final = "RESET synchronous_commit"
_FIELDS: Final = msgspec.msgpack.Encoder()
_STATE: Final = "INSERT INTO simpul_index.match_state_next VALUES ($1, $2, $3, $4)"
_LOCK: Final = 0x53494D50_494E4458

Progress = Callable[[int], None]


class Builder:
    """Builds one generation of the index."""

    def __init__(self, connection: asyncpg.Connection, secret: bytes) -> None:
        self._connection = connection
        self._secret = secret
        self._tokens: Counter[str] = Counter()
        self._records = 0

    async def build(self, source: Source, at: datetime, progress: Progress) -> int:
        """Index every record of the source; returns how many. Refuses to run beside another build (ConfigError)."""
        if not await self._connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
            raise ConfigError("another build of this index is under way; wait for it to end")
        await self._connection.execute(_HASTE)
        await self._connection.execute(_BEGIN)
        async for batch in source.rows():
            await self._add(batch, at)
            progress(self._records)
        await self._finish(at)
        return self._records

    async def _add(self, batch: Sequence[SourceRecord], at: datetime) -> None:
        records: list[tuple[Any, ...]] = []
        keys: list[tuple[int, int]] = []
        tokens: list[str] = []
        for row in batch:
            form = prepare(row.person)
            rec = self._records
            self._records += 1
            records.append((rec, row.type, row.key, row.as_of or at, encode(form), _FIELDS.encode(row.fields)))
            keys += [(value, rec) for value in key_values(form, self._secret)]
            tokens += {token for name in form.names for token in name.tokens}
        self._tokens.update(tokens)
        await self._connection.copy_records_to_table("match_record_next", schema_name="simpul_index", records=records)
        await self._connection.copy_records_to_table("match_key_next", schema_name="simpul_index", records=keys)

    async def _finish(self, at: datetime) -> None:
        shares = [
            (token_digest(token, self._secret), bearers / self._records)
            for token, bearers in self._tokens.items()
            if bearers >= _MIN_BEARERS
        ]
        await self._connection.copy_records_to_table("match_token_next", schema_name="simpul_index", records=shares)
        await self._connection.execute(_STATE, self._records, at, VERSION, secret_digest(self._secret))
        await self._connection.execute(_INDEXES)
        await self._connection.execute(_SURELY)
        async with self._connection.transaction():
            await self._connection.execute(_SWITCH)


def secret_of(path: Path) -> bytes:
    """The node's secret for its index, made where there is none yet (file of mode 0600)."""
    if not path.exists():
        write_secret(path, os.urandom(SECRET_BYTES))
    secret = read_secret(path)
    if len(secret) != SECRET_BYTES:
        raise ConfigError(f"{path} must hold {SECRET_BYTES} bytes; delete it and run simpul-node index to make it anew")
    return secret
