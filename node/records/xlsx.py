"""The lines of a sheet in an XLSX file (ECMA-376), read as a stream and refused where it would take too much."""

from __future__ import annotations

import re
import zipfile
from collections import deque
from collections.abc import Iterator, Mapping
from typing import BinaryIO, Final
from xml.parsers import expat

from federation.errors import RecordsUnavailable
from node.records.cells import CHARACTERS, COLUMNS, ROWS, Cell, Line
from node.records.numbers import Formats, number_cell

_SMALL_PART: Final = 4 * 1024 * 1024
_STRINGS_PART: Final = 128 * 1024 * 1024
_SHEET_PART: Final = 1024 * 1024 * 1024
_STRINGS: Final = 2_000_000
_CHUNK: Final = 65_536
_OLD: Final = bytes.fromhex("d0cf11e0a1b11ae1")  # a file of the old kind, or one under a password
_WIDE: Final = frozenset({0x00, 0xFE, 0xFF})  # by which UTF-16 and UTF-32 begin, and UTF-8 never does
_PLACE: Final = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
_MERGED: Final = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]{0,64}?ref=[\"']([A-Z0-9:]{1,24})[\"']")

Attributes = Mapping[str, str]


class Workbook:
    """An open XLSX file; `name` is what errors call it."""

    def __init__(self, content: BinaryIO, name: str) -> None:
        content.seek(0)
        if content.read(len(_OLD)) == _OLD:
            raise RecordsUnavailable(
                f"{name} is of the old kind (XLS) or under a password; save it as XLSX without one"
            )
        self._name = name
        try:
            self._zip = zipfile.ZipFile(content)
        except (zipfile.BadZipFile, OSError, ValueError) as error:
            raise self._unread("it is no whole ZIP archive") from error
        self._parts = {info.filename.replace("\\", "/").lstrip("/").casefold(): info for info in self._zip.infolist()}
        self._sheets, self._since_1904 = self._read_workbook()

    @property
    def sheets(self) -> tuple[str, ...]:
        """The names of its sheets."""
        return tuple(self._sheets)

    def lines(self, sheet: str) -> Iterator[Line]:
        """The lines of a sheet in their order; those without a cell are left out (RecordsUnavailable)."""
        part = self._sheets[sheet]
        merged = self._merged(part)
        reader = _SheetReader(self._strings(), self._formats(), self._since_1904, merged)
        for chunk in self._chunks(part, _SHEET_PART):
            self._parse(reader.parser, chunk, part)
            while reader.ready:
                yield reader.ready.popleft()
        self._parse(reader.parser, b"", part, last=True)

    def _read_workbook(self) -> tuple[dict[str, str], bool]:
        folder, _, main = self._main_part().rpartition("/")
        links = {
            found["Id"]: found["Target"]
            for element, found in self._elements(f"{folder}/_rels/{main}.rels")
            if element == "Relationship" and {"Id", "Target"} <= found.keys()
        }
        sheets: dict[str, str] = {}
        since_1904 = False
        for element, found in self._elements(f"{folder}/{main}"):
            if element == "workbookPr":
                since_1904 = found.get("date1904", "0") in ("1", "true")
            link = next((value for key, value in found.items() if key.rpartition(":")[2] == "id" and ":" in key), "")
            if element == "sheet" and link in links:
                target = links[link].replace("\\", "/")
                sheets[found.get("name", "")] = target.lstrip("/") if target[:1] == "/" else f"{folder}/{target}"
        return sheets, since_1904

    def _main_part(self) -> str:
        for element, found in self._elements("_rels/.rels"):
            if element == "Relationship" and found.get("Type", "").endswith("/officeDocument"):
                return found.get("Target", "").lstrip("/")
        raise self._unread("it names no workbook")

    def _strings(self) -> list[str]:
        part = next((name for name in self._parts if name.endswith("/sharedstrings.xml")), "")
        reader = _StringsReader()
        if part:
            for chunk in self._chunks(part, _STRINGS_PART):
                self._parse(reader.parser, chunk, part)
            self._parse(reader.parser, b"", part, last=True)
        return reader.strings

    def _formats(self) -> Formats:
        part = next((name for name in self._parts if name.endswith("/styles.xml")), "")
        return Formats.of(self._elements(part) if part else ())

    def _merged(self, part: str) -> list[tuple[int, int, int, int]]:
        """The merged areas: first and last line, first and last column."""
        found: list[tuple[int, int, int, int]] = []
        rest = b""
        for chunk in self._chunks(part, _SHEET_PART):
            text = rest + chunk
            end = 0
            for match in _MERGED.finditer(text):
                found.append(self._area(match[1].decode()))
                end = match.end()
            rest = text[max(end, len(text) - 128) :]
        return found

    def _area(self, text: str) -> tuple[int, int, int, int]:
        first, _, last = text.partition(":")
        try:
            (top, left), (bottom, right) = place_of(first), place_of(last or first)
        except ValueError as error:
            raise self._unread("a merge in it is not well formed") from error
        return top, bottom, left, right

    def _elements(self, part: str) -> Iterator[tuple[str, Attributes]]:
        """The elements of a small part, in their order, with their closing told by a slash."""
        found: list[tuple[str, Attributes]] = []
        parser = _parser()
        parser.StartElementHandler = lambda name, attributes: found.append((_local(name), attributes))
        parser.EndElementHandler = lambda name: found.append((f"/{_local(name)}", {}))
        for chunk in self._chunks(part, _SMALL_PART):
            self._parse(parser, chunk, part)
        self._parse(parser, b"", part, last=True)
        return iter(found)

    def _chunks(self, part: str, most: int) -> Iterator[bytes]:
        info = self._parts.get(part.casefold())
        if info is None:
            raise self._unread(f"its part {part} is missing")
        if info.file_size > most:
            raise self._unread(f"its part {part} would take more than {most // 1024 // 1024} MiB")
        try:
            with self._zip.open(info) as file:
                first = file.read(4)
                if not _WIDE.isdisjoint(first):
                    raise self._unread(f"its part {part} is not well formed UTF-8")
                yield first
                while chunk := file.read(_CHUNK):
                    yield chunk
        except RecordsUnavailable:
            raise
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError) as error:
            raise self._unread(f"its part {part} is damaged") from error
        except Exception as error:  # REASON: each compression raises errors of its own (zlib.error, LZMAError)
            raise self._unread(f"its part {part} cannot be decompressed") from error

    def _parse(self, parser: expat.XMLParserType, chunk: bytes, part: str, *, last: bool = False) -> None:
        try:
            parser.Parse(chunk, last)
        except (expat.ExpatError, ValueError, IndexError, KeyError) as error:
            raise self._unread(f"its part {part} is not well formed, or too large") from error

    def _unread(self, why: str) -> RecordsUnavailable:
        return RecordsUnavailable(f"{self._name} is no XLSX file that can be read: {why}; nothing of it was read")


