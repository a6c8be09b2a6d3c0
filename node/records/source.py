"""The agency's own database, read only, through the mapping that its IT wrote."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import asyncpg

from federation.errors import ConfigError, RecordsUnavailable
from node.records.reading import SourceRecord, read_row
from node.records.row import zone_of
from node.records.shape import AgencyMapping, RecordMapping, references

__all__ = ["Source", "SourceRecord", "read_row"]

# Read as text, so that a date no calendar of ours holds (infinity, 44 BC) is a fault of one value and not of the batch.
_AS_TEXT: Final = ("date", "timestamp", "timestamptz")
_SETTINGS: Final = {
    "application_name": "simpul-node source",
    "default_transaction_read_only": "on",
    "datestyle": "ISO",
    "timezone": "UTC",
}
_COLUMNS: Final = """
SELECT attname::text AS name, atttypid = 'bool'::regtype AS boolean,
       has_column_privilege(attrelid, attnum, 'SELECT') AS readable
FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
"""
_SCHEMA: Final = "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_catalog.pg_namespace WHERE nspname = $1"
_WRITABLE: Final = """
SELECT has_any_column_privilege(oid, 'INSERT, UPDATE') OR has_table_privilege(oid, 'DELETE, TRUNCATE')
FROM pg_catalog.pg_class WHERE oid = to_regclass($1)
"""


class Source:
    """An agency's records in its own database.

    Nothing is ever written: every transaction is read only. `faults` counts, by `type: column`, values that were not
    understood; the values themselves are kept nowhere.
    """

    def __init__(self, dsn: str, mapping: AgencyMapping) -> None:
        self._dsn = dsn
        self._mapping = mapping
        self._zone = zone_of(mapping.mapping.zone)
        self.faults: Counter[str] = Counter()

    async def rows(self, record_type: str | None = None, batch: int = 1000) -> AsyncIterator[list[SourceRecord]]:
        """Yield the records of one type, or of all, in batches, all as they stood at one instant (RecordsUnavailable).

        A row that makes no record (no key, nothing of a person) is counted as a fault.
        """
        async with self._connected() as connection:
            at = datetime.fromisoformat(await connection.fetchval("SELECT now()"))
            for record in self._records(record_type):
                columns = columns_of(record)
                async for rows in _fetched(connection, record, batch):
                    found = [self._read(record, dict(zip(columns, row, strict=True)), at) for row in rows]
                    yield [each for each in found if each is not None]

    async def count(self, record_type: str | None = None) -> int:
        """How many rows there are to read (RecordsUnavailable)."""
        async with self._connected() as connection:
            total = 0
            for record in self._records(record_type):
                _, tail, arguments = _parts(record)
                counted = f"count(DISTINCT {_column(record, record.keys[0])})" if record.latest else "count(*)"
                total += await connection.fetchval(f"SELECT {counted}{tail}", *arguments)
        return total

    async def check(self) -> tuple[str, ...]:
        """Sentences that name each table, column and key of the mapping that is wrong, and what to do."""
        async with self._connected() as connection:
            problems: list[str] = []
            for record in self._mapping.record:
                missing = await _missing(connection, record)
                problems += missing or await _ambiguous(connection, record)
        return tuple(dict.fromkeys(problems))

    async def writable(self) -> tuple[str, ...]:
        """The mapped tables that this role may change, though it needs to read only."""
        async with self._connected() as connection:
            found = [
                f"{name[0]}.{name[1]}"
                for name in tables(self._mapping)
                if await connection.fetchval(_WRITABLE, _quoted_table(name))
            ]
        return tuple(found)

    def _records(self, record_type: str | None) -> Sequence[RecordMapping]:
        found = [record for record in self._mapping.record if record_type in (None, record.type)]
        if not found:
            raise ConfigError(
                f"the mapping holds no records of type {record_type}; add a [[record]] or ask for another"
            )
        return found

    def _read(self, record: RecordMapping, values: Mapping[str, object], at: datetime) -> SourceRecord | None:
        found, faults = read_row(record, values, at, self._zone)
        if faults:
            self.faults.update([f"{record.type}: {column}" for column in faults])
        return found

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[asyncpg.Connection]:
        """Connect for one consistent, read only look. No error repeats what the database said: it could quote a row."""
        try:
            connection = await asyncpg.connect(self._dsn, server_settings=_SETTINGS)
            try:
                for name in _AS_TEXT:
                    await connection.set_type_codec(name, schema="pg_catalog", encoder=str, decoder=str, format="text")
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    yield connection
            finally:
                await connection.close(timeout=5)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
            raise RecordsUnavailable(
                f"the agency's database could not be read ({type(error).__name__}); see that it runs, that the role "
                "may enter, and that the mapping names tables that are there (Source.check tells)",
                member=self._mapping.mapping.member,
            ) from None


def tables(mapping: AgencyMapping) -> tuple[tuple[str, str], ...]:
    """Every table that the mapping reads, as (schema, table): what a role must be granted SELECT on."""
    found = [(record.schema, record.table) for record in mapping.record]
    found += [(join.schema or record.schema, join.table) for record in mapping.record for join in record.joins]
    return tuple(dict.fromkeys(found))


async def _fetched(
    connection: asyncpg.Connection, record: RecordMapping, batch: int
) -> AsyncIterator[list[asyncpg.Record]]:
    head, tail, arguments = _parts(record)
    order = ""
    if record.latest:
        key = _column(record, record.keys[0])
        head = f" DISTINCT ON ({key}){head}"
        order = f" ORDER BY {key}, {_column(record, record.latest)} DESC NULLS LAST"
    cursor = await connection.cursor(f"SELECT{head}{tail}{order}", *arguments)
    while rows := await cursor.fetch(batch):
        yield rows


def _parts(record: RecordMapping) -> tuple[str, str, list[list[str]]]:
    """The columns, and the tables with their conditions, of a record's statement; and its arguments."""
    head = " " + ", ".join(_column(record, column) for column in columns_of(record))
    tail = f" FROM {_quoted_table((record.schema, record.table))} AS {_quoted(record.own)}"
    for join in record.joins:
        verb = "LEFT JOIN" if join.kind == "left" else "JOIN"
        table = _quoted_table((join.schema or record.schema, join.table))
        sides = [_column(record, column) for column in join.on]
        pairs = " AND ".join(f"{one} = {other}" for one, other in zip(sides[::2], sides[1::2], strict=True))
        tail += f" {verb} {table} AS {_quoted(join.alias or join.table)} ON {pairs}"
    # Only what is known not to be protected is read: a column left empty protects.
    conditions = [f"{_column(record, record.protected)} IS FALSE"] if record.protected else []
    conditions += [
        f"{_column(record, where.column)}::text = ANY(${at}::text[])" for at, where in enumerate(record.where, 1)
    ]
    tail += f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return head, tail, [list(where.one_of) for where in record.where]


