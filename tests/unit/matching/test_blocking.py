"""Blocking keys that a record and a query of one person share."""

from __future__ import annotations

import msgspec
import pytest

from federation.person import Document, Name, Person
from matching.blocking import CAPS, WEIGHTS, blocking_keys
from matching.form import BirthForm, Form, prepare
from tests.unit.matching.cases import form

SECRET = bytes(range(32))
CHEN = form("CHEN XIAOMING", born="12-03-1986", documents=("CHN E1234567O",))


def _shared(one: Form, other: Form) -> set[str]:
    return {key.family for key in set(blocking_keys(one, SECRET)) & set(blocking_keys(other, SECRET))}


def test_every_family_has_a_weight_and_a_cap() -> None:
    families = {key.family for key in blocking_keys(CHEN, SECRET)}
    assert families == WEIGHTS.keys() == CAPS.keys()


def test_each_key_is_made_once_and_fits_a_signed_integer_of_eight_bytes() -> None:
    keys = blocking_keys(CHEN, SECRET)
    assert len(set(keys)) == len(keys)
    assert all(-(2**63) <= key.value < 2**63 for key in keys)


def test_another_secret_gives_other_keys() -> None:
    assert not {k.value for k in blocking_keys(CHEN, SECRET)} & {k.value for k in blocking_keys(CHEN, SECRET[::-1])}


@pytest.mark.parametrize("secret", [b"", b"short", bytes(65)])
def test_a_secret_of_another_length_is_refused(secret: bytes) -> None:
    with pytest.raises(ValueError, match="16 to 64 bytes"):
        blocking_keys(CHEN, secret)


@pytest.mark.parametrize(
    ("held", "families"),
    [
        (form("Xiao Ming CHEN", born="12-03-1986"), {"A", "C", "D", "G", "H"}),
        (form("陈晓明", born="12-03-1986"), {"A", "C", "D", "G", "H"}),
        (form("CHAN XIAOMING", born="03-12-1986"), {"A", "C", "D", "G", "H"}),
        (form("CHEN XIAOMING", born="12-03-1968"), {"G", "H"}),
        (form("CHEN XIAOMING", born="1986"), {"D", "G"}),
        (form("CHEN XIAOMING", born="39 tahun"), {"D", "G"}),
        (form("WANG FANG", born="12-03-1986"), {"A"}),
        (form(documents=("E12345670",)), {"E"}),
        (form("WANG FANG", born="02-09-1979"), set()),
    ],
)
def test_two_descriptions_share_the_families_that_should_find_them(held: Form, families: set[str]) -> None:
    assert _shared(CHEN, held) == families


def test_a_person_of_one_name_is_found_by_name_and_year() -> None:
    assert _shared(form("SUKARNO", born="1986"), form("SOEKARNO SOEKARNO", born="12-03-1986")) == {"D", "G"}


def test_an_alias_is_filed_too() -> None:
    assert "G" in _shared(form("BUDI HARTONO"), form("LI WEI alias BUDI HARTONO"))


def test_a_person_of_many_names_and_births_has_a_bounded_number_of_keys() -> None:
    names = [f"{one} {other} SUKARNO HATTA SJAHRIR MALIK" for one in ("BUDI", "SITI", "AGUS") for other in "ABCDEFGH"]
    births = tuple(BirthForm("", 1950 + at, 1 + at % 12, 1 + at % 28) for at in range(32))
    form = prepare(Person(names=tuple(Name(text=name) for name in names), documents=(Document(number="E12345678"),)))
    keys = blocking_keys(msgspec.structs.replace(form, births=births), SECRET)
    assert len(keys) == 1000
    assert {key.family for key in keys} == {"A", "C", "D", "E", "G", "H"}
