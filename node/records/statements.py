"""The statements by which an agency's tables are read: constant but for the names that its own mapping gives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from node.records.shape import RecordMapping, content

# REASON of every S608 below: identifiers are quoted and come from the agency's own mapping, types from the catalogue
_NOT_DELETED: Final = "coalesce({}::text, '') IN ('', 'false', '0')"


def columns_of(record: RecordMapping) -> tuple[str, ...]:
    """The references of the columns that make a record, in the order of its statements."""
    return tuple(dict.fromkeys(column for _, column in content(record)))


def column(record: RecordMapping, reference: str) -> str:
    """A column as SQL names it, under the alias of its table."""
    alias, name = record.split(reference)
    return f"{quoted(alias)}.{quoted(name)}"


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def quoted_table(name: tuple[str, str]) -> str:
    """A schema and a table as SQL names them."""
    return f"{quoted(name[0])}.{quoted(name[1])}"


def places(record: RecordMapping) -> dict[str, tuple[str, str]]:
    """Schema and table of each alias."""
    own = {record.own: (record.schema, record.table)}
    return own | {join.alias or join.table: (join.schema or record.schema, join.table) for join in record.joins}


def joined(record: RecordMapping, *, all_left: bool = False) -> str:
    """FROM with the record's tables; `all_left` keeps rows whose partner is gone."""
    tail = f" FROM {quoted_table((record.schema, record.table))} AS {quoted(record.own)}"
    for join in record.joins:
        verb = "LEFT JOIN" if all_left or join.kind == "left" else "JOIN"
        table = quoted_table((join.schema or record.schema, join.table))
        sides = [column(record, each) for each in join.on]
        pairs = " AND ".join(f"{one} = {other}" for one, other in zip(sides[::2], sides[1::2], strict=True))
        tail += f" {verb} {table} AS {quoted(join.alias or join.table)} ON {pairs}"
    return tail


def conditions(record: RecordMapping) -> tuple[str, list[list[str]]]:
    """WHERE with what keeps a row from being a record, and its arguments; empty where nothing does."""
    # Only what is known not to be protected is read: a column left empty protects.
    found = [f"{column(record, record.protected)} IS FALSE"] if record.protected else []
    found += [_NOT_DELETED.format(column(record, record.deleted))] if record.deleted else []
    found += [f"{column(record, where.column)}::text = ANY(${at}::text[])" for at, where in enumerate(record.where, 1)]
    return (f" WHERE {' AND '.join(found)}" if found else ""), [list(where.one_of) for where in record.where]


def newest(record: RecordMapping) -> tuple[str, str]:
    """What is written after SELECT and at the end where only the newest row of a key counts."""
    if not record.latest:
        return "", ""
    key = column(record, record.keys[0])
    return f" DISTINCT ON ({key})", f" ORDER BY {key}, {column(record, record.latest)} DESC NULLS LAST"


def every_row(record: RecordMapping) -> tuple[str, list[list[str]]]:
    """Read every row that is a record."""
    first, last = newest(record)
    where, arguments = conditions(record)
    columns = ", ".join(column(record, each) for each in columns_of(record))
    return f"SELECT{first} {columns}{joined(record)}{where}{last}", arguments


def rows_of_keys(record: RecordMapping, types: Sequence[str]) -> tuple[str, list[list[str]]]:
    """Read the rows of given keys: a text[] for each key column, after the other arguments; `types` are theirs."""
    first, last = newest(record)
    where, arguments = conditions(record)
    columns = ", ".join(column(record, each) for each in columns_of(record))
    names = [f"k{at}" for at in range(len(types))]
    arrays = ", ".join(f"${len(arguments) + at + 1}::text[]" for at in range(len(types)))
    # each wanted key is cast to the column's own type, so that the agency's index on it serves
    pairs = " AND ".join(
        f"{column(record, key)} = CAST(wanted.{name} AS {kind})"
        for key, name, kind in zip(record.keys, names, types, strict=True)
    )
    once = f"SELECT DISTINCT * FROM unnest({arrays}) AS u ({', '.join(names)})"  # noqa: S608
    wanted = f" JOIN ({once}) AS wanted ON {pairs}"
    return f"SELECT{first} {columns}{joined(record)}{wanted}{where}{last}", arguments


def _keys(record: RecordMapping) -> str:
    own = [column(record, key) for key in record.keys]
    return ", ".join([*own, *(f"{key}::text" for key in own)])


def keys_changed(record: RecordMapping, change: str, kind: str, *, known: bool) -> str:
    """Read the keys of what changed: of all, or where a newest change is `known` ($1), from so far back of it ($2)."""
    changed = column(record, change)
    step = "interval" if kind.startswith(("timestamp", "date")) else kind
    since = f"{changed} >= CAST($1::text AS {kind}) - $2::text::{step}" if known else f"{changed} IS NOT NULL"
    return f"SELECT DISTINCT {_keys(record)}{joined(record, all_left=True)} WHERE {since}"


def keys_joined(record: RecordMapping, columns: Sequence[str], types: Sequence[str]) -> str:
    """Read the keys of the rows in which columns have given values, one text each."""
    where = " AND ".join(
        f"{column(record, each)} = CAST(${at}::text AS {kind})"
        for at, (each, kind) in enumerate(zip(columns, types, strict=True), 1)
    )
    return f"SELECT DISTINCT {_keys(record)}{joined(record, all_left=True)} WHERE {where}"


def newest_change(record: RecordMapping, change: str, kind: str) -> str:
    """Read the newest value of a change column, never one ahead of now; $1 is the zone of times that name none."""
    alias, name = record.split(change)
    newest_value = f"max({quoted(name)})"
    now = {
        "timestamp with time zone": "now()",
        "timestamp without time zone": "now() AT TIME ZONE $1::interval",
        "date": "(now() AT TIME ZONE $1::interval)::date",
    }.get(kind)
    value = f"least({newest_value}, {now})" if now else newest_value
    # the zone is asked after so that the statement always has its one argument
    known = f"SELECT CASE WHEN $1::interval IS NOT NULL THEN {value}::text END"
    return f"{known} FROM {quoted_table(places(record)[alias])}"


def count_rows(record: RecordMapping) -> tuple[str, list[list[str]]]:
    """Count the rows that are records."""
    where, arguments = conditions(record)
    counted = f"count(DISTINCT {column(record, record.keys[0])})" if record.latest else "count(*)"
    return f"SELECT {counted}{joined(record)}{where}", arguments


def keys_named_twice(record: RecordMapping) -> tuple[str, list[list[str]]]:
    """Count the keys that name more than one row."""
    where, arguments = conditions(record)
    keys = ", ".join(column(record, key) for key in record.keys)
    grouped = f"SELECT{joined(record)}{where} GROUP BY {keys} HAVING count(*) > 1"
    return f"SELECT count(*) FROM ({grouped}) AS twice", arguments  # noqa: S608
