"""Nationality and sex as clerks write them."""

from __future__ import annotations

import pytest

from matching.countries import read_nationality, read_sex
from matching.tables import rows
from tests.unit.matching.cases import CASES


@pytest.mark.parametrize(("text", "code"), CASES["nationalities"].items())
def test_a_nationality_is_read_as_written(text: str, code: str) -> None:
    assert read_nationality(text) == code


@pytest.mark.parametrize(("text", "code"), CASES["sexes"].items())
def test_a_sex_is_read_as_written(text: str, code: str) -> None:
    assert read_sex(text) == code


def test_every_country_is_read_by_its_code_and_both_its_names() -> None:
    for alpha2, alpha3, indonesian, english, *_ in rows("countries.tsv")[1:]:
        if alpha2 != "=":
            assert {read_nationality(form) for form in (alpha3, indonesian, english)} == {alpha3}


def test_only_the_abbreviation_of_amerika_serikat_is_not_read_as_its_two_letter_code() -> None:
    table = [(row[0], row[1]) for row in rows("countries.tsv")[1:] if row[0] != "="]
    assert [alpha2 for alpha2, alpha3 in table if read_nationality(alpha2) != alpha3] == ["AS"]
