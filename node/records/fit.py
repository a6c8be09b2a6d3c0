"""Whether a mapping fits the agency's own database: what it names is there, may be read, and names one row a record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import asyncpg

from node.records.shape import RecordMapping, references
from node.records.statements import keys_named_twice, places, quoted, quoted_table

CHANGE_TYPES: Final = frozenset(
    {
        "timestamp with time zone",
        "timestamp without time zone",
        "date",
        "smallint",
        "integer",
        "bigint",
        "numeric",
        "real",
        "double precision",
    }
)
_COLUMNS: Final = """
SELECT attname::text AS name, atttypid = 'bool'::regtype AS boolean, format_type(atttypid, NULL) AS type,
       has_column_privilege(attrelid, attnum, 'SELECT') AS readable
FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
"""
_SCHEMA: Final = "SELECT has_schema_privilege(oid, 'USAGE') FROM pg_catalog.pg_namespace WHERE nspname = $1"


async def misfits(connection: asyncpg.Connection, record: RecordMapping) -> list[str]:
    """Sentences that name what of a record's mapping does not fit, and what to do."""
    return await _missing(connection, record) or await _ambiguous(connection, record)


async def types_of(connection: asyncpg.Connection, record: RecordMapping) -> dict[str, str]:
    """The type, as SQL names it, of every column that a record's mapping names, by reference."""
    found: dict[str, str] = {}
    for alias, table in places(record).items():
        rows = await connection.fetch(_COLUMNS, quoted_table(table))
        there = {row["name"]: row["type"] for row in rows}
        for _, reference in references(record):
            where, column = record.split(reference)
            if where == alias and column in there:
                found[reference] = there[column]
    return found


async def _missing(connection: asyncpg.Connection, record: RecordMapping) -> list[str]:
    """Say which tables and columns of a record's mapping are missing, unreadable or of the wrong kind."""
    problems: list[str] = []
    for alias, (schema, table) in places(record).items():
        if not await connection.fetchval(_SCHEMA, schema):
            problems.append(
                f"{record.type}: schema {schema} is not there, or this role may not use it; correct schema in the "
                f"mapping, or let the owner run GRANT USAGE ON SCHEMA {quoted(schema)}"
            )
            continue
        there = {row["name"]: row for row in await connection.fetch(_COLUMNS, quoted_table((schema, table)))}
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
        elif key == "changed" and there[column]["type"] not in CHANGE_TYPES:
            yield (
                f"{record.type}: changed names {column} of {table}, which is neither a time nor a number; name one "
                'that is, or write refresh = "compare"'
            )


async def _ambiguous(connection: asyncpg.Connection, record: RecordMapping) -> list[str]:
    """Say so where the key of a record, with everything that is joined, names more than one row."""
    if record.latest:
        return []
    statement, arguments = keys_named_twice(record)
    found = await connection.fetchval(statement, *arguments)
    if not found:
        return []
    return [
        f"{record.type}: key {', '.join(record.keys)} names more than one row in {found} cases; write all the columns "
        'that together name a row, key = ["a", "b"], or latest = "..." to read the newest'
    ]
