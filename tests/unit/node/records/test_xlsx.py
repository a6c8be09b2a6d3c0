"""A workbook that would take too much, is damaged, or is none: refused with its name, and never read in part."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

import pytest

from federation.errors import RecordsUnavailable
from node.records.cells import Cell, letter
from node.records.numbers import is_date
from node.records.xlsx import Workbook, place_of

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PARTS: Mapping[str, str] = {
    "_rels/.rels": "<Relationships>"
    f'<Relationship Id="r" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{LINKS}">'
    '<sheets><sheet name="A" sheetId="1" r:id="s1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": "<Relationships>"
    '<Relationship Id="s1" Target="worksheets/sheet1.xml"/></Relationships>',
    "xl/worksheets/sheet1.xml": "<worksheet><sheetData>"
    '<row><c t="inlineStr"><is><t>x</t></is></c></row></sheetData></worksheet>',
}
SHEET = "xl/worksheets/sheet1.xml"


def book(changes: Mapping[str, str | bytes | None] | None = None) -> bytes:
    """A small workbook with some of its parts changed, or left out."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**PARTS, **(changes or {})}.items():
            if content is not None:
                archive.writestr(name, content)
    return file.getvalue()


def sheet(rows: str, after: str = "") -> bytes:
    """A workbook with these rows."""
    return book({SHEET: f"<worksheet><sheetData>{rows}</sheetData>{after}</worksheet>"})


def read(content: bytes) -> list[tuple[int, dict[int, Cell]]]:
    """Every line of the sheet A."""
    workbook = Workbook(io.BytesIO(content), "buku.xlsx")
    return [(line.number, dict(line.cells)) for line in workbook.lines("A")]


def test_the_small_workbook_is_read() -> None:
    assert read(book()) == [(1, {0: Cell("x")})]


def test_rows_and_cells_may_be_placed_or_follow_one_another() -> None:
    rows = '<row r="3"><c r="C3"><v>7</v></c><c><v>8</v></c></row><row><c><v>9</v></c></row>'
    assert read(sheet(rows)) == [
        (3, {2: Cell(7, number=True), 3: Cell(8, number=True)}),
        (4, {0: Cell(9, number=True)}),
    ]


def test_names_of_elements_may_have_a_prefix_and_texts_how_they_are_spoken() -> None:
    spoken = "<x:rPh><x:t>キム</x:t></x:rPh>"
    text = f"<x:is><x:r><x:t>Kim </x:t></x:r><x:r><x:t>Min</x:t></x:r>{spoken}</x:is>"
    merged = '<x:mergeCells><x:mergeCell ref="A1:A2"/></x:mergeCells>'
    data = f'<x:sheetData><x:row><x:c t="inlineStr">{text}</x:c></x:row></x:sheetData>'
    part = f'<x:worksheet xmlns:x="{MAIN}">{data}{merged}</x:worksheet>'
    assert read(book({SHEET: part})) == [(1, {0: Cell("Kim Min")})]


