"""Any text at all into the readers of matching: a value or a defined error, never anything else."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.errors import MalformedStatement
from federation.person import Birth, YearRange
from matching.blocking import blocking_keys
from matching.countries import read_nationality, read_sex
from matching.dates import read_birth, read_birth_place
from matching.describe import describe
from matching.documents import clean, fold, read_document
from matching.form import decode, encode, prepare
from matching.mrz import read_lines
from matching.names import read_name, script_of, tokens

AT = date(2025, 10, 25)
NAUGHTY = Path(__file__).parents[3] / "shared/data/vectors/naughty_strings/blns.json"
WILD = st.characters(categories=["L", "M", "N", "P", "Z", "Cs"])
ANY_TEXT = st.text(max_size=300) | st.text(alphabet=WILD, max_size=80)
DATE_LIKE = st.text(alphabet="0123456789-/. XMaretthun,年月日", max_size=24)
MRZ_LIKE = st.text(alphabet="ABCDEFGHIKLMNOPQSZ0123456789<", min_size=44, max_size=44)


def _read_everything(text: str) -> None:
    found = tokens(text)
    assert all(token.isascii() and token.isupper() for token in found)
    for order in ("as_written", "given_family", "family_given", "surname_given", "alias_list", "mrz"):
        assert all(tokens(name.text) for name in read_name(text, order))
    script_of(text)
    read_birth_place(text)
    assert read_nationality(text) == "" or len(read_nationality(text)) == 3
    assert read_sex(text) in {"", "M", "F", "X"}
    assert len(fold(text)) == len(clean(text))
    read_document(text)


def _is_sound(value: Birth | YearRange) -> bool:
    if isinstance(value, YearRange):
        return value.first <= value.last
    assert value.year is not None
    return date(value.year, value.month or 1, value.day or 1) <= AT and (value.month is not None or value.day is None)


@given(ANY_TEXT)
def test_any_text_is_read_or_left_unread(text: str) -> None:
    _read_everything(text)


def test_naughty_strings_are_read_or_left_unread() -> None:
    if not NAUGHTY.exists():
        pytest.skip("no vectors: put the Big List of Naughty Strings in shared/data/vectors beside the project")
    for text in json.loads(NAUGHTY.read_text(encoding="utf-8")):
        _read_everything(text)
        assert all(map(_is_sound, read_birth(text, AT)))


@given(ANY_TEXT | DATE_LIKE)
def test_what_is_read_as_a_birth_exists_and_is_not_in_the_future(text: str) -> None:
    assert all(map(_is_sound, read_birth(text, AT)))
    assert isinstance(read_birth(text), tuple)


@given(
    st.dates(min_value=date(1890, 1, 1), max_value=AT),
    st.sampled_from(["%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y", "%Y%m%d", "%d %B %Y"]),
)
def test_every_full_date_is_read_as_itself(born: date, form: str) -> None:
    (birth,) = read_birth(born.strftime(form), AT)
    assert isinstance(birth, Birth)
    assert (birth.year, birth.month, birth.day) == (born.year, born.month, born.day)


@given(ANY_TEXT | MRZ_LIKE, ANY_TEXT | MRZ_LIKE)
def test_any_two_lines_are_read_or_refused(upper: str, lower: str) -> None:
    try:
        read_lines("P" + upper[1:], lower, AT)
    except MalformedStatement as refused:
        assert refused.message


@given(st.lists(ANY_TEXT, max_size=3), ANY_TEXT | DATE_LIKE, ANY_TEXT)
def test_any_typed_person_is_prepared_and_filed_or_refused(names: list[str], born: str, number: str) -> None:
    try:
        form = prepare(describe(names=names, born=born, documents=[number], at=AT))
    except MalformedStatement as refused:
        assert refused.facts.keys() == {"field"}
        return
    assert decode(encode(form)) == form
    assert blocking_keys(decode(encode(form)), bytes(16)) == blocking_keys(form, bytes(16))


@given(st.binary(max_size=200))
def test_any_bytes_are_a_form_or_refused(data: bytes) -> None:
    try:
        decode(data)
    except MalformedStatement as refused:
        assert refused.message
