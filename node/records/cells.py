"""A cell of a spreadsheet, and what may be doubtful about it; never with its value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

ROWS: Final = 1_048_576  # as many as the spreadsheet programs themselves allow
COLUMNS: Final = 16_384
CHARACTERS: Final = 32_767


class Cell(NamedTuple):
    """A value (text, number, truth, day, instant or None), and a note where it may not be what its writer meant."""

    value: object = None
    note: str = ""
    number: bool = False  # kept by the file as a number, so that zeros at its start are not


class Line(NamedTuple):
    """A line of a file by its number there, and its cells by their columns, counted from 0."""

    number: int
    cells: Mapping[int, Cell]
    width: int = 0  # cells written, where the file says so for each line


def letter(column: int) -> str:
    """The letters by which spreadsheet programs name a column."""
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
