"""Building the match index beside the one in use, and switching to it in one step."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import msgspec

from federation.errors import ConfigError
from federation.keys import read_secret, write_secret
from matching.form import VERSION
from node.records.indexed import Indexed, count_tokens, key_texts, mapping_digest, row_digest, shares
from node.records.reading import SourceRow
from node.records.shape import RecordMapping
from node.records.source import BATCH, Source
from node.records.state import BEGIN, LOCK, SECRET_BYTES, SWITCH, Keeps, secret_digest
from node.records.stopped import REMOVE_KEYS, Stopped, keep_first_of_each
from node.records.writing import tokens_of

_RECORDS: Final = "SELECT count(*) FROM simpul_index.match_record_next"
# A build that is stopped from here on, and gone on with, does these once more.
_BEGIN_FINISH: Final = """
TRUNCATE simpul_index.match_token_next, simpul_index.match_state_next;
DROP INDEX IF EXISTS simpul_index.match_key_next_by_key, simpul_index.match_record_next_by_rec;
"""
_KEYS_BY_RECORD: Final = "CREATE INDEX match_key_next_by_rec ON simpul_index.match_key_next (rec)"
_INDEXES: Final = """
CREATE UNIQUE INDEX match_key_next_by_key ON simpul_index.match_key_next (key, rec);
CREATE UNIQUE INDEX match_record_next_by_rec ON simpul_index.match_record_next (rec);
ANALYZE simpul_index.match_key_next;
ANALYZE simpul_index.match_record_next;
"""
# What is not yet switched to need not be on disk after each batch: the switch waits for all that came before it.
_HASTE: Final = "SET synchronous_commit TO off; SET maintenance_work_mem TO '256MB'"
_SURELY: Final = "RESET synchronous_commit; RESET maintenance_work_mem"
_BEGUN: Final = "INSERT INTO simpul_index.match_begun_next VALUES ($1, $2)"
_SOURCE: Final = """
INSERT INTO simpul_index.match_source_next VALUES ($1, $2, $3, $4, $4)
ON CONFLICT (type) DO UPDATE SET mapping = excluded.mapping, marks = excluded.marks, as_of = excluded.as_of,
    compared_at = excluded.compared_at
