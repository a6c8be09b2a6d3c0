"""The masked sample: the shape of a record, and nothing by which a person could be known."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.person import Birth, Coded, Document, Name, NationalIdentifier, Person, YearRange
from node.cli.doctor import masked, shape
from node.records.source import SourceRecord


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("CHEN Xiaoming", "xxxx xxxxxxxx"),
        ("12-03-1986", "99-99-9999"),
        ("陈晓明", "xxx"),
        ("E12345678", "x99999999"),
        ("Ō'Brien, J.", "x'xxxxx, x."),
        ("١٢/٣", "99/9"),
        ("a\nb\x1b[31m", "x x [99x"),
        ("", ""),
    ],
)
def test_letters_are_shown_as_x_and_digits_as_9(text: str, shown: str) -> None:
    assert masked(text) == shown


@given(st.text())
def test_nothing_but_shape_is_left_of_any_text(text: str) -> None:
    shown = masked(text)
    assert len(shown) == len(text)
    assert {character for character in shown if character.isalnum()} <= {"x", "9"}
    assert shown.isascii()
    assert not shown or shown.isprintable()


def test_every_attribute_of_a_record_is_shown_by_its_place() -> None:
    person = Person(
        names=(Name(text="CHEN XIAOMING"), Name(text="陈晓明", kind="native")),
        births=(Birth(text="1986-03-12"),),
        year_range=YearRange(text="39 tahun", first=1985, last=1986),
        sex=Coded(text="L"),
        nationalities=(Coded(text="CHN"),),
        documents=(Document(number="E12345678"),),
        national_identifiers=(NationalIdentifier(kind="niora", number="2C11"),),
        birth_place="Seoul",
    )
    record = SourceRecord(type="stay_permit", key="R-0001", person=person, fields={"office": ("Serang",)}, as_of=None)
    assert list(shape(record)) == [
        "key x-9999",
        "primary name xxxx xxxxxxxx",
        "native name xxx",
        "birth 9999-99-99",
        "age 99 xxxxx",
        "sex x",
        "nationality xxx",
        "passport x99999999",
        "niora 9x99",
        "birth place xxxxx",
        "fields.office xxxxxx",
    ]
