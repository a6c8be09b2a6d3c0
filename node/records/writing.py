"""Changes written to the match index that is in use, a batch at a time, each batch whole or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import uuid4

import asyncpg
import msgspec

from federation.errors import RecordsUnavailable
from matching.blocking import key_values
from matching.form import decode
from node.records.indexed import Indexed, count_tokens, key_texts, mapping_digest, reference_digest, row_digest, shares
from node.records.reading import SourceRow
from node.records.shape import RecordMapping
from node.records.source import Source
from node.records.state import IndexLost, Keeps

_HASTE: Final = "SET synchronous_commit TO off"  # a commit lost to a crash takes all after it along, and is done again
_KNOWN: Final = """
SELECT known_by, rec, digest FROM simpul_index.match_record WHERE known_by = ANY($1::bytea[])
"""
_FORMS: Final = "SELECT rec, form FROM simpul_index.match_record WHERE rec = ANY($1::bigint[])"
_KEYS: Final = "SELECT key, rec FROM simpul_index.match_key WHERE rec = ANY($1::bigint[])"
_NUMBER: Final = "UPDATE simpul_index.match_state SET next_rec = next_rec + $1 RETURNING next_rec - $1"
_INSERT: Final = """
INSERT INTO simpul_index.match_record (rec, type, reference, known_by, digest, as_of, form, fields)
SELECT u.rec, $1, u.reference, u.known_by, u.digest, u.as_of, u.form, u.fields
FROM unnest($2::bigint[], $3::text[], $4::bytea[], $5::bytea[], $6::timestamptz[], $7::bytea[], $8::bytea[])
    AS u (rec, reference, known_by, digest, as_of, form, fields)
"""
_UPDATE: Final = """
UPDATE simpul_index.match_record AS r SET digest = u.digest, as_of = u.as_of, form = u.form, fields = u.fields
FROM unnest($2::bigint[], $3::text[], $4::bytea[], $5::bytea[], $6::timestamptz[], $7::bytea[], $8::bytea[])
    AS u (rec, reference, known_by, digest, as_of, form, fields)
WHERE r.rec = u.rec AND r.type = $1
"""
_DELETE: Final = "DELETE FROM simpul_index.match_record WHERE rec = ANY($1::bigint[])"
_FILE_UNDER: Final = """
INSERT INTO simpul_index.match_key (key, rec) SELECT * FROM unnest($1::bigint[], $2::bigint[])
"""
_TAKE_OUT: Final = """
DELETE FROM simpul_index.match_key AS k USING unnest($1::bigint[], $2::bigint[]) AS u (key, rec)
WHERE k.key = u.key AND k.rec = u.rec
"""
_COUNT: Final = "UPDATE simpul_index.match_state SET records = records + $1, changes = changes + $2"
_FORGET_SEEN: Final = "TRUNCATE simpul_index.match_seen"
_SEE: Final = """
INSERT INTO simpul_index.match_seen SELECT * FROM unnest($1::bytea[]) ON CONFLICT DO NOTHING RETURNING known_by
"""
_UNSEEN: Final = """
SELECT rec, reference FROM simpul_index.match_record AS r
WHERE type = $1 AND rec > $2 AND NOT EXISTS (SELECT FROM simpul_index.match_seen AS s WHERE s.known_by = r.known_by)
ORDER BY rec LIMIT $3
"""
_LOSS: Final = """
SELECT count(*) AS records, count(*) FILTER (
    WHERE NOT EXISTS (SELECT FROM simpul_index.match_seen AS s WHERE s.known_by = r.known_by)
) AS unseen FROM simpul_index.match_record AS r WHERE type = $1
"""
_SETTLE: Final = """
INSERT INTO simpul_index.match_source (type, mapping, marks, as_of, compared_at) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (type) DO UPDATE SET mapping = excluded.mapping, marks = excluded.marks, as_of = excluded.as_of,
    compared_at = excluded.compared_at
