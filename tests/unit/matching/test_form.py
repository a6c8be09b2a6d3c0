"""The normal form of a person."""

from __future__ import annotations

import msgspec
import pytest

from federation.errors import MalformedStatement
from matching.form import decode, encode, enough
from tests.unit.matching.cases import form

CHEN = form("CHEN XIAOMING", born="12-03-1986", sex="L", nationality="RRT", documents=("CHN E12345678",))


def test_a_form_survives_encoding() -> None:
    assert decode(encode(CHEN)) == CHEN


def test_a_form_keeps_values_as_written() -> None:
    assert (CHEN.names[0].text, CHEN.births[0].text) == ("CHEN XIAOMING", "12-03-1986")
    assert (CHEN.sex_text, CHEN.nationality_texts, CHEN.documents[0].text) == ("L", ("RRT",), "E12345678")


@pytest.mark.parametrize("data", [b"", b"\x00", b"\x91\x01\x01", encode(CHEN)[:-1], msgspec.msgpack.encode({"a": 1})])
def test_bytes_that_are_no_form_are_refused(data: bytes) -> None:
    with pytest.raises(MalformedStatement):
        decode(data)


def test_a_form_of_another_version_is_refused() -> None:
    with pytest.raises(MalformedStatement, match="another version"):
        decode(encode(msgspec.structs.replace(CHEN, version=99)))


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        (form("CHEN XIAOMING"), False),
        (form(born="1986"), False),
        (form("CHEN XIAOMING", born="1986"), True),
        (form("CHEN XIAOMING", born="39 tahun"), True),
        (form(documents=("E12345678",)), True),
        (form(nationality="CHN", sex="L"), False),
    ],
)
def test_a_number_or_a_name_with_a_year_is_enough(described: object, expected: bool) -> None:
    assert enough(described) is expected  # type: ignore[arg-type]
