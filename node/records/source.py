"""The agency's own records, read only, through the mapping that its IT wrote: tables of its database, and its files."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Final, Protocol

from federation.errors import ConfigError
from federation.telemetry import where
from node.records.files import File, opened
from node.records.fit import misfits
from node.records.reading import SourceRecord, SourceRow, read_row
from node.records.row import zone_of
from node.records.shape import AgencyMapping, RecordMapping
from node.records.snapshot import Looks, Snapshot, looking
from node.records.statements import columns_of, count_rows, places, quoted_table

__all__ = ["Source", "SourceRecord", "tables"]

BATCH: Final = 1000
_SHOWN: Final = 80  # signs of a reference
_NAMED: Final = 100  # of what could not be read so many are named; all are counted
_WRITABLE: Final = """
SELECT has_any_column_privilege(oid, 'INSERT, UPDATE') OR has_table_privilege(oid, 'DELETE, TRUNCATE')
FROM pg_catalog.pg_class WHERE oid = to_regclass($1)
"""


class Look(Protocol):
    """A consistent look at the rows of a record type, however long it takes."""

    @property
    def at(self) -> datetime:
        """The instant of it, by the clock of whatever holds the rows."""

    def rows(self, record: RecordMapping, batch: int) -> AsyncIterator[list[SourceRow]]:
        """Every row that is a record, in batches (RecordsUnavailable)."""


class Source:
    """An agency's records in its own database and files.

    Nothing is ever written: every transaction is read only. `faults` counts, by `type: column`, values that were not
    understood; the values themselves are kept nowhere. `unread` names, by their references or their lines, rows of
    which no record could be made, and cells that are doubtful.
    """

    def __init__(self, dsn: str, mapping: AgencyMapping) -> None:
        self._dsn = dsn
        self._mapping = mapping
        self._zone = zone_of(mapping.mapping.zone)
        self._columns = {record.type: columns_of(record) for record in mapping.record}
        self.faults: Counter[str] = Counter()
        self.unread: list[str] = []

    @property
    def records(self) -> Sequence[RecordMapping]:
        """What is mapped."""
        return self._mapping.record

    @property
    def zone(self) -> str:
        """The zone of dates and times that name none."""
        return self._mapping.mapping.zone

    def look(self, record: RecordMapping) -> AbstractAsyncContextManager[Snapshot | File]:
        """Look at the rows of a record type as they stand at one instant (RecordsUnavailable)."""
        return self._file(record) if record.file is not None else self.database()

    def database(self) -> AbstractAsyncContextManager[Snapshot]:
        """Look at the agency's database as it stands at one instant (RecordsUnavailable)."""
        return looking(self._tables_dsn(), self._zone, self._mapping.mapping.member)

    def looks(self) -> AbstractAsyncContextManager[Looks]:
        """Looks at the agency's database over connections that are kept; ConfigError where not all is in tables."""
        files = [record.type for record in self.records if record.file is not None]
        if files:
            raise ConfigError(
                f"an index that keeps keys alone reads records again from tables, and {', '.join(files)} is in files; "
                'write keeps = "values" in [index]'
            )
        return Looks.open(self._tables_dsn(), self._zone, self._mapping.mapping.member)

    def _tables_dsn(self) -> str:
        if not self._dsn:
            raise ConfigError("the mapping names tables, but [database] has no source_dsn; write one")
        return self._dsn

    async def rows(
        self, record_type: str | None = None, batch: int = BATCH
    ) -> AsyncGenerator[list[SourceRecord], None]:
        """Yield the records of one type, or of all, in batches, each type as it stood at one instant.

        A row that makes no record (no key, nothing of a person) is counted as a fault. Raises RecordsUnavailable.
        """
        for record in self._records(record_type):
            async with self.look(record) as look:
                async for rows in look.rows(record, batch):
                    found = [self.read(record, row, look.at) for row in rows]
                    yield [each for each in found if each is not None]

    def read(self, record: RecordMapping, row: SourceRow, at: datetime) -> SourceRecord | None:
        """Read one row; None, with its fault counted and its reference named, where it makes no record."""
        values = dict(zip(self._columns[record.type], row.values, strict=True))
        try:
            found, faults = read_row(record, values, at, self._zone)
        except Exception as error:  # REASON: one row that no reader of ours foresaw must not stop all the others
            found, faults = None, (f"row ({where(error)})",)
        if faults:
            self.faults.update([f"{record.type}: {column}" for column in faults])
        if found is None:
            self.name(record, row, f"makes no record ({faults[-1]})")
        return found

    def name(self, record: RecordMapping, row: SourceRow, what: str) -> None:
        """Remember, by its reference or its line, a row that something is wrong with; never what it holds."""
        if len(self.unread) < _NAMED:
            self.unread.append(f"{record.type} {row.place or row.reference[:_SHOWN] or 'without a key'}: {what}")

    def twice(self, record: RecordMapping, row: SourceRow) -> None:
        """Count and name a row whose reference another row has: which of them is meant nobody knows, and one counts."""
        self.faults.update([f"{record.type}: reference twice"])
        self.name(record, row, "has the reference of a row before it, which counts in its place")

    async def count(self, record_type: str | None = None) -> int:
        """How many rows there are to read (RecordsUnavailable)."""
        total = 0
        for record in self._records(record_type):
            async with self.look(record) as look:
                if isinstance(look, File):
                    total += look.count()
                else:
                    statement, arguments = count_rows(record)
                    total += await look.connection.fetchval(statement, *arguments)
        return total

    async def check(self) -> tuple[str, ...]:
        """Sentences that name each file, table, column and key of the mapping that is wrong, and what to do."""
        problems: list[str] = []
        for record in self._mapping.record:
            async with self.look(record) as look:
                problems += look.misfits(record) if isinstance(look, File) else await misfits(look.connection, record)
        return tuple(dict.fromkeys(problems))

    async def writable(self) -> tuple[str, ...]:
        """The mapped tables that this role may change, though it needs to read only."""
        named = tables(self._mapping)
        if not named:
            return ()
        async with self.database() as look:
            found = [
                f"{name[0]}.{name[1]}"
                for name in named
                if await look.connection.fetchval(_WRITABLE, quoted_table(name))
            ]
        return tuple(found)

    def _file(self, record: RecordMapping) -> AbstractAsyncContextManager[File]:
        def tell(row: SourceRow, what: str) -> None:
            self.faults.update([f"{record.type}: {what}"])
            self.name(record, row, what)

        return opened(record, tell)

    def _records(self, record_type: str | None) -> Sequence[RecordMapping]:
        found = [record for record in self._mapping.record if record_type in (None, record.type)]
        if not found:
            raise ConfigError(
                f"the mapping holds no records of type {record_type}; add a [[record]] or ask for another"
            )
        return found


def tables(mapping: AgencyMapping) -> tuple[tuple[str, str], ...]:
    """Every table that the mapping reads, as (schema, table): what a role must be granted SELECT on."""
    return tuple(
        dict.fromkeys(table for each in mapping.record if each.file is None for table in places(each).values())
    )
