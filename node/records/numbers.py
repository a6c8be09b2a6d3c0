"""A number in a spreadsheet, which by its format alone is a day, an instant or digits with zeros before them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from node.records.cells import Cell

_GENERAL: Final = ""
_DATES: Final = frozenset({*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)})  # ECMA-376 18.8.30
_NO_LETTERS: Final = re.compile(r'"[^"]*"|\\.|_.|\*.|\[(?![hms]+\])[^\]]*\]')
_MOST: Final = 10**15  # a spreadsheet keeps fifteen digits of a number and no more
_FIRST: Final = datetime(1899, 12, 30)
_FIRST_1904: Final = datetime(1904, 1, 1)
_NO_DAY: Final = 60  # 29 February 1900, which there was not


@dataclass(frozen=True, slots=True)
class Formats:
    """The number formats of a workbook's styles."""

    styles: tuple[str, ...]

    @classmethod
    def of(cls, elements: Iterable[tuple[str, Mapping[str, str]]]) -> Formats:
        """From the elements of its styles, each told as it opens and, with a slash, as it closes."""
        codes: dict[int, str] = {}
        styles: list[str] = []
        within = False
        for element, found in elements:
            if element == "numFmt":
                codes[int(found["numFmtId"])] = found["formatCode"]
            elif element in ("cellXfs", "/cellXfs"):
                within = element == "cellXfs"
            elif element == "xf" and within:
                number = int(found.get("numFmtId", 0))
                styles.append(codes.get(number, "yyyy-mm-dd" if number in _DATES else _GENERAL))
        return cls(tuple(styles))

    def of_style(self, style: int) -> str:
        """The format of a style; the general one where the style is not there."""
        return self.styles[style] if 0 <= style < len(self.styles) else _GENERAL


def number_cell(text: str, code: str, since_1904: bool) -> Cell:
    """A cell whose file keeps a number, as its format means it."""
    try:
        number = float(text)
    except ValueError:
        return Cell(None, "a number that is none")
    if is_date(code):
        return _day(number, since_1904)
    if abs(number) >= _MOST:
        return Cell(None, "a number of more than 15 digits, of which the last are lost; format the column as text")
    if not number.is_integer():
        return Cell(number, number=True)
    zeros = len(code) if code and set(code) == {"0"} else 0
    if zeros > 1 and number >= 0:
        return Cell(str(int(number)).zfill(zeros))
    return Cell(int(number), number=True)


def is_date(code: str) -> bool:
    """Whether a format shows a day or a time."""
    plain = _NO_LETTERS.sub("", code.split(";")[0]).casefold()
    return "general" not in plain and any(sign in plain for sign in "dmyhs")


def _day(number: float, since_1904: bool) -> Cell:
    """The day or instant of a serial number."""
    if not since_1904 and int(number) == _NO_DAY:
        return Cell(None, "a day that there was not")
    first = _FIRST_1904 if since_1904 else _FIRST
    if not since_1904 and 0 < number < _NO_DAY:
        first += timedelta(days=1)
    try:
        found = first + timedelta(seconds=round(number * 86_400))
    except (OverflowError, ValueError):
        return Cell(None, "a day beyond any calendar")
    if number < 0:
        return Cell(None, "a day before any calendar")
    if not number.is_integer():
        return Cell(found.time().isoformat() if number < 1 else found)
    return Cell(date(found.year, found.month, found.day))
