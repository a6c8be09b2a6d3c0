"""A spreadsheet or a CSV file as an agency's source: read as it was meant, or told with its line and column."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from federation.errors import RecordsUnavailable
from node.records.mapping import load_mapping
from node.records.source import Source, SourceRecord
from tests.federation import NODE_TEMPLATE
from tests.integration.stepped import Step
from tests.postgres import Server

HEADINGS = ("NO LAPOR", "NAMA TAMU", "LAHIR", "NO PASPOR", "MASUK", "JENIS")
MAPPING = """[mapping]
member = "pemkab_serang"
version = "1"
[[record]]
type = "lodging_entry"
key = "NO LAPOR"
[record.file]
path = "{path}"
{lines}
[record.person]
names = [{{ column = "NAMA TAMU" }}]
births = [{{ column = "LAHIR", format = "text" }}]
documents = [{{ column = "NO PASPOR" }}]
[record.fields]
in = {{ column = "MASUK", format = "text_date" }}
kind = {{ column = "JENIS", values = {{ kos = "boarding_house", hotel = "hotel" }} }}
"""
ROWS: tuple[tuple[Any, ...], ...] = (
    ("LT-1", "Kim Minjun", "17 Mei 1984", "M1234567", "5 Mei 2025", "kos"),
    ("LT-2", "Okonjo Chukwuemeka", "Juli 1985", "A09917354", "6 Mei 2025", "hotel"),
)


@dataclass(slots=True)
class Folder:
    """A folder with a mapping and the file that it names."""

    path: Path

    def map(self, name: str, *lines: str) -> Source:
        """Write the mapping, and read by it."""
        (self.path / "mapping.toml").write_text(MAPPING.format(path=name, lines="\n".join(lines)))
        return Source("", load_mapping(self.path / "mapping.toml"))

    def csv(self, content: bytes, *lines: str) -> Source:
        """Write a CSV file that nobody is writing any more."""
        return self._rested("tamu.csv", content, *lines)

    def bytes(self, content: bytes) -> Source:
        """Write what claims to be a workbook."""
        return self._rested("tamu.xlsx", content)

    def sheet(
        self, *rows: tuple[Any, ...], headings: tuple[str, ...] = HEADINGS, lines: tuple[str, ...] = ()
    ) -> Source:
        """Write a workbook of one sheet; a callable among the values writes its cell itself."""
        with xlsxwriter.Workbook(self.path / "tamu.xlsx") as book:
            page = book.add_worksheet("Tamu")
            for at, row in enumerate((headings, *rows)):
                for column, value in enumerate(row):
                    if callable(value):
                        value(book, page, at, column)
                    elif value is not None:
                        page.write(at, column, value)
        return self._rested("tamu.xlsx", None, *lines)

    def _rested(self, name: str, content: bytes | None, *lines: str) -> Source:
        path = self.path / name
        if content is not None:
            path.write_bytes(content)
        os.utime(path, (1_790_000_000, 1_790_000_000))
        return self.map(name, *lines)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """An empty folder."""
    return Folder(tmp_path)


async def read(source: Source) -> dict[str, SourceRecord]:
    """Every record by its reference."""
    return {record.key: record async for batch in source.rows() for record in batch}


def csv_of(*rows: tuple[Any, ...], delimiter: str = ",", headings: tuple[str, ...] = HEADINGS) -> str:
    """Rows as CSV, their headings first."""
    return "".join(delimiter.join(row) + "\r\n" for row in (headings, *rows))


@pytest.mark.parametrize("kind", ["csv", "csv with a mark", "semicolons", "utf-16", "cp1252", "xlsx"])
async def test_a_file_is_read_as_a_table_is(folder: Folder, kind: str) -> None:
    match kind:
        case "csv":
            source = folder.csv(csv_of(*ROWS).encode())
        case "csv with a mark":
            source = folder.csv(csv_of(*ROWS).encode("utf-8-sig"))
        case "semicolons":
            source = folder.csv(csv_of(*ROWS, delimiter=";").encode(), 'delimiter = ";"')
        case "utf-16":
            source = folder.csv(
                csv_of(*ROWS, delimiter="\t").encode("utf-16"), 'encoding = "utf-16"', 'delimiter = "\\t"'
            )
        case "cp1252":
            source = folder.csv(csv_of(*ROWS).encode("cp1252"), 'encoding = "cp1252"')
        case _:
            source = folder.sheet(*ROWS)
    assert await source.check() == ()
    assert await source.count() == 2
    assert await source.writable() == ()
    records = await read(source)
    assert set(records) == {"LT-1", "LT-2"}
    assert records["LT-1"].fields == {"in": ("2025-05-05",), "kind": ("boarding_house",)}
    assert (records["LT-1"].person.births[0].year, records["LT-2"].person.births[0].month) == (1984, 7)
    assert records["LT-2"].person.documents[0].number == "A09917354"
    assert (source.faults, source.unread) == ({}, [])


def formatted(value: Any, code: str) -> Any:
    """A cell under a number format."""

    def write(book: Any, page: Any, row: int, column: int) -> None:
        page.write(row, column, value, book.add_format({"num_format": code}))

    return write


def formula(text: str, shown: Any) -> Any:
    """A formula with the value that was last computed."""
    return lambda book, page, row, column: page.write_formula(row, column, text, None, shown)


async def test_days_are_days_whatever_format_shows_them_and_zeros_that_a_format_shows_are_there(folder: Folder) -> None:
    day = date(1984, 5, 17)
    source = folder.sheet(
        (
            "A",
            "Kim A",
            formatted(day, "dd/mm/yyyy"),
            formatted(91735, "00000000"),
            formatted(day, "[$-421]d mmmm yyyy"),
            "kos",
        ),
        (
            "B",
            "Kim B",
            formatted(day, "yyyy-mm-dd;@"),
            "00917354",
            formatted(datetime(2025, 5, 5, 14, 30), "d/m/yy h:mm"),
            "kos",
        ),
        (12, "Kim C", 1984, 12345678, None, None),
    )
    records = await read(source)
    assert [(birth.year, birth.month, birth.day) for birth in records["A"].person.births] == [(1984, 5, 17)]
    assert records["A"].person.documents[0].number == "00091735"
    assert records["B"].person.births == records["A"].person.births
    assert records["B"].fields["in"] == ("2025-05-05",)
    assert records["12"].person.births[0].year == 1984
    assert source.unread == [
        "lodging_entry line 4: column D (NO PASPOR): kept as a number, so that zeros at its start would be lost"
    ]


DOUBTS: list[tuple[str, int, Any, str, str]] = [
    ("a day as its serial number", 2, 30819, "column C (LAHIR): a number where a day is meant", ""),
    ("a number of sixteen digits", 3, 3171234567890123, "column D (NO PASPOR): a number of more than 15 digits", ""),
    ("a formula never computed", 3, formula("=A2", ""), "column D (NO PASPOR): a formula that was never computed", ""),
    (
        "a formula computed",
        3,
        formula("=A2", "M9900099"),
        "column D (NO PASPOR): a formula, read as it was last",
        "M9900099",
    ),
    ("an error", 3, formula("=A2/0", "#DIV/0!"), "column D (NO PASPOR): an error of the spreadsheet", ""),
    ("a day that was not", 2, formatted(60, "yyyy-mm-dd"), "column C (LAHIR): a day that there was not", ""),
    ("a day too late", 2, formatted(1e12, "yyyy-mm-dd"), "column C (LAHIR): a day beyond any calendar", ""),
    ("a day too early", 2, formatted(-5, "yyyy-mm-dd"), "column C (LAHIR): a day before any calendar", ""),
]


@pytest.mark.parametrize(
    ("column", "value", "says", "number"), [each[1:] for each in DOUBTS], ids=[d[0] for d in DOUBTS]
)
async def test_a_doubtful_cell_is_told_by_line_and_column_and_never_by_its_value(
    folder: Folder, column: int, value: Any, says: str, number: str
) -> None:
    row = list(ROWS[0])
    row[column] = value
    source = folder.sheet(ROWS[1], tuple(row))
    records = await read(source)
    assert set(records) == {"LT-1", "LT-2"}
    assert len(source.unread) == 1
    assert source.unread[0].startswith(f"lodging_entry line 3: {says}")
    assert [paper.number for paper in records["LT-1"].person.documents if column == 3] == ([number] if number else [])
    assert len(records["LT-1"].person.births) == (0 if column == 2 else 1)


async def test_cells_merged_over_lines_are_told_and_only_the_first_line_has_their_value(folder: Folder) -> None:
    def merged(book: Any, page: Any, row: int, column: int) -> None:
        page.merge_range(row, column, row + 1, column, "Kim Bersama")

    source = folder.sheet(("LT-1", merged, *ROWS[0][2:]), ("LT-2", None, *ROWS[1][2:]))
    records = await read(source)
    assert records["LT-1"].person.names[0].text == "Kim Bersama"
    assert records["LT-2"].person.names == ()
    assert source.unread == ["lodging_entry line 3: column B (NAMA TAMU): merged with line 2; take the merge apart"]


CSV_LINES: list[tuple[str, str, str]] = [
    ("too few cells", "LT-9,Kim", "line 3: has 2 cells where the headings are 6"),
    ("too many cells", "LT-9,Kim,1984,M1234567,5 Mei 2025,kos,apa", "line 3: has 7 cells where the headings are 6"),
    ("no reference", ",Kim,1984,M1234567,5 Mei 2025,kos", "line 3: makes no record (NO LAPOR)"),
    ("nobody", "LT-9,,,,5 Mei 2025,kos", "line 3: makes no record (person)"),
    ("a NUL", "LT-9,Kim\x00,,,5 Mei 2025,kos", "line 3: column B (NAMA TAMU): holds a NUL"),
    ("a NUL in the reference", "LT\x009,Kim,1984,,5 Mei 2025,kos", "line 3: column A (NO LAPOR): holds a NUL"),
    ("a serial day", "LT-9,Kim,30819,M1234567,,kos", "line 3: column C (LAHIR): a number where a day is meant"),
    ("a shortened number", "LT-9,Kim,1984,3.17E+15,,kos", "line 3: column D (NO PASPOR): a number that was shortened"),
]


@pytest.mark.parametrize(("line", "says"), [each[1:] for each in CSV_LINES], ids=[each[0] for each in CSV_LINES])
async def test_a_bad_line_is_told_and_the_others_are_read(folder: Folder, line: str, says: str) -> None:
    content = f"{csv_of(ROWS[0])}{line}\r\n{','.join(ROWS[1])}\r\n"
    source = folder.csv(content.encode())
    records = await read(source)
    assert {"LT-1", "LT-2"} <= set(records)
    assert source.unread[0].startswith(f"lodging_entry {says}")
    assert not any("3.17" in told or "30819" in told or "Kim" in told for told in (*source.unread, *source.faults))


async def test_quoted_cells_may_hold_the_delimiter_line_ends_and_quotation_marks(folder: Folder) -> None:
    source = folder.csv(csv_of(("LT-1", '"Kim, ""Min""\r\nJun"', *ROWS[0][2:]), ROWS[1]).encode())
    assert len(await read(source)) == 2
    assert source.unread == []


WHOLE: list[tuple[str, bytes, str]] = [
    ("latin bytes", csv_of(("LT-1", "Jos\xe9", *ROWS[0][2:])).encode("cp1252"), "the text is not utf-8"),
    (
        "an open quotation",
        (csv_of(ROWS[0]) + 'LT-9,"Kim,1984\r\n' + csv_of(ROWS[1])).encode(),
        "line 3: quotation marks",
    ),
    ("a stray quotation", (csv_of(ROWS[0]) + 'LT-9,"Kim"x,,,,\r\n').encode(), "line 3: quotation marks"),
    ("an endless line", csv_of(ROWS[0]).encode() + b"x" * 1_100_000, "line 3: longer than 1048576 characters"),
    ("no headings", b"", "does not have; its headings: none"),
    ("other headings", csv_of(*ROWS, headings=("NO", *HEADINGS[1:])).encode(), "key[0] names NO LAPOR, which tamu.csv"),
    ("a heading twice", csv_of(*ROWS, headings=(*HEADINGS[:5], "LAHIR")).encode(), "heads the columns C, F"),
    ("another delimiter", csv_of(*ROWS, delimiter=";").encode(), "its headings: NO LAPOR;NAMA TAMU"),
]


@pytest.mark.parametrize(("content", "says"), [each[1:] for each in WHOLE], ids=[each[0] for each in WHOLE])
async def test_a_file_that_cannot_be_trusted_as_a_whole_is_refused(folder: Folder, content: bytes, says: str) -> None:
    source = folder.csv(content)
    with pytest.raises(RecordsUnavailable) as caught:
        await read(source)
    assert says in caught.value.message
    assert "Kim" not in caught.value.message


async def test_a_file_that_is_not_there_is_told_by_its_path(folder: Folder) -> None:
    with pytest.raises(RecordsUnavailable, match=r"tamu\.csv cannot be read: No such file"):
        await read(folder.map("tamu.csv"))


async def test_what_is_protected_deleted_or_not_wanted_is_not_read(folder: Folder) -> None:
    rows = [
        (f"LT-{at}", "Kim", "1984", "M1234567", "", "kos", *more)
        for at, more in enumerate(
            [
                ("tidak", "", "AKTIF"),
                ("ya", "", "AKTIF"),
                ("", "", "AKTIF"),
                ("FALSE", "ya", "AKTIF"),
                ("0", "0", "BATAL"),
            ]
        )
    ]
    content = csv_of(*rows, headings=(*HEADINGS, "RAHASIA", "HAPUS", "STATUS"))
    source = folder.csv(content.encode())
    text = (folder.path / "mapping.toml").read_text()
    more = 'protected = "RAHASIA"\ndeleted = "HAPUS"\nwhere = [{ column = "STATUS", one_of = ["AKTIF"] }]\n'
    (folder.path / "mapping.toml").write_text(text.replace("[record.file]", f"{more}[record.file]"))
    source = Source("", load_mapping(folder.path / "mapping.toml"))
    assert set(await read(source)) == {"LT-0"}


async def test_a_sheet_is_chosen_by_name_and_its_headings_by_their_line(folder: Folder) -> None:
    with xlsxwriter.Workbook(folder.path / "tamu.xlsx") as book:
        book.add_worksheet("Sampul").write(0, 0, "REKAP")
        page = book.add_worksheet("Tamu & Kos")
        page.merge_range(0, 0, 1, 5, "DAFTAR TAMU KABUPATEN SERANG")
        for at, row in enumerate((HEADINGS, *ROWS), 2):
            page.write_row(at, 0, row)
    source = folder.map("tamu.xlsx")
    assert "write sheet as one of: Sampul, Tamu & Kos" in (await source.check())[0]
    source = folder.map("tamu.xlsx", 'sheet = "Tamu & Kos"', "header = 3")
    assert await source.check() == ()
    assert set(await read(source)) == {"LT-1", "LT-2"}
    assert source.unread == []


@pytest.fixture
def step(federations: Server, folder: Folder) -> Iterator[Step]:
    """A node's database, and an agency that has only a file."""
    database = federations.create_database(NODE_TEMPLATE)
    folder.csv(csv_of(*ROWS).encode())
    yield Step(database, load_mapping(folder.path / "mapping.toml"))
    federations.drop(database)


