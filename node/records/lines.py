"""A line of a file read as a row: which cells are a record's, and which may not be what their writer meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from node.records.cells import Cell, Line, letter
from node.records.reading import SourceRow, reference_of
from node.records.shape import RecordMapping, person_of, references
from node.records.statements import columns_of

_SERIAL: Final = re.compile(r"[1-9]\d{4}(\.\d+)?")
_SHORTENED: Final = re.compile(r"\d([.,]\d+)?[Ee]\+\d+")
_NOT: Final = frozenset({"", "false", "0", "tidak", "no"})
_NO_CELL: Final = Cell()

Tell = Callable[[SourceRow, str], None]


class LineReader:
    """Reads the lines below their headings, as a record's mapping names them; tells of what it doubts."""

    def __init__(self, record: RecordMapping, first: Line | None, tell: Tell) -> None:
        self.headings = _headings(first)
        self._record = record
        self._width = first.width if first is not None else 0
        self._tell = tell
        self._columns = [(column, self._place(column)) for column in columns_of(record)]
        self._days = [(column, self._place(column)) for column in _day_columns(record)]
        person = person_of(record)
        papers = {each.column for each in person.documents} | {each.column for each in person.identifiers}
        self._numbers = [(column, self._place(column)) for column in papers]

    def misfits(self, name: str) -> list[str]:
        """Sentences that name the columns which the file called `name` does not have, or has twice."""
        problems: list[str] = []
        for key, column in references(self._record):
            at = self.headings.get(column, ())
            place = f"{self._record.type}: {key} names {column}, which"
            if not at:
                problems.append(f"{place} {name} does not have; its headings: {', '.join(self.headings) or 'none'}")
            elif len(at) > 1:
                problems.append(f"{place} heads the columns {', '.join(letter(each) for each in at)} of {name}")
        return problems

    def row(self, line: Line) -> SourceRow | None:
        """The row that a line is; None where it is no record, and where it has not as many cells as the headings."""
        if line.width != self._width:
            self._tell(_row_of(line), f"has {line.width} cells where the headings are {self._width}")
            return None
        if not self._is_record(line):
            return None
        values = {column: line.cells.get(at, _NO_CELL).value for column, at in self._columns}
        for column, at, note, usable in self._doubts(line):
            self._tell(_row_of(line), f"column {letter(at)} ({column}): {note}")
            if not usable:
                values[column] = None
        reference = reference_of(self._record, values)
        return SourceRow(reference=reference, values=tuple(values.values()), place=f"line {line.number}")

    def _doubts(self, line: Line) -> Iterator[tuple[str, int, str, bool]]:
        """Column, its place, what is doubtful, and whether the value may be used all the same."""
        cells = line.cells
        for column, at in self._columns:
            if (cell := cells.get(at, _NO_CELL)).note:
                yield column, at, cell.note, True
        for column, at in self._days:
            if _SERIAL.fullmatch(str(cells.get(at, _NO_CELL).value)):
                yield column, at, "a number where a day is meant; format the column as days", False
        for column, at in self._numbers:
            cell = cells.get(at, _NO_CELL)
            if _SHORTENED.fullmatch(str(cell.value)):
                yield column, at, "a number that was shortened, its last digits lost; format the column as text", False
            elif cell.number and not cell.note:
                yield column, at, "kept as a number, so that zeros at its start would be lost", True

    def _is_record(self, line: Line) -> bool:
        """Whether it is known not to be protected, not deleted, and as `where` wants it."""
        record = self._record
        if record.protected and not _denied(self._value(line, record.protected), empty=False):
            return False
        if record.deleted and not _denied(self._value(line, record.deleted), empty=True):
            return False
        return all(str(self._value(line, where.column) or "") in where.one_of for where in record.where)

    def _value(self, line: Line, column: str) -> object:
        return line.cells.get(self._place(column), _NO_CELL).value

    def _place(self, column: str) -> int:
        """The first column under a heading; -1, where no cell is, for a heading that is not there."""
        return self.headings.get(column, (-1,))[0]


def _headings(line: Line | None) -> Mapping[str, tuple[int, ...]]:
    """The columns under each heading."""
    found: dict[str, tuple[int, ...]] = {}
    for at, cell in sorted(line.cells.items()) if line is not None else ():
        heading = " ".join(str(cell.value or "").split())
        if heading:
            found[heading] = (*found.get(heading, ()), at)
    return found


def _day_columns(record: RecordMapping) -> set[str]:
    person = person_of(record)
    births = {each.column for each in person.births if each.format in ("date", "text", "place_date")}
    fields = {each.column for each in record.fields.values() if each.format in ("date", "text_date", "instant")}
    return (births | fields | {each.expiry for each in person.documents}) - {""}


def _denied(value: object, *, empty: bool) -> bool:
    """Whether a cell says no, in one of the ways that clerks do; or nothing, where that is a no."""
    return empty if value is None else str(value).casefold() in _NOT


def _row_of(line: Line) -> SourceRow:
    return SourceRow(reference="", values=(), place=f"line {line.number}")