class _StringsReader:
    """The strings that cells share; how a word is spoken (rPh) is no part of it."""

    def __init__(self) -> None:
        self.strings: list[str] = []
        self._text: list[str] = []
        self._within: list[str] = []
        self.parser = _parser()
        self.parser.StartElementHandler = lambda name, _: self._within.append(_local(name))
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _end(self, _name: str) -> None:
        if self._within.pop() != "si":
            return
        if len(self.strings) == _STRINGS:
            raise ValueError("too many strings")
        self.strings.append("".join(self._text)[: CHARACTERS + 1])
        self._text = []

    def _characters(self, data: str) -> None:
        if self._within[-1] == "t" and "rPh" not in self._within:
            self._text.append(data)


class _SheetReader:
    """Makes lines of the elements of a sheet."""

    def __init__(
        self, strings: list[str], formats: Formats, since_1904: bool, merged: list[tuple[int, int, int, int]]
    ) -> None:
        self.ready: deque[Line] = deque()
        self._strings, self._formats, self._since_1904, self._merged = strings, formats, since_1904, merged
        self._line, self._column = 0, -1
        self._cells: dict[int, Cell] = {}
        self._attributes: Attributes = {}
        self._texts: dict[str, list[str]] = {}
        self._formula = False
        self._within: list[str] = []
        self.parser = _parser()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._characters

    def _start(self, name: str, attributes: Attributes) -> None:
        element = _local(name)
        self._within.append(element)
        if element == "row":
            self._line = int(attributes.get("r", self._line + 1))
            self._column, self._cells = -1, {}
            if not 0 < self._line <= ROWS:
                raise ValueError("a row beyond the last")
        elif element == "c":
            self._attributes, self._texts, self._formula = attributes, {}, False
            self._column = place_of(attributes["r"])[1] if "r" in attributes else self._column + 1
            if self._column >= COLUMNS:
                raise ValueError("a column beyond the last")
        elif element == "f":
            self._formula = True

    def _characters(self, data: str) -> None:
        element = self._within[-1]
        if element in ("v", "t") and "c" in self._within and "rPh" not in self._within:
            self._texts.setdefault(element, []).append(data)

    def _end(self, _name: str) -> None:
        element = self._within.pop()
        if element == "c":
            cell = self._cell()
            if cell.value is not None or cell.note:
                self._cells[self._column] = cell
        elif element == "row":
            self._note_merged()
            if self._cells:
                self.ready.append(Line(self._line, self._cells))

    def _cell(self) -> Cell:
        kind = self._attributes.get("t", "n")
        text = "".join(self._texts.get("t" if kind == "inlineStr" else "v", ()))
        if not text:
            return Cell(None, "a formula that was never computed") if self._formula else Cell()
        cell = self._typed(kind, text)
        if self._formula and not cell.note:
            return cell._replace(note="a formula, read as it was last computed")
        return cell

    def _typed(self, kind: str, text: str) -> Cell:
        if kind == "n":
            return number_cell(text, self._formats.of_style(int(self._attributes.get("s", 0))), self._since_1904)
        if kind == "b":
            return Cell(text == "1")
        if kind == "e":
            return Cell(None, "an error of the spreadsheet")
        text = self._strings[int(text)] if kind == "s" else text
        if len(text) > CHARACTERS:
            return Cell(None, f"is longer than {CHARACTERS} characters")
        return Cell(text.strip() or None)

    def _note_merged(self) -> None:
        for top, bottom, left, right in self._merged:
            if top <= self._line <= bottom and top != bottom:
                for column in range(left, right + 1):
                    if (self._line, column) != (top, left):
                        self._cells[column] = Cell(None, f"merged with line {top}; take the merge apart")


def place_of(text: str) -> tuple[int, int]:
    """Line and column of a cell's name such as B12. Raises ValueError."""
    found = _PLACE.fullmatch(text)
    if found is None:
        raise ValueError("no cell has this name")
    column = 0
    for sign in found[1]:
        column = column * 26 + ord(sign) - ord("A") + 1
    return int(found[2]), column - 1


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _parser() -> expat.XMLParserType:
    """A parser to which whatever declares a document type, and so entities, is not well formed."""
    parser = expat.ParserCreate("utf-8")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    return parser


def _refuse_doctype(*_: object) -> None:
    raise ValueError("a spreadsheet has no document type")