"""
_OTHER_SOURCES: Final = "DELETE FROM simpul_index.match_source_next WHERE type <> ALL($1::text[])"
_ALL_FORMS: Final = "SELECT form FROM simpul_index.match_record_next"
_STATE: Final = "INSERT INTO simpul_index.match_state_next VALUES ($1, $2, $3, $4, $5, 0, $6, $7)"
_COLUMNS: Final = ("rec", "type", "reference", "known_by", "digest", "as_of", "form", "fields")

Progress = Callable[[int], None]


class Builder:
    """Builds one generation of the index.

    `kept` is how many records of a build that was stopped it found, to be kept where their rows are as they were.
    """

    def __init__(
        self, connection: asyncpg.Connection, secret: bytes, batch: int = BATCH, keeps: Keeps = "values"
    ) -> None:
        self.kept = 0
        self._keeps: Keeps = keeps
        self._connection = connection
        self._secret = secret
        self._batch = batch
        self._tokens: Counter[str] = Counter()
        self._stopped: Stopped | None = None
        self._next_rec = 0
        self._rows = 0

    async def build(self, source: Source, at: datetime, progress: Progress, *, anew: bool = False) -> int:
        """Index every record of the source; returns how many. Refuses to run beside another writer (ConfigError).

        Goes on from a build that was stopped, unless it is to begin `anew`.
        """
        if not await lock(self._connection):
            raise ConfigError("another build or refresh of this index is under way; wait for it to end, or stop it")
        await self._connection.execute(_HASTE)
        # What a name's parts are cannot be counted again from keys alone.
        anew = anew or self._keeps == "keys"
        self._stopped = None if anew else await Stopped.find(self._connection, self._secret)
        if self._stopped is None:
            await self._connection.execute(BEGIN)
            if self._keeps == "values":  # what is marked may be gone on with
                await self._connection.execute(_BEGUN, VERSION, secret_digest(self._secret))
        else:
            self.kept, self._next_rec = self._stopped.records, self._stopped.next_rec
        for record in source.records:
            await self._add_all(source, record, at, progress)
        return await self._finish(source, at)

    async def _add_all(self, source: Source, record: RecordMapping, at: datetime, progress: Progress) -> None:
        mapping = mapping_digest(record, source.zone)
        async with source.look(record) as look:
            marks = await look.marks(record)
            async for rows in look.rows(record, self._batch):
                async with self._connection.transaction():
                    fresh = await self._stopped.to_read(source, record, rows) if self._stopped else rows
                    await self._add(self._read(source, record, fresh, look.at, mapping))
                self._rows += len(rows)
                progress(self._rows)
        written = msgspec.json.encode(marks).decode()
        await self._connection.execute(_SOURCE, record.type, mapping, written, at)

    def _read(
        self, source: Source, record: RecordMapping, rows: Sequence[SourceRow], at: datetime, mapping: bytes
    ) -> list[Indexed]:
        found = [(source.read(record, row, at), row) for row in rows]
        return [
            Indexed.of(
                each,
                row_digest(row.values, mapping, self._secret),
                self._secret,
                key_texts(record, row, self._keeps),
            )
            for each, row in found
            if each is not None
        ]

    async def _add(self, batch: Sequence[Indexed]) -> None:
        records: list[tuple[Any, ...]] = []
        keys: list[tuple[int, int]] = []
        for each in batch:
            rec = self._next_rec
            self._next_rec += 1
            found = (each.known_by, each.digest, each.as_of, each.encoded_form, each.encoded_fields)
            records.append((rec, each.type, each.reference, *found))
            keys += [(value, rec) for value in each.keys(self._secret)]
        count_tokens((each.form for each in batch), self._tokens)
        await self._connection.copy_records_to_table(
            "match_record_next", schema_name="simpul_index", columns=_COLUMNS, records=records
        )
        await self._connection.copy_records_to_table("match_key_next", schema_name="simpul_index", records=keys)

    async def _finish(self, source: Source, at: datetime) -> int:
        if self._stopped is None:
            await self._each_once(source)
        else:
            await self._stopped.settle()
            async with self._connection.transaction():  # what was kept is not among what this build has counted
                self._tokens = await tokens_of(self._connection, _ALL_FORMS)
        await self._connection.execute(_OTHER_SOURCES, [record.type for record in source.records])
        records: int = await self._connection.fetchval(_RECORDS)
        counted = shares(self._tokens, max(1, records), self._secret)
        await self._connection.execute(_BEGIN_FINISH)
        await self._connection.copy_records_to_table("match_token_next", schema_name="simpul_index", records=counted)
        await self._connection.execute(
            _STATE, records, at, VERSION, secret_digest(self._secret), self._next_rec, uuid4(), self._keeps
        )
        if self._keeps == "keys":
            await self._connection.execute(_KEYS_BY_RECORD)
        await self._connection.execute(_INDEXES)
        await self._connection.execute(_SURELY)
        async with self._connection.transaction():
            await self._connection.execute(SWITCH)
        return records

    async def _each_once(self, source: Source) -> None:
        """Keep the first of the rows that have one reference, and name the others."""
        types = {record.type: record for record in source.records}
        twice = await keep_first_of_each(self._connection)
        for record_type, reference in twice:
            source.twice(types[record_type], SourceRow(reference=reference, values=()))
        if twice:
            await self._connection.execute(REMOVE_KEYS)


async def lock(connection: asyncpg.Connection) -> bool:
    """Be the one that writes the index, for as long as this session lasts; False where another is."""
    return bool(await connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK))


def secret_of(path: Path) -> bytes:
    """The node's secret for its index, made where there is none yet (file of mode 0600)."""
    if not path.exists():
        write_secret(path, os.urandom(SECRET_BYTES))
    secret = read_secret(path)
    if len(secret) != SECRET_BYTES:
        raise ConfigError(f"{path} must hold {SECRET_BYTES} bytes; delete it and run simpul-node index to make it anew")
    return secret
