"""Birth dates and ages as registers write them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from federation.person import Birth, YearRange
from matching.dates import read_birth, read_birth_place
from tests.unit.matching.cases import AT, CASES


def _written(value: Birth | YearRange) -> str:
    if isinstance(value, YearRange):
        return f"{value.first}..{value.last}"
    return "-".join(f"{part:02d}" for part in (value.year, value.month, value.day) if part)


@pytest.mark.parametrize("case", CASES["births"], ids=lambda case: case["text"])
def test_a_birth_is_read_as_written(case: dict[str, Any]) -> None:
    read = read_birth(case["text"], AT)
    assert [_written(value) for value in read] == case["read"]
    assert all(value.text == case["text"] for value in read)
    assert read_birth_place(case["text"]) == case.get("place", "")


def test_an_age_without_its_day_tells_nothing() -> None:
    assert read_birth("39 tahun") == ()


def test_two_digit_years_turn_on_the_day_asked() -> None:
    assert _written(read_birth("3-4-25", date(2025, 12, 1))[0]) == "2025-04-03"
    assert _written(read_birth("3-4-26", date(2025, 12, 1))[0]) == "1926-04-03"


def test_a_year_of_another_calendar_says_which() -> None:
    assert [birth.calendar for birth in read_birth("2528", AT) if isinstance(birth, Birth)] == ["buddhist"]
