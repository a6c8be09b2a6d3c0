"""A row becomes a person and fields; what is not understood is counted by column and never stops the reading."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from federation.person import Birth, Coded, Document, Name, NamePart, YearRange
from node.records.mapping import parse_mapping
from node.records.reading import SourceRecord, read_row
from node.records.row import halves, zone_of

AT = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)
WIB = zone_of("+07:00")


def read(person: str, values: dict[str, object], fields: str = "", **keys: str) -> tuple[SourceRecord, tuple[str, ...]]:
    """Read one row of a detention mapped by `person`; the row's own number is 7."""
    extra = "".join(f"{key} = {value}\n" for key, value in keys.items())
    text = (
        '[mapping]\nmember = "a"\nversion = "1"\n[[record]]\ntype = "work_authorisation"\ntable = "t"\nkey = "no"\n'
        f"{extra}[record.person]\n{person}\n[record.fields]\n{fields}\n"
    )
    found, faults = read_row(parse_mapping(text.encode()).record[0], {"no": 7, **values}, AT, WIB)
    assert found is not None
    return found, faults


NAME = 'names = [{ column = "n" }]'


@pytest.mark.parametrize(
    ("births", "values", "expected"),
    [
        ('{ column = "b", format = "date" }', {"b": "1984-05-17"}, (1984, 5, 17)),
        ('{ column = "b" }', {"b": "17/05/1984"}, (1984, 5, 17)),
        ('{ column = "b", format = "place_date" }', {"b": "Fuzhou, 3-4-85"}, (1985, 4, 3)),
        ('{ column = "b", format = "yyyymmdd" }', {"b": 19840517}, (1984, 5, 17)),
        ('{ column = "b", take = "after_slash" }', {"b": "39 tahun / 12 Maret 1986"}, (1986, 3, 12)),
        ('{ year = "y", month = "m", day = "d" }', {"y": 1984, "m": 5, "d": 17}, (1984, 5, 17)),
        ('{ year = "y", month = "m", day = "d" }', {"y": 1984, "m": None, "d": None}, (1984, None, None)),
    ],
)
def test_a_birth_is_read_in_every_form(
    births: str, values: dict[str, object], expected: tuple[int | None, ...]
) -> None:
    found, faults = read(f"{NAME}\nbirths = [{births}]", {"n": "CHEN XIAOMING", **values})
    birth = found.person.births[0]
    assert (birth.year, birth.month, birth.day) == expected
    assert not faults


@pytest.mark.parametrize(("written", "take"), [(39, "whole"), ("39 tahun / 12 Maret 1986", "before_slash")])
def test_an_age_allows_two_years_from_the_day_it_was_seen(written: object, take: str) -> None:
    births = f'births = [{{ column = "b", format = "age", observed = "day", take = "{take}" }}]'
    found, _ = read(f"{NAME}\n{births}", {"n": "KIM", "b": written, "day": "2025-06-01"})
    assert found.person.year_range == YearRange(text="39 tahun", first=1985, last=1986)
    assert not found.person.births


@pytest.mark.parametrize("written", ["infinity", "0044-03-15 BC", "31-02-1980x", "2026-13-01"])
def test_a_date_that_is_none_is_a_fault_and_no_more(written: str) -> None:
    found, faults = read(f'{NAME}\nbirths = [{{ column = "b", format = "date" }}]', {"n": "KIM", "b": written})
    assert found.person.births == ()
    assert faults == ("b",)


def test_a_code_that_is_not_understood_keeps_its_text() -> None:
    person = f'{NAME}\nsex = {{ column = "s", values = {{ 1 = "M" }} }}\nnationalities = [{{ column = "w" }}]'
    found, faults = read(person, {"n": "KIM", "s": 9, "w": "Atlantis"})
    assert found.person.sex == Coded(text="9", code="")
    assert found.person.nationalities == (Coded(text="Atlantis", code=""),)
    assert sorted(faults) == ["s", "w"]


def test_names_come_from_parts_from_arrays_and_with_aliases() -> None:
    person = 'names = [{ given = "g", family = "f" }, { column = "a", kind = "alias" }]'
    found, _ = read(person, {"g": "Xiaoming", "f": "Chen", "a": ["KEVIN", "陈晓明", None]})
    assert found.person.names[0] == Name(
        text="Xiaoming Chen",
        script="Latn",
        parts=(NamePart(kind="given", text="Xiaoming"), NamePart(kind="family", text="Chen")),
    )
    assert [(name.text, name.kind) for name in found.person.names[1:]] == [("KEVIN", "alias"), ("陈晓明", "alias")]


def test_documents_come_from_combined_cells_and_from_json() -> None:
    person = """names = [{ column = "n" }]
documents = [
  { column = "p", take = "before_slash" },
  { column = "p", take = "after_slash", kind = "permit", issuer_code = "IDN" },
  { column = "j", json = { number = "nomor", kind = "jenis", issuer = "negara", kinds = { paspor = "passport" } } },
]"""
    papers = '[{"jenis": "paspor", "nomor": "M12345678", "negara": "KOR"}, {"jenis": "SIM", "nomor": "99999"}]'
    found, faults = read(person, {"n": "KIM", "p": "E12345678 / 2C11-25", "j": papers})
    assert found.person.documents == (
        Document(number="E12345678"),
        Document(number="2C11-25", kind="permit", issuer="IDN"),
        Document(number="M12345678", issuer="KOR"),
    )
    assert not faults


