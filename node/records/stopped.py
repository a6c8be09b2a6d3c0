"""What a build of the match index that was stopped has left, and what of it the next build may keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import asyncpg

from matching.form import VERSION
from node.records.indexed import reference_digest, row_digest
from node.records.reading import SourceRow
from node.records.shape import RecordMapping
from node.records.source import Source
from node.records.state import secret_digest
from node.records.writing import Writer

_LEFT: Final = "SELECT form_version, secret_sha256 FROM simpul_index.match_begun_next"
_BY_REFERENCE: Final = """
CREATE UNIQUE INDEX IF NOT EXISTS match_record_next_by_reference ON simpul_index.match_record_next (known_by)
"""
_FIRST_OF_EACH: Final = """
WITH numbered AS (
    SELECT rec, row_number() OVER (PARTITION BY known_by ORDER BY rec) AS place FROM simpul_index.match_record_next
), gone AS (
    DELETE FROM simpul_index.match_record_next AS r USING numbered AS n WHERE n.rec = r.rec AND n.place > 1
    RETURNING r.rec, r.type, r.reference
), noted AS (
    INSERT INTO simpul_index.match_gone_next SELECT rec FROM gone
)
SELECT type, reference FROM gone ORDER BY rec
"""
_READY: Final = "ANALYZE simpul_index.match_record_next; TRUNCATE simpul_index.match_seen"
_COUNTED: Final = """
SELECT count(*) AS records, 1 + greatest(max(rec), (SELECT max(rec) FROM simpul_index.match_gone_next)) AS next_rec
FROM simpul_index.match_record_next
"""
_DIGESTS: Final = "SELECT known_by, digest FROM simpul_index.match_record_next WHERE known_by = ANY($1::bytea[])"
_REMOVE: Final = """
WITH gone AS (DELETE FROM simpul_index.match_record_next WHERE known_by = ANY($1::bytea[]) RETURNING rec)
INSERT INTO simpul_index.match_gone_next SELECT rec FROM gone
"""
_REMOVE_UNSEEN: Final = """
WITH gone AS (
    DELETE FROM simpul_index.match_record_next AS r
    WHERE NOT EXISTS (SELECT FROM simpul_index.match_seen AS s WHERE s.known_by = r.known_by) RETURNING rec
)
INSERT INTO simpul_index.match_gone_next SELECT rec FROM gone
"""
REMOVE_KEYS: Final = """
DELETE FROM simpul_index.match_key_next AS k USING simpul_index.match_gone_next AS g WHERE g.rec = k.rec
"""


class Stopped:
    """Records of a build that was stopped: each is kept where its row is found to be as it was when it was read."""

    def __init__(self, connection: asyncpg.Connection, secret: bytes, records: int, next_rec: int) -> None:
        self.records: Final = records
        self.next_rec: Final = next_rec
        self._connection = connection
        self._secret = secret

    @classmethod
    async def find(cls, connection: asyncpg.Connection, secret: bytes) -> Stopped | None:
        """What is left of a build under the same secret and by the same version, made ready; else None."""
        try:
            row: Any = await connection.fetchrow(_LEFT)
        except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
            return None
        if row is None or tuple(row) != (VERSION, secret_digest(secret)):
            return None
        await keep_first_of_each(connection)  # the others are named when their rows are read once more
        await connection.execute(_READY)
        counted: Any = await connection.fetchrow(_COUNTED)
        return cls(connection, secret, counted["records"], counted["next_rec"] or 0)

    async def to_read(self, source: Source, record: RecordMapping, rows: Sequence[SourceRow]) -> Sequence[SourceRow]:
        """The rows of which no record is kept, each reference once; what was kept of a changed row is removed."""
        writer = Writer(self._connection, self._secret, source, record)
        first = await writer.first_seen(rows)
        named = {reference_digest(record.type, row.reference, self._secret): row for row in first if row.reference}
        kept = {row["known_by"]: row["digest"] for row in await self._connection.fetch(_DIGESTS, list(named))}
        as_it_was = {
            known_by
            for known_by, row in named.items()
            if kept.get(known_by) == row_digest(row.values, writer.mapping, self._secret)
        }
        await self._connection.execute(_REMOVE, [known_by for known_by in kept if known_by not in as_it_was])
        unnamed = [row for row in first if not row.reference]
        return [row for known_by, row in named.items() if known_by not in as_it_was] + unnamed

    async def settle(self) -> None:
        """Remove what no row was found for, and the keys of all that is removed."""
        await self._connection.execute(_REMOVE_UNSEEN)
        await self._connection.execute(REMOVE_KEYS)


async def keep_first_of_each(connection: asyncpg.Connection) -> list[tuple[str, str]]:
    """Index the new records by reference, of several that have one the first; type and reference of the others."""
    try:
        await connection.execute(_BY_REFERENCE)
        return []
    except asyncpg.UniqueViolationError:
        others = await connection.fetch(_FIRST_OF_EACH)
    await connection.execute(_BY_REFERENCE)
    return [(row["type"], row["reference"]) for row in others]