def columns_of(record: RecordMapping) -> tuple[str, ...]:
    """The column references of a record, in the order of its statement."""
    return tuple(dict.fromkeys(column for _, column in references(record)))


def _column(record: RecordMapping, reference: str) -> str:
    alias, column = record.split(reference)
    return f"{_quoted(alias)}.{_quoted(column)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _quoted_table(name: tuple[str, str]) -> str:
    return f"{_quoted(name[0])}.{_quoted(name[1])}"


async def _missing(connection: asyncpg.Connection, record: RecordMapping) -> list[str]:
    """Say which tables and columns of a record's mapping are missing, unreadable or of the wrong kind."""
    places = {record.own: (record.schema, record.table)}
    places |= {join.alias or join.table: (join.schema or record.schema, join.table) for join in record.joins}
    problems: list[str] = []
    for alias, (schema, table) in places.items():
        if not await connection.fetchval(_SCHEMA, schema):
            problems.append(
                f"{record.type}: schema {schema} is not there, or this role may not use it; correct schema in the "
                f"mapping, or let the owner run GRANT USAGE ON SCHEMA {_quoted(schema)}"
            )
            continue
        there = {row["name"]: row for row in await connection.fetch(_COLUMNS, _quoted_table((schema, table)))}
        if not there:
            problems.append(f"{record.type}: table {schema}.{table} is not there; correct table in the mapping")
            continue
        problems += _faulty_columns(record, alias, f"{schema}.{table}", there)
    return problems


def _faulty_columns(record: RecordMapping, alias: str, table: str, there: dict[str, asyncpg.Record]) -> Iterator[str]:
    for key, reference in references(record):
        where, column = record.split(reference)
        if where != alias:
            continue
        if column not in there:
            near = ", ".join(sorted(there))
            yield f"{record.type}: {key} names {column}, which {table} does not have; its columns are: {near}"
        elif not there[column]["readable"]:
            yield f"{record.type}: {key} names {column}, which this role may not read; GRANT SELECT on {table}"
        elif key == "protected" and not there[column]["boolean"]:
            yield f"{record.type}: protected names {column} of {table}, which is not boolean; map a view where it is"


async def _ambiguous(connection: asyncpg.Connection, record: RecordMapping) -> list[str]:
    """Say so where the key of a record, with everything that is joined, names more than one row."""
    if record.latest:
        return []
    _, tail, arguments = _parts(record)
    keys = ", ".join(_column(record, key) for key in record.keys)
    # REASON: every identifier is quoted, and comes from the agency's own mapping
    twice = f"SELECT count(*) FROM (SELECT{tail} GROUP BY {keys} HAVING count(*) > 1) AS twice"  # noqa: S608
    found = await connection.fetchval(twice, *arguments)
    if not found:
        return []
    return [
        f"{record.type}: key {', '.join(record.keys)} names more than one row in {found} cases; write all the columns "
        'that together name a row, key = ["a", "b"], or latest = "..." to read the newest'
    ]