@pytest.mark.parametrize("written", ["-", "NIHIL", "n/a"])
def test_a_dash_is_no_document_number(written: str) -> None:
    found, faults = read(f'{NAME}\ndocuments = [{{ column = "p" }}]', {"n": "KIM", "p": written})
    assert found.person.documents == ()
    assert faults == ("p",)


def test_json_that_is_no_list_of_documents_is_a_fault() -> None:
    person = f'{NAME}\ndocuments = [{{ column = "j", json = {{ number = "nomor" }} }}]'
    assert read(person, {"n": "KIM", "j": '{"nomor": 1}'})[1] == ("j",)


def test_lines_that_are_no_passport_are_a_fault() -> None:
    person = f'{NAME}\nmrz = {{ line1 = "m1", line2 = "m2" }}'
    found, faults = read(person, {"n": "KIM", "m1": "P<KORKIM", "m2": "x"})
    assert found.person.names == (Name(text="KIM", script="Latn"),)
    assert faults == ("m1",)


def test_fields_are_texts_dates_instants_and_codes() -> None:
    fields = """number = { column = "no" }
from = { column = "a", format = "date" }
to = { column = "b", format = "text_date" }
places = { column = "c", split = ";" }
post = { column = "d", values = { Direktur = "director" } }
nib = { value = "812" }
employer_name = { column = "e", format = "instant" }"""
    values: dict[str, object] = {
        "n": "KIM",
        "a": "2026-01-31",
        "b": "5 Mei 2027",
        "c": "Kab. Serang; Kota Cilegon;",
        "d": "Direktur",
        "e": "2026-10-08 16:06:00+00",
    }
    found, faults = read(NAME, values, fields)
    assert found.fields == {
        "number": ("7",),
        "from": ("2026-01-31",),
        "to": ("2027-05-05",),
        "places": ("Kab. Serang", "Kota Cilegon"),
        "post": ("director",),
        "nib": ("812",),
        "employer_name": ("2026-10-08T16:06:00Z",),
    }
    assert not faults


def test_a_field_with_codes_lets_nothing_else_leave() -> None:
    found, faults = read(NAME, {"n": "KIM", "d": "sakit jiwa"}, 'post = { column = "d", values = { A = "a" } }')
    assert found.fields == {}
    assert faults == ("d",)


def test_a_record_is_as_of_the_refresh_or_of_its_own_day() -> None:
    assert read(NAME, {"n": "KIM"})[0].as_of is None
    dated = read(NAME, {"n": "KIM", "d": "2025-10-24"}, as_of='"d"')[0]
    assert dated.as_of == datetime(2025, 10, 23, 17, 0, tzinfo=UTC)
    written = read(NAME, {"n": "KIM", "d": "24-10-25"}, as_of='{ column = "d", format = "text_date" }')[0]
    assert written.as_of == datetime(2025, 10, 23, 17, 0, tzinfo=UTC)


@pytest.mark.parametrize(("values", "fault"), [({"no": None, "n": "KIM"}, "no"), ({"no": 1, "n": "  "}, "person")])
def test_a_row_without_a_key_or_a_person_makes_no_record(values: dict[str, object], fault: str) -> None:
    head = (
        '[mapping]\nmember = "a"\nversion = "1"\n[[record]]\ntype = "ban"\ntable = "t"\nkey = "no"\n[record.person]\n'
    )
    record = parse_mapping(f"{head}{NAME}".encode()).record[0]
    assert read_row(record, values, AT, WIB) == (None, (fault,))


def test_a_birth_place_stands_before_the_date() -> None:
    person = f'{NAME}\nbirth_place = {{ column = "b", take = "after_slash", format = "place_date" }}'
    assert read(person, {"n": "KIM", "b": "KIM MIN JUN / Seoul, 12 Maret 1984"})[0].person.birth_place == "Seoul"


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("KIM MIN JUN / Seoul, 12 Maret 1984", ("KIM MIN JUN", "Seoul, 12 Maret 1984")),
        ("KIM MIN JUN/Seoul, 12 Maret 1984", ("KIM MIN JUN", "Seoul, 12 Maret 1984")),
        ("KIM MIN JUN Seoul, 12 Maret 1984", ("KIM MIN JUN", "Seoul, 12 Maret 1984")),
        ("KIM MIN JUN New Delhi, 12/03/1984", ("KIM MIN JUN", "New Delhi, 12/03/1984")),
        ("KIM MIN JUN SEOUL, 12-03-1984", ("KIM MIN JUN", "SEOUL, 12-03-1984")),
        ("E12345678", ("E12345678", "")),
        ("39 tahun", ("39 tahun", "")),
        ("", ("", "")),
    ],
)
def test_a_combined_cell_is_split_even_where_the_slash_was_forgotten(cell: str, expected: tuple[str, str]) -> None:
    assert halves(cell) == expected


def test_a_birth_keeps_its_text() -> None:
    found, _ = read(f'{NAME}\nbirths = [{{ column = "b" }}]', {"n": "KIM", "b": "Maret 1984"})
    assert found.person.births == (Birth(text="Maret 1984", year=1984, month=3),)
