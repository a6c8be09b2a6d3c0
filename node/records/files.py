"""A file of the agency, a spreadsheet or CSV, read as its tables are: whole, and as it stood at one instant."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import BinaryIO, Final

from federation.errors import RecordsUnavailable
from node.records import csvfile
from node.records.cells import Cell, Line, letter
from node.records.reading import SourceRow, reference_of
from node.records.shape import FileShape, RecordMapping, person_of, references
from node.records.statements import columns_of
from node.records.xlsx import Workbook

MOST_BYTES: Final = 512 * 1024 * 1024
SETTLED_SECONDS: Final = 1.0  # a file changed less than this ago may be half written
_IN_MEMORY: Final = 16 * 1024 * 1024
_CHUNK: Final = 1024 * 1024
_SERIAL: Final = re.compile(r"[1-9]\d{4}(\.\d+)?")
_SHORTENED: Final = re.compile(r"\d([.,]\d+)?[Ee]\+\d+")
_NOT: Final = frozenset({"", "false", "0", "tidak", "no"})

Tell = Callable[[SourceRow, str], None]


@dataclass(slots=True)
class File:
    """A private copy of the file, as it stood at an instant; `stamp` is by what a change of it is noticed."""

    at: datetime
    shape: FileShape
    stamp: dict[str, str]
    _content: BinaryIO
    _tell: Tell

    async def marks(self, _record: RecordMapping) -> dict[str, str]:
        """By what a change of the file is noticed."""
        return self.stamp

    async def rows(self, record: RecordMapping, batch: int) -> AsyncIterator[list[SourceRow]]:
        """Every line that is a record, in batches (RecordsUnavailable)."""
        found: list[SourceRow] = []
        for row in self._rows(record):
            found.append(row)
            if len(found) == batch:
                yield found
                found = []
                await asyncio.sleep(0)
        if found:
            yield found

    def count(self) -> int:
        """How many lines there are below the headings (RecordsUnavailable)."""
        return max(0, sum(1 for _ in self._lines()) - 1)

    def misfits(self, record: RecordMapping) -> list[str]:
        """Sentences that name the sheet, the headings and the columns that are not as the mapping says."""
        name = self.shape.path.name
        try:
            headings = self._headings(next(self._lines(), None))
        except RecordsUnavailable as error:
            return [f"{record.type}: {error.message}"]
        problems: list[str] = []
        for key, column in references(record):
            at = headings.get(column, ())
            if not at:
                there = ", ".join(headings) or "none"
                problems.append(
                    f"{record.type}: {key} names {column}, which {name} does not have; its headings: {there}"
                )
            elif len(at) > 1:
                both = ", ".join(letter(each) for each in at)
                problems.append(f"{record.type}: {key} names {column}, which heads the columns {both} of {name}")
        return problems

    def _rows(self, record: RecordMapping) -> Iterator[SourceRow]:
        lines = self._lines()
        first = next(lines, None)
        headings = self._headings(first)
        wrong = self.misfits(record)
        if wrong:
            raise RecordsUnavailable("; ".join(wrong))
        doubts = _Doubts(record, headings)
        for line in lines:
            if first is not None and line.width and line.width != first.width:
                self._tell(_row_of(line), f"has {line.width} cells where the headings are {first.width}")
                continue
            values = {column: line.cells.get(at[0], Cell()).value for column, at in headings.items()}
            if _is_record(record, values):
                yield self._row(record, line, doubts, values)

    def _row(self, record: RecordMapping, line: Line, doubts: _Doubts, values: dict[str, object]) -> SourceRow:
        for column, at, note, usable in doubts.of(line):
            self._tell(_row_of(line), f"column {letter(at)} ({column}): {note}")
            if not usable:
                values[column] = None
        reference = reference_of(record, values)
        mapped = tuple(values[column] for column in columns_of(record))
        return SourceRow(reference=reference, values=mapped, place=f"line {line.number}")

    def _headings(self, line: Line | None) -> dict[str, tuple[int, ...]]:
        """The columns under each heading."""
        found: dict[str, tuple[int, ...]] = {}
        for at, cell in sorted(line.cells.items()) if line is not None else ():
            heading = " ".join(str(cell.value or "").split())
            if heading:
                found[heading] = (*found.get(heading, ()), at)
        return found

    def _lines(self) -> Iterator[Line]:
        """The line of headings, and those below it."""
        if self.shape.path.suffix.casefold() == ".csv":
            for count, line in enumerate(csvfile.lines(self._content, self.shape), 1):
                if count >= self.shape.header:
                    yield line
            return
        workbook = Workbook(self._content, self.shape.path.name)
        sheet = self.shape.sheet or (workbook.sheets[0] if len(workbook.sheets) == 1 else "")
        if sheet not in workbook.sheets:
            raise RecordsUnavailable(
                f"{self.shape.path.name} has no sheet of that name; write sheet as one of: {', '.join(workbook.sheets)}"
            )
        for line in workbook.lines(sheet):
            if line.number >= self.shape.header:
                yield line


class _Doubts:
    """Which cells of a line may not be what their writer meant, by what the mapping reads in their columns."""

    def __init__(self, record: RecordMapping, headings: Mapping[str, tuple[int, ...]]) -> None:
        read = dict.fromkeys(columns_of(record))
        self._columns = [(column, headings[column][0]) for column in read]
        self._days = _day_columns(record)
        person = person_of(record)
        self._numbers = {each.column for each in person.documents} | {each.column for each in person.identifiers}

    def of(self, line: Line) -> Iterator[tuple[str, int, str, bool]]:
        """Column, its place, what is doubtful, and whether the value may be used all the same."""
        for column, at in self._columns:
            cell = line.cells.get(at)
            if cell is None:
                continue
            if cell.note:
                yield column, at, cell.note, True
            elif column in self._days and _SERIAL.fullmatch(str(cell.value)):
                yield column, at, "a number where a day is meant; format the column as days", False
            elif column in self._numbers and _SHORTENED.fullmatch(str(cell.value)):
                yield column, at, "a number that was shortened, its last digits lost; format the column as text", False
            elif column in self._numbers and cell.number:
                yield column, at, "kept as a number, so that zeros at its start would be lost", True


def _day_columns(record: RecordMapping) -> set[str]:
    person = person_of(record)
    births = {each.column for each in person.births if each.format in ("date", "text", "place_date")}
    fields = {each.column for each in record.fields.values() if each.format in ("date", "text_date", "instant")}
    return births | fields | {each.expiry for each in person.documents if each.expiry}


def _is_record(record: RecordMapping, values: Mapping[str, object]) -> bool:
    """Whether a line is one: known not to be protected, not deleted, and as `where` wants it."""
    if record.protected and (values[record.protected] is None or not _denied(values[record.protected])):
        return False
    if record.deleted and not _denied(values[record.deleted]):
        return False
    return all(str(values[where.column] or "") in where.one_of for where in record.where)


def _denied(value: object) -> bool:
    return str("" if value is None else value).casefold() in _NOT


def _row_of(line: Line) -> SourceRow:
    return SourceRow(reference="", values=(), place=f"line {line.number}")


@asynccontextmanager
async def opened(record: RecordMapping, _zone: tzinfo, tell: Tell) -> AsyncIterator[File]:
    """Take a private copy of a file that nobody is writing (RecordsUnavailable)."""
    shape = record.file
    if shape is None:
        raise RecordsUnavailable(f"{record.type} is in no file")
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY) as copy:
        stamp = await _copied(shape.path, copy)
        yield File(datetime.now(UTC), shape, stamp, copy, tell)  # type: ignore[arg-type]  # REASON: it is a BinaryIO


def look_of(path: Path) -> str:
    """What the file system says of a file, by which most changes of it show; empty where it is not there."""
    try:
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size}-{found.st_mtime_ns}-{found.st_ino}"


async def _copied(path: Path, copy: tempfile.SpooledTemporaryFile[bytes]) -> dict[str, str]:
    try:
        before = await asyncio.to_thread(path.stat)
        if before.st_size > MOST_BYTES:
            raise RecordsUnavailable(f"{path.name} is larger than {MOST_BYTES // 1024 // 1024} MiB")
        digest = await asyncio.to_thread(_digest, path, copy)
        age = time.time() - before.st_mtime
        if 0 <= age < SETTLED_SECONDS:
            await asyncio.sleep(SETTLED_SECONDS - age)
        again = await asyncio.to_thread(_digest, path, None)
    except OSError as error:
        raise RecordsUnavailable(f"{path} cannot be read: {os.strerror(error.errno or 0)}") from error
    if digest != again:
        raise RecordsUnavailable(f"{path.name} is being written; it is read when it rests")
    racy = time.time() - before.st_mtime < 2 * SETTLED_SECONDS
    return {"sha256": digest, "look": "" if racy else look_of(path)}


def _digest(path: Path, copy: tempfile.SpooledTemporaryFile[bytes] | None) -> str:
    digest = hashlib.sha256()
    read = 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            read += len(chunk)
            if read > MOST_BYTES:
                raise RecordsUnavailable(f"{path.name} is larger than {MOST_BYTES // 1024 // 1024} MiB")
            digest.update(chunk)
            if copy is not None:
                copy.write(chunk)
    return digest.hexdigest()