BOMB = b"<worksheet><sheetData>" + b"<row/>" * 200_000
LAUGHS = (
    '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    "<worksheet><sheetData><row><c><v>&b;</v></c></row></sheetData></worksheet>"
)
OUTSIDE = '<!DOCTYPE a SYSTEM "file:///etc/passwd"><worksheet/>'
BAD: dict[str, tuple[bytes, str]] = {
    "no archive": (b"NO,NAMA\r\n1,Kim\r\n", "it is no whole ZIP archive"),
    "half an archive": (book()[:-40], "it is no whole ZIP archive"),
    "an old workbook": (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600), "of the old kind"),
    "no workbook in it": (book({"_rels/.rels": "<Relationships/>"}), "it names no workbook"),
    "no part of the sheet": (book({SHEET: None}), "its part xl/worksheets/sheet1.xml is missing"),
    "a sheet cut off": (book({SHEET: BOMB}), "is not well formed"),
    "entities that grow": (book({SHEET: LAUGHS}), "is not well formed"),
    "an entity from elsewhere": (book({SHEET: OUTSIDE}), "is not well formed"),
    "another encoding": (book({SHEET: "<worksheet/>".encode("utf-16")}), "is not well formed"),
    "a workbook too large": (book({"xl/workbook.xml": PARTS["xl/workbook.xml"] + " " * 5_000_000}), "more than 4 MiB"),
    "styles too large": (book({"xl/styles.xml": "<s>" + " " * 5_000_000 + "</s>"}), "more than 4 MiB"),
    "a row beyond the last": (sheet('<row r="1048577"/>'), "is not well formed, or too large"),
    "a row that is none": (sheet('<row r="x"/>'), "is not well formed, or too large"),
    "a cell beyond the last": (sheet('<row><c r="XFE1"><v>1</v></c></row>'), "is not well formed, or too large"),
    "a cell that is none": (sheet('<row><c r="1A"><v>1</v></c></row>'), "is not well formed, or too large"),
    "a string that is not there": (sheet('<row><c t="s"><v>7</v></c></row>'), "is not well formed, or too large"),
    "a style that is none": (sheet('<row><c s="x"><v>7</v></c></row>'), "is not well formed, or too large"),
    "a merge that is none": (sheet("", '<mergeCells><mergeCell ref="A1:B"/></mergeCells>'), "is not well formed"),
}


@pytest.mark.parametrize(("content", "says"), BAD.values(), ids=BAD)
def test_a_workbook_that_cannot_be_read_is_refused_by_its_name(content: bytes, says: str) -> None:
    with pytest.raises(RecordsUnavailable, match=r"^buku\.xlsx") as caught:
        read(content)
    assert says in caught.value.message


def test_a_part_that_would_take_too_much_is_refused_before_it_is_decompressed() -> None:
    content = bytearray(book({SHEET: BOMB}))
    true, lie = len(BOMB).to_bytes(4, "little"), (2_000_000_000).to_bytes(4, "little")
    assert content.count(true) == 2
    with pytest.raises(RecordsUnavailable, match="would take more than 1024 MiB"):
        read(bytes(content.replace(true, lie)))


def test_a_part_that_holds_more_than_it_says_is_refused() -> None:
    content = bytearray(book({SHEET: BOMB + b"</sheetData></worksheet>"}))
    true = (len(BOMB) + 24).to_bytes(4, "little")
    assert content.count(true) == 2
    with pytest.raises(RecordsUnavailable, match=r"is damaged|not well formed"):
        read(bytes(content.replace(true, (5000).to_bytes(4, "little"))))


def test_a_text_longer_than_a_cell_may_be_is_noted_and_not_kept() -> None:
    ((_, cells),) = read(sheet(f'<row><c t="inlineStr"><is><t>{"x" * 40_000}</t></is></c></row>'))
    assert cells == {0: Cell(None, "is longer than 32767 characters")}


def test_columns_are_named_as_spreadsheet_programs_name_them() -> None:
    assert [letter(at) for at in (0, 25, 26, 701, 702, 16_383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]
    assert [place_of(f"{letter(at)}7") for at in (0, 26, 16_383)] == [(7, 0), (7, 26), (7, 16_383)]


@pytest.mark.parametrize("code", ["dd/mm/yyyy", "[$-421]d mmmm yyyy;@", "h:mm", "[h]:mm:ss", 'yyyy"tahun"', "mmm\\-yy"])
def test_a_format_of_days_is_known(code: str) -> None:
    assert is_date(code)


@pytest.mark.parametrize(
    "code", ["General", "0", "00000", '"Rp"#,##0', "[Red]0.00", '0 "hari"', "_(* #,##0_)", "\\d0", ""]
)
def test_a_format_of_numbers_is_no_format_of_days(code: str) -> None:
    assert not is_date(code)
