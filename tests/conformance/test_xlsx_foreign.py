"""Workbooks that programs of others write are read by us as a program of others reads them."""

from __future__ import annotations

import io
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from node.records.cells import Line
from node.records.xlsx import Workbook

texts = st.text(
    st.characters(
        codec="utf-8", exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"], exclude_characters="\ufffe\uffff_="
    ),
    min_size=1,
    max_size=40,
)
values = st.one_of(
    texts,
    st.integers(-(10**14), 10**14),
    st.booleans(),
    st.floats(-1e9, 1e9, allow_nan=False).map(lambda number: round(number, 3)),
    st.dates(date(1905, 1, 1), date(2200, 1, 1)),
    st.datetimes(datetime(1905, 1, 1), datetime(2200, 1, 1)).map(lambda at: at.replace(microsecond=0)),
    st.none(),
)
tables = st.lists(st.lists(values, min_size=1, max_size=6), min_size=1, max_size=8)


def ours(content: bytes) -> dict[tuple[int, int], Any]:
    """What we read: every cell with a value."""
    workbook = Workbook(io.BytesIO(content), "buku.xlsx")
    lines: list[Line] = list(workbook.lines(workbook.sheets[0]))
    assert not [cell.note for line in lines for cell in line.cells.values() if cell.note]
    return {(line.number, column): cell.value for line in lines for column, cell in line.cells.items()}


def theirs(content: bytes) -> dict[tuple[int, int], Any]:
    """What openpyxl reads, its days without their midnights and its whole numbers without a fraction."""
    page = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True).worksheets[0]
    return {
        (cell.row, cell.column - 1): plain(cell.value)
        for row in page.iter_rows()
        for cell in row
        if cell.value is not None
    }


def plain(value: Any) -> Any:
    """A value as we keep it."""
    if isinstance(value, datetime):
        whole = (value.replace(microsecond=0)) if not value.microsecond else value
        return whole.date() if whole.time() == datetime.min.time() else whole
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def by_openpyxl(rows: list[list[Any]]) -> bytes:
    """Written by openpyxl: shared strings."""
    book, file = openpyxl.Workbook(), io.BytesIO()
    for row in rows:
        book.worksheets[0].append(row)
    book.save(file)
    return file.getvalue()


def by_xlsxwriter(rows: list[list[Any]], **options: Any) -> bytes:
    """Written by XlsxWriter, with options of its own."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(
        file, {"in_memory": True, "default_date_format": "dd/mm/yyyy hh:mm:ss", **options}
    ) as book:
        page = book.add_worksheet()
        for at, row in enumerate(rows):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    page.write_string(at, column, value)
                elif value is not None:
                    page.write(at, column, value)
    return file.getvalue()


@settings(max_examples=60, deadline=None)
@given(tables)
def test_what_openpyxl_writes_is_read_as_openpyxl_reads_it(rows: list[list[Any]]) -> None:
    content = by_openpyxl(rows)
    assert ours(content) == theirs(content)


@pytest.mark.parametrize("options", [{}, {"constant_memory": True}, {"date_1904": True}, {"use_zip64": True}], ids=str)
def test_what_xlsxwriter_writes_is_read_as_openpyxl_reads_it(options: dict[str, bool]) -> None:
    @settings(max_examples=30, deadline=None)
    @given(tables)
    def holds(rows: list[list[Any]]) -> None:
        content = by_xlsxwriter(rows, **options)
        assert ours(content) == theirs(content)

    holds()
