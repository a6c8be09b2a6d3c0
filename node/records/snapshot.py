"""One look at an agency's own database: read only, and all of it as it stood at one instant."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Final, cast

import asyncpg

from federation.errors import RecordsUnavailable
from node.records import statements
from node.records.fit import types_of
from node.records.reading import SourceRow, reference_of
from node.records.shape import RecordMapping

# Read as text, so that what no calendar or clock of ours holds (infinity, 44 BC, 24:00) is a fault of one value and not
# of the batch.
_AS_TEXT: Final = ("date", "timestamp", "timestamptz", "time", "timetz", "interval")
_SETTINGS: Final = {
    "application_name": "simpul-node source",
    "default_transaction_read_only": "on",
    "datestyle": "ISO",
    "timezone": "UTC",
}

_KEPT: Final = 4  # connections
_LONGEST_SECONDS: Final = 10.0

Marks = Mapping[str, str]  # the newest change known, by column


@dataclass(frozen=True, slots=True)
class Key:
    """A record's key as the database writes its columns, and the reference that the index has for it."""

    texts: tuple[str, ...]
    reference: str


@dataclass(slots=True)
class Snapshot:
    """An open look; `at` is the database's own instant of it."""

    connection: asyncpg.Connection
    zone: tzinfo
    at: datetime
    _types: dict[str, dict[str, str]] = field(default_factory=dict)

    async def rows(self, record: RecordMapping, batch: int) -> AsyncIterator[list[SourceRow]]:
        """Every row that is a record, in batches."""
        statement, arguments = statements.every_row(record)
        cursor = await self.connection.cursor(statement, *arguments)
        columns = statements.columns_of(record)
        while found := await cursor.fetch(batch):
            yield [_row(record, columns, row) for row in found]

    async def rows_of(self, record: RecordMapping, keys: Sequence[Key]) -> list[SourceRow]:
        """The rows, of those that are records, under some keys."""
        types = await self._types_of(record)
        statement, arguments = statements.rows_of_keys(record, [types[key] for key in record.keys])
        wanted = [[key.texts[at] for key in keys] for at in range(len(record.keys))]
        columns = statements.columns_of(record)
        return [_row(record, columns, row) for row in await self.connection.fetch(statement, *arguments, *wanted)]

    async def changed(self, record: RecordMapping, marks: Marks, batch: int) -> AsyncIterator[list[Key]]:
        """The keys of rows that changed since the marks, with the overlap; also of those that are no records now."""
        types = await self._types_of(record)
        for change in record.changes:
            mark = marks.get(change, "")
            unit = " seconds" if types[change].startswith(("timestamp", "date")) else ""
            statement = statements.keys_changed(record, change, types[change], known=bool(mark))
            cursor = await self.connection.cursor(statement, *([mark, f"{record.overlap}{unit}"] if mark else []))
            while found := await cursor.fetch(batch):
                yield [key for row in found if (key := _key(record, row)) is not None]

    async def marks(self, record: RecordMapping) -> dict[str, str]:
        """The newest change in each change column, none of them ahead of this look."""
        types = await self._types_of(record)
        offset = self.zone.utcoffset(None)
        found: dict[str, str] = {}
        for change in record.changes:
            statement = statements.newest_change(record, change, types[change])
            newest = await self.connection.fetchval(statement, offset)
            found |= {change: newest} if newest is not None else {}
        return found

    async def keys_where(self, record: RecordMapping, values: Mapping[str, str]) -> list[Key]:
        """The keys of rows in which columns, given by reference, have these values."""
        types = await self._types_of(record)
        statement = statements.keys_joined(record, list(values), [types[each] for each in values])
        rows = await self.connection.fetch(statement, *values.values())
        return [key for row in rows if (key := _key(record, row)) is not None]

    async def _types_of(self, record: RecordMapping) -> dict[str, str]:
        if record.type not in self._types:
            self._types[record.type] = await types_of(self.connection, record)
        return self._types[record.type]


@asynccontextmanager
async def looking(dsn: str, zone: tzinfo, member: str) -> AsyncIterator[Snapshot]:
    """Connect for one consistent, read only look. No error repeats what the database said: it could quote a row."""
    with _silent(member):
        connection = await asyncpg.connect(dsn, server_settings=_SETTINGS)
        try:
            await _read_as_text(connection)
            async with _look(connection, zone, {}) as look:
                yield look
        finally:
            await connection.close(timeout=5)


class Looks:
    """Consistent, read only looks over a few connections that are kept."""

    def __init__(self, pool: asyncpg.Pool, zone: tzinfo, member: str) -> None:
        self._pool = pool
        self._zone = zone
        self._member = member
        self._types: dict[str, dict[str, str]] = {}

    @classmethod
    @asynccontextmanager
    async def open(cls, dsn: str, zone: tzinfo, member: str) -> AsyncIterator[Looks]:
        """Make ready to look; nothing is connected to before the first look."""
        async with asyncpg.create_pool(
            dsn,
            min_size=0,
            max_size=_KEPT,
            server_settings=_SETTINGS,
            init=_read_as_text,
            timeout=_LONGEST_SECONDS,
            command_timeout=_LONGEST_SECONDS,
        ) as pool:
            yield cls(pool, zone, member)

    @asynccontextmanager
    async def look(self) -> AsyncIterator[Snapshot]:
        """Look as `looking` does."""
        with _silent(self._member):
            async with self._pool.acquire() as lent:
                connection = cast(asyncpg.Connection, lent)  # a proxy of one, which does all that one does
                try:
                    async with _look(connection, self._zone, self._types) as look:
                        yield look
                except asyncpg.PostgresError:
                    self._types.clear()  # the tables may have changed
                    raise


async def _read_as_text(connection: asyncpg.Connection) -> None:
    for name in _AS_TEXT:
        await connection.set_type_codec(name, schema="pg_catalog", encoder=str, decoder=str, format="text")


@asynccontextmanager
async def _look(
    connection: asyncpg.Connection, zone: tzinfo, types: dict[str, dict[str, str]]
) -> AsyncIterator[Snapshot]:
    async with connection.transaction(isolation="repeatable_read", readonly=True):
        at = datetime.fromisoformat(await connection.fetchval("SELECT now()"))
        yield Snapshot(connection, zone, at, types)


@contextmanager
def _silent(member: str) -> Iterator[None]:
    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise RecordsUnavailable(
            f"the agency's database could not be read ({type(error).__name__}); see that it runs, that the role "
            "may enter, and that the mapping names tables that are there (Source.check tells)",
            member=member,
        ) from None


def _row(record: RecordMapping, columns: Sequence[str], row: asyncpg.Record) -> SourceRow:
    values = tuple(row)
    return SourceRow(reference=reference_of(record, dict(zip(columns, values, strict=True))), values=values)


def _key(record: RecordMapping, row: asyncpg.Record) -> Key | None:
    """The key of a row; None where one of its columns is empty."""
    count = len(record.keys)
    texts = tuple(row)[count:]
    reference = reference_of(record, dict(zip(record.keys, tuple(row)[:count], strict=True)))
    return Key(texts, reference) if reference and None not in texts else None