"""
_AS_OF: Final = """
UPDATE simpul_index.match_state SET as_of = s.as_of
FROM (SELECT min(as_of) AS as_of FROM simpul_index.match_source) AS s WHERE s.as_of IS NOT NULL
"""
_SOURCES: Final = "SELECT type, mapping, marks, as_of, compared_at FROM simpul_index.match_source"
_FORGET_SOURCE: Final = "DELETE FROM simpul_index.match_source WHERE type = $1"
_CHANGES: Final = "SELECT records, changes, keeps FROM simpul_index.match_state"
_ALL_FORMS: Final = "SELECT form FROM simpul_index.match_record"
_NO_TOKENS: Final = "DELETE FROM simpul_index.match_token"
_COUNTED: Final = "UPDATE simpul_index.match_state SET changes = 0, tokens = $1"
_BATCH: Final = 1000
_GREAT_LOSS: Final = 100
_RECOUNT_SHARE: Final = 100  # token shares are counted again when one record in so many has changed


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """How far the records of one type are in step: how they were read, and by what a change is noticed."""

    mapping: bytes
    marks: dict[str, str]
    as_of: datetime
    compared_at: datetime


@dataclass(slots=True)
class Written:
    """How many records were added, changed and removed."""

    added: int = 0
    changed: int = 0
    removed: int = 0


class Writer:
    """Writes one record type of the index, which its session has locked."""

    def __init__(
        self,
        connection: asyncpg.Connection,
        secret: bytes,
        source: Source,
        record: RecordMapping,
        keeps: Keeps = "values",
    ) -> None:
        self.written = Written()
        self._keeps = keeps
        self._connection = connection
        self._secret = secret
        self._source = source
        self._record = record
        self.mapping = mapping_digest(record, source.zone)

    async def write(self, rows: Sequence[SourceRow], at: datetime, gone: Sequence[str] = ()) -> None:
        """Bring the index in step with some rows as read at `at`, and remove what is `gone`; all or nothing.

        A row that is as it was is not read again; one that makes no record any more is removed.
        """
        with writing():
            async with self._connection.transaction():
                await self._write(rows, at, gone)

    async def _write(self, rows: Sequence[SourceRow], at: datetime, gone: Sequence[str]) -> None:
        rows = self._each_once(rows)
        named = [self._known_by(row.reference) for row in rows]
        lost = [self._known_by(reference) for reference in gone]
        found = await self._connection.fetch(_KNOWN, [*named, *lost])
        known = {row["known_by"]: (row["rec"], row["digest"]) for row in found}
        remove = {known[each][0] for each in lost if each in known}
        fresh: list[Indexed] = []
        for row, known_by in zip(rows, named, strict=True):
            digest = row_digest(row.values, self.mapping, self._secret)
            rec, digest_before = known.get(known_by, (None, b""))
            if digest == digest_before:
                continue
            record = self._source.read(self._record, row, at)
            if record is not None:
                keys = key_texts(self._record, row, self._keeps)
                fresh.append(Indexed.of(record, digest, self._secret, keys))
            elif rec is not None:
                remove.add(rec)
        changed = {known[each.known_by][0]: each for each in fresh if each.known_by in known}
        added = [each for each in fresh if each.known_by not in known]
        await self._store(added, changed, sorted(remove))

    def _each_once(self, rows: Sequence[SourceRow]) -> list[SourceRow]:
        """The rows without those whose reference cannot be kept, or belongs to a row before them."""
        found: dict[str, SourceRow] = {}
        for at, row in enumerate(rows):
            if row.reference in found:
                self._source.twice(self._record, row)
            else:
                found[row.reference or f"\x00{at}"] = row
        return list(found.values())

    async def _store(self, added: Sequence[Indexed], changed: dict[int, Indexed], remove: Sequence[int]) -> None:
        if not (added or changed or remove):
            return
        first = await self._connection.fetchval(_NUMBER, len(added))
        new = dict(enumerate(added, first))
        before = await self._pairs_before([*changed, *remove])
        after = {(key, rec) for rec, each in (*new.items(), *changed.items()) for key in each.keys(self._secret)}
        await self._connection.execute(_TAKE_OUT, *_columns(before - after, 2))
        await self._connection.execute(_DELETE, remove)
        await self._connection.execute(_UPDATE, self._record.type, *_rows(changed))
        await self._connection.execute(_INSERT, self._record.type, *_rows(new))
        await self._connection.execute(_FILE_UNDER, *_columns(after - before, 2))
        await self._connection.execute(_COUNT, len(new) - len(remove), len(new) + len(changed) + len(remove))
        self.written.added += len(new)
        self.written.changed += len(changed)
        self.written.removed += len(remove)

    async def _pairs_before(self, recs: Sequence[int]) -> set[tuple[int, int]]:
        """Under which keys records are filed: made anew from their forms, where these are kept."""
        if self._keeps == "keys":
            return {(row["key"], row["rec"]) for row in await self._connection.fetch(_KEYS, recs)}
        rows = await self._connection.fetch(_FORMS, recs)
        return {(key, row["rec"]) for row in rows for key in key_values(decode(row["form"]), self._secret)}

    async def forget_seen(self) -> None:
        """Begin a comparison."""
        with writing():
            await self._connection.execute(_FORGET_SEEN)

    async def first_seen(self, rows: Sequence[SourceRow]) -> list[SourceRow]:
        """Note rows as seen in this comparison; gives those whose references no row before them had."""
        once = self._each_once(rows)
        named = {self._known_by(row.reference): row for row in once if row.reference}
        with writing():
            first = {row["known_by"] for row in await self._connection.fetch(_SEE, list(named))}
        for known_by in named.keys() - first:
            self._source.twice(self._record, named[known_by])
        return [row for row in once if not row.reference or self._known_by(row.reference) in first]

    def _known_by(self, reference: str) -> bytes:
        return reference_digest(self._record.type, reference, self._secret)

    async def remove_unseen(self) -> None:
        """Remove what this comparison did not see; refuses to lose most of a large index (RecordsUnavailable)."""
        with writing():
            loss: Any = await self._connection.fetchrow(_LOSS, self._record.type)
        if loss["unseen"] > max(_GREAT_LOSS, loss["records"] / 2):
            raise RecordsUnavailable(
                f"{self._record.type}: {loss['unseen']} of {loss['records']} records are not in the source any more, "
                "and none was removed; see that the source is whole, and if it is, run simpul-node index"
            )
        async for references in self._unseen():
            await self.write((), datetime.min, references)

    async def remove_all(self) -> None:
        """Remove a record type that is mapped no more."""
        await self.forget_seen()
        async for references in self._unseen():
            await self.write((), datetime.min, references)
        with writing():
            await self._connection.execute(_FORGET_SOURCE, self._record.type)

    async def _unseen(self) -> AsyncIterator[list[str]]:
        last = -1
        while True:
            with writing():
                rows = await self._connection.fetch(_UNSEEN, self._record.type, last, _BATCH)
            if not rows:
                return
            last = rows[-1]["rec"]
            yield [row["reference"] for row in rows]

    async def settle(self, marks: dict[str, str], as_of: datetime, compared_at: datetime) -> None:
        """Say that this type is in step as of an instant, and the index as of the earliest of all its types."""
        written = msgspec.json.encode(marks).decode()
        with writing():
            async with self._connection.transaction():
                await self._connection.execute(_SETTLE, self._record.type, self.mapping, written, as_of, compared_at)
                await self._connection.execute(_AS_OF)


async def hasten(connection: asyncpg.Connection) -> None:
    """Commit batches without waiting for the disk."""
    with writing():
        await connection.execute(_HASTE)


async def settled(connection: asyncpg.Connection) -> dict[str, Settled]:
    """How far each record type is in step."""
    with writing():
        rows = await connection.fetch(_SOURCES)
    return {
        row["type"]: Settled(
            mapping=row["mapping"],
            marks=msgspec.json.decode(row["marks"], type=dict[str, str]),
            as_of=row["as_of"],
            compared_at=row["compared_at"],
        )
        for row in rows
    }


async def recount(connection: asyncpg.Connection, secret: bytes) -> bool:
    """Count the shares of name tokens anew, where one record in a hundred has changed since they were counted.

    An index that keeps keys alone has nothing to count from: its shares are those of its build.
    """
    with writing():
        row: Any = await connection.fetchrow(_CHANGES)
        if row["keeps"] == "keys" or not row["changes"] or row["changes"] * _RECOUNT_SHARE < row["records"]:
            return False
        async with connection.transaction():
            tokens = shares(await tokens_of(connection, _ALL_FORMS), max(1, row["records"]), secret)
            await connection.execute(_NO_TOKENS)
            await connection.copy_records_to_table("match_token", schema_name="simpul_index", records=tokens)
            await connection.execute(_COUNTED, uuid4())
    return True


async def tokens_of(connection: asyncpg.Connection, forms: str) -> Counter[str]:
    """How many records bear each token, of those whose `form` a statement reads; within a transaction."""
    counted: Counter[str] = Counter()
    cursor = await connection.cursor(forms)
    while found := await cursor.fetch(_BATCH):
        count_tokens((decode(each["form"]) for each in found), counted)
    return counted


@contextmanager
def writing() -> Iterator[None]:
    """Tell a fault of the index's own database from one of the source's (IndexLost)."""
    try:
        yield
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise IndexLost(
            f"the database of the match index failed ({type(error).__name__}); what was committed stays, and the next "
            "refresh goes on from there"
        ) from error


def _rows(records: dict[int, Indexed]) -> tuple[list[Any], ...]:
    return _columns(
        (
            (rec, each.reference, each.known_by, each.digest, each.as_of, each.encoded_form, each.encoded_fields)
            for rec, each in records.items()
        ),
        7,
    )


def _columns(rows: Any, width: int) -> tuple[list[Any], ...]:
    columns = tuple(zip(*rows, strict=True))
    return tuple(list(column) for column in columns) if columns else tuple([] for _ in range(width))