async def done(step: Step) -> tuple[str, int, int, int]:
    """One pass over the file, without the database of the agency, which it does not have."""
    (told,) = await step.refresh()
    return told.done, told.written.added, told.written.changed, told.written.removed


async def test_a_file_is_compared_when_it_has_changed_and_only_then(step: Step, folder: Folder) -> None:
    assert await step.build() == 2
    assert await done(step) == ("unchanged", 0, 0, 0)
    before = step.at
    folder.csv(csv_of(ROWS[0], ("LT-3", "Lee Jia", *ROWS[1][2:])).encode())
    assert await done(step) == ("compared", 1, 0, 1)
    os.utime(folder.path / "tamu.csv", (1_790_000_100, 1_790_000_100))
    assert await done(step) == ("unchanged", 0, 0, 0)
    folder.csv(csv_of(("LT-1", "Kim Minjoon", *ROWS[0][2:])).encode())
    os.utime(folder.path / "tamu.csv", (1_790_000_200, 1_790_000_200))
    assert await done(step) == ("compared", 0, 1, 1)
    assert (await step.state()).as_of == step.at > before
    assert await step.names() == {"LT-1": "Kim Minjoon"}


async def test_a_file_that_went_bad_takes_nothing_out_of_the_index_and_its_age_tells(
    step: Step, folder: Folder
) -> None:
    await step.build()
    before = (await step.state()).as_of
    folder.csv(csv_of(ROWS[0]).encode() + b'LT-9,"Kim')
    (told,) = await step.refresh()
    assert told.done == "failed"
    assert "quotation marks do not close" in told.why
    assert set(await step.names()) == {"LT-1", "LT-2"}
    assert (await step.state()).as_of == before
    (folder.path / "tamu.csv").unlink()
    (told,) = await step.refresh()
    assert (told.done, (await step.state()).as_of) == ("failed", before)


async def test_a_reference_that_two_lines_have_is_told_with_the_second(step: Step, folder: Folder) -> None:
    await step.build()
    folder.csv(csv_of(*ROWS, ("LT-1", "Lee Jia", *ROWS[1][2:])).encode())
    assert await done(step) == ("compared", 0, 0, 0)
    assert step.source is not None
    assert step.source.unread == [
        "lodging_entry line 4: has the reference of a row before it, which counts in its place"
    ]
    assert await step.build() == 2
    assert step.source.faults == {"lodging_entry: reference twice": 1}


async def test_a_file_that_is_being_written_is_left_for_the_next_pass(folder: Folder) -> None:
    path = folder.path / "tamu.csv"
    path.write_bytes(csv_of(*ROWS).encode())
    reading = asyncio.create_task(read(folder.map("tamu.csv")))
    with path.open("ab", buffering=0) as file:
        while not reading.done():
            file.write(b"LT-3,Lee")
            await asyncio.sleep(0)
    with pytest.raises(RecordsUnavailable, match="is being written"):
        await reading
