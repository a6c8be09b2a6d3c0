"""The lines of a CSV file (RFC 4180, with a delimiter of its own), refused by its line where it is none."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import BinaryIO, Final

from federation.errors import RecordsUnavailable
from node.records.cells import CHARACTERS, COLUMNS, Cell, Line
from node.records.shape import FileShape

_LONGEST_LINE: Final = 1_048_576
_CODECS: Final = {"utf-8": "utf-8-sig", "utf-16": "utf-16", "cp1252": "cp1252"}  # a byte order mark is never a value


def lines(content: BinaryIO, shape: FileShape) -> Iterator[Line]:
    """Read line after line, the headings with them (RecordsUnavailable, naming the line)."""
    content.seek(0)
    text = io.TextIOWrapper(content, encoding=_CODECS[shape.encoding], newline="")
    reader = csv.reader(_bounded(text, shape), delimiter=shape.delimiter, strict=True)
    try:
        while (values := _next(reader, shape)) is not None:
            if any(values):
                yield Line(reader.line_num, {at: _cell(value) for at, value in enumerate(values)}, len(values))
    finally:
        if not content.closed:  # whoever stops in the middle may have closed it
            text.detach()


def _next(reader: Iterator[list[str]], shape: FileShape) -> list[str] | None:
    number = getattr(reader, "line_num", 0) + 1
    try:
        values = next(reader, None)
    except csv.Error as error:
        raise RecordsUnavailable(
            f"{shape.path.name}, line {number}: quotation marks do not close, or a cell is longer than "
            f"{csv.field_size_limit()} characters; nothing of the file was read"
        ) from error
    except UnicodeDecodeError:
        raise RecordsUnavailable(
            f"{shape.path.name}, near line {number}: the text is not {shape.encoding}; save the file as CSV UTF-8, or "
            "write encoding in [record.file]; nothing of the file was read"
        ) from None
    if values is not None and len(values) > COLUMNS:
        raise RecordsUnavailable(f"{shape.path.name}, line {number}: more than {COLUMNS} cells")
    return values


def _bounded(text: io.TextIOWrapper, shape: FileShape) -> Iterator[str]:
    number = 0
    while line := text.readline(_LONGEST_LINE):
        number += 1
        if len(line) == _LONGEST_LINE and not line.endswith("\n"):
            raise RecordsUnavailable(f"{shape.path.name}, line {number}: longer than {_LONGEST_LINE} characters")
        yield line


def _cell(value: str) -> Cell:
    text = value.strip()
    if "\x00" in text:
        return Cell(None, "holds a NUL, which is no character")
    if len(text) > CHARACTERS:
        return Cell(None, f"is longer than {CHARACTERS} characters")
    return Cell(text or None)
