"""What an agency's own triggers tell of changes: a table and the values that name a row, and nothing else of it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import asyncpg
import msgspec

from federation.telemetry import telemetry
from node.records.shape import AgencyMapping, RecordMapping
from node.records.statements import places, quoted, quoted_table

_MOST: Final = 10_000  # beyond so many all is compared, which is then cheaper
_SETTINGS: Final = {"application_name": "simpul-node listener", "default_transaction_read_only": "on"}
_LONGEST: Final = 7000  # of a notification's 8000 bytes: more would fail the agency's own transaction


class Notice(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A row of a table changed, known by `row`; where that is empty, any row may have."""

    table: str
    row: dict[str, str | None] = msgspec.field(default_factory=dict)


@dataclass(slots=True)
class Notices:
    """The notices that came since they were last taken; `lost` where some may have been missed.

    While nothing can be heard at all (`deaf`) nothing is known to be in step, and comparisons come when they are due.
    """

    lost: bool = True
    deaf: bool = False
    came: asyncio.Event = field(default_factory=asyncio.Event)
    _kept: dict[str, Notice] = field(default_factory=dict)

    def hear(self, payload: str) -> None:
        """Keep a notice once; one that cannot be read may be anybody's and tells nothing."""
        try:
            notice = msgspec.json.decode(payload, type=Notice)
        except msgspec.MsgspecError:
            return
        if len(self._kept) < _MOST:
            self._kept[payload] = notice
        else:
            self.lost = True
        self.came.set()

    def take(self) -> Heard:
        """Take what came, leaving none."""
        heard = Heard(tuple(self._kept.values()), self.lost, self.deaf)
        self._kept, self.lost = {}, False
        self.came.clear()
        return heard


@dataclass(frozen=True, slots=True)
class Heard:
    """Notices taken together."""

    notices: tuple[Notice, ...]
    lost: bool
    deaf: bool

    def of(self, record: RecordMapping) -> Iterator[tuple[str, Notice]]:
        """Those of the record's tables, each with the alias of its table."""
        for alias, (schema, table) in places(record).items():
            yield from ((alias, notice) for notice in self.notices if notice.table == f"{schema}.{table}")


class Listener:
    """A session at the agency's database that hears the triggers, opened anew whenever it is lost."""

    def __init__(self, dsn: str, member: str) -> None:
        self.notices = Notices()
        self._dsn = dsn
        self._channel = channel(member)
        self._connection: asyncpg.Connection | None = None

    async def catch_up(self) -> None:
        """See to it that whatever was committed until now has been heard, or is known to be lost."""
        try:
            if self._connection is None or self._connection.is_closed():
                self.notices.lost = True
                self._connection = await asyncpg.connect(self._dsn, server_settings=_SETTINGS)
                await self._connection.add_listener(self._channel, self._heard)
            await self._connection.execute("SELECT 1")
            self.notices.deaf = False
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            telemetry().warning("notices_lost", error=type(error).__name__)
            self.notices.deaf = True
            await self.close()

    async def close(self) -> None:
        """Hear no more."""
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            connection.terminate()

    def _heard(self, *told: Any) -> None:
        self.notices.hear(told[-1])


def channel(member: str) -> str:
    """The channel on which a member's triggers tell."""
    return f"simpul_{member}"


def partners(record: RecordMapping, alias: str) -> dict[str, str]:
    """For the columns by which a joined table is joined, the references of the columns on the other side."""
    found: dict[str, str] = {}
    for join in record.joins:
        for one, other in zip(join.on[::2], join.on[1::2], strict=True):
            for near, far in ((one, other), (other, one)):
                if record.split(near)[0] == alias != record.split(far)[0] and (join.alias or join.table) == alias:
                    found[record.split(near)[1]] = far
    return found


def named_by(record: RecordMapping, alias: str) -> tuple[str, ...]:
    """The columns that name a changed row of one of the record's tables: its key, or what it is joined by."""
    if alias == record.own:
        return tuple(record.split(key)[1] for key in record.keys)
    return tuple(partners(record, alias))


def trigger_statements(mapping: AgencyMapping) -> str:
    """The SQL that an agency may run, as owner of its tables, so that they tell of their changes; or nothing."""
    columns: dict[tuple[str, str], dict[str, None]] = {}
    for record in mapping.record:
        if record.way == "notify":
            for alias, table in places(record).items():
                columns.setdefault(table, {}).update(dict.fromkeys(named_by(record, alias)))
    told = channel(mapping.mapping.member)
    return "\n".join(_trigger(table, tuple(named), told) for table, named in columns.items())


def _trigger(table: tuple[str, str], columns: tuple[str, ...], told: str) -> str:
    digest = hashlib.sha256(f"{table[0]}.{table[1]}".encode()).hexdigest()  # no two tables share a long name's start
    function = quoted_table((table[0], f"simpul_tell_{digest[:16]}"))
    mark = f"$simpul_{digest[:16]}$"  # which no name of the agency's ends by chance
    title = " ".join(f"{table[0]}.{table[1]}: tells which row changed, by {', '.join(columns)}".splitlines())
    name = _literal(f"{table[0]}.{table[1]}")

    def row(which: str) -> str:
        pairs = ", ".join(f"{_literal(column)}, {which}.{quoted(column)}::text" for column in columns)
        return f"""
    told := pg_catalog.json_build_object('table', {name}, 'row', pg_catalog.json_build_object({pairs}))::text;
    IF pg_catalog.octet_length(told) > {_LONGEST} THEN
      told := pg_catalog.json_build_object('table', {name})::text;
    END IF;
    PERFORM pg_catalog.pg_notify({_literal(told)}, told);"""

    return f"""\
-- {title}, and nothing else of it
CREATE OR REPLACE FUNCTION {function}() RETURNS trigger LANGUAGE plpgsql AS {mark}
DECLARE
  told text;
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    PERFORM pg_catalog.pg_notify({_literal(told)}, pg_catalog.json_build_object('table', {name})::text);
    RETURN NULL;
  END IF;
  IF TG_OP <> 'INSERT' THEN{row("OLD")}
  END IF;
  IF TG_OP <> 'DELETE' THEN{row("NEW")}
  END IF;
  RETURN NULL;
END
{mark};
DROP TRIGGER IF EXISTS simpul_row ON {quoted_table(table)};
DROP TRIGGER IF EXISTS simpul_all ON {quoted_table(table)};
CREATE TRIGGER simpul_row AFTER INSERT OR UPDATE OR DELETE ON {quoted_table(table)}
  FOR EACH ROW EXECUTE FUNCTION {function}();
CREATE TRIGGER simpul_all AFTER TRUNCATE ON {quoted_table(table)}
  FOR EACH STATEMENT EXECUTE FUNCTION {function}();
"""


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def known_by(row: Mapping[str, str | None], columns: tuple[str, ...]) -> tuple[str, ...] | None:
    """The values of columns in a notice: none where one is empty, as of no record; None where one is not told."""
    if not columns or not row.keys() >= set(columns):
        return None
    values = tuple(value for column in columns if (value := row[column]) is not None)
    return values if len(values) == len(columns) else ()
