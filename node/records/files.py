"""A file of the agency, a spreadsheet or CSV, read as its tables are: whole, and as it stood at one instant."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
import time
from collections.abc import AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from federation.errors import RecordsUnavailable
from node.records import csvfile
from node.records.cells import Line
from node.records.lines import LineReader, Tell
from node.records.reading import SourceRow
from node.records.shape import FileShape, RecordMapping
from node.records.xlsx import Workbook

MOST_BYTES: Final = 512 * 1024 * 1024
SETTLED_SECONDS: Final = 1.0  # a file changed less than this ago may be half written
_IN_MEMORY: Final = 16 * 1024 * 1024
_CHUNK: Final = 1024 * 1024


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
        """Sentences that name the file, the sheet, the headings and the columns that are not as the mapping says."""
        try:
            with closing(self._lines()) as lines:
                return LineReader(record, next(lines, None), self._tell).misfits(self.shape.path.name)
        except RecordsUnavailable as error:
            return [f"{record.type}: {error.message}"]

    def _rows(self, record: RecordMapping) -> Iterator[SourceRow]:
        with closing(self._lines()) as lines:
            reader = LineReader(record, next(lines, None), self._tell)
            problems = reader.misfits(self.shape.path.name)
            if problems:
                raise RecordsUnavailable("; ".join(problems))
            for line in lines:
                row = reader.row(line)
                if row is not None:
                    yield row

    def _lines(self) -> Generator[Line, None, None]:
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


@asynccontextmanager
async def opened(record: RecordMapping, tell: Tell) -> AsyncIterator[File]:
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
