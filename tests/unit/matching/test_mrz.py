"""The two machine readable lines of a passport."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from federation.errors import MalformedStatement
from matching.mrz import check_digit, read_lines, read_td3
from tests.unit.matching.cases import AT

VECTORS = Path(__file__).parents[4] / "shared/data/vectors/mrz/icao9303.json"
UPPER = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"
LOWER = "L898902C36UTO7408122F1204159ZE184226B<<<<<10"


def test_the_specimen_of_icao_is_read() -> None:
    person = read_td3(UPPER, LOWER, AT)
    assert person.names[0].text == "ERIKSSON ANNA MARIA"
    assert (person.births[0].year, person.births[0].month, person.births[0].day) == (1974, 8, 12)
    assert person.documents[0].number == "L898902C3"
    assert person.documents[0].expiry == "2012-04-15"
    assert person.sex is not None
    assert person.sex.code == "F"


def test_sound_lines_have_no_failed_check() -> None:
    reading = read_lines(UPPER, LOWER, AT)
    assert (reading.failed, reading.corrected, reading.name_cut) == ((), (), False)


def test_letters_read_for_digits_in_dates_are_corrected_and_told() -> None:
    reading = read_lines(UPPER, LOWER.replace("7408122", "74O8I22").replace("1204159", "12O4159"), AT)
    assert reading.corrected == ("birth", "expiry")
    assert reading.failed == ()
    assert reading.person.births[0].month == 8


def test_a_number_with_one_possible_correction_is_corrected() -> None:
    number = "AB1234567"
    lower = number + check_digit(number) + LOWER[10:]
    reading = read_lines(UPPER, lower.replace("AB1", "A81"), AT)
    assert reading.person.documents[0].number == number
    assert reading.corrected == ("document_number",)


def test_a_wrong_digit_is_reported_and_not_hidden() -> None:
    reading = read_lines(UPPER, LOWER.replace("L898902C36", "L898902C37"), AT)
    assert "document_number" in reading.failed


def test_a_name_that_fills_the_field_may_be_cut() -> None:
    assert read_lines("P<UTO" + "NILAVADHANANANDA<<CHAYAPA<DEJTHAMRONG<KRASUANG"[:39], LOWER, AT).name_cut


def test_german_and_stateless_codes_are_read() -> None:
    person = read_td3(UPPER.replace("P<UTO", "P<D<<"), LOWER.replace("UTO", "XXA"), AT)
    assert (person.documents[0].issuer, person.nationalities[0].code) == ("DEU", "XXA")


@pytest.mark.parametrize(
    "lines", [("", ""), (UPPER, LOWER[:-1]), ("V" + UPPER[1:], LOWER), (UPPER, LOWER.replace("<", "*"))]
)
def test_lines_of_another_shape_are_refused(lines: tuple[str, str]) -> None:
    with pytest.raises(MalformedStatement, match="line"):
        read_lines(*lines)


def _vectors() -> Any:
    if not VECTORS.exists():
        pytest.skip("no vectors: put ICAO Doc 9303's specimen values in shared/data/vectors/mrz beside the project")
    return json.loads(VECTORS.read_text(encoding="utf-8"))


def test_the_check_digits_printed_by_icao_are_ours() -> None:
    for vector in _vectors()["check_digits"]:
        assert check_digit(vector["input"]) == str(vector["digit"])


def test_the_passport_specimens_printed_by_icao_are_read() -> None:
    for specimen in (each for each in _vectors()["specimens"] if each["format"] == "TD3"):
        (upper, lower), fields = specimen["lines"], specimen["fields"]
        reading = read_lines(upper, lower, AT)
        assert reading.failed == ()
        assert reading.person.documents[0].number == fields["document_number"]
        assert reading.person.names[0].text == f"{fields['primary']} {fields['secondary']}"
