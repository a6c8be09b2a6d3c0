"""Tokens of two scripts that sound alike."""

from __future__ import annotations

import pytest

from matching.names import parts_of, script_of
from matching.transliteration import likeness, quality

NAMES = (
    ("데이비드슨", "DAVIDSON"),
    ("גולדשטיין", "GOLDSTEIN"),
    ("शर्मा", "SHARMA"),
    ("Щербаков", "SHCHERBAKOV"),
    ("Παπαδόπουλος", "PAPADOPOULOS"),
    ("السيسي", "SISI"),
    ("トランプ", "TRUMP"),
    ("სააკაშვილი", "SAAKASHVILI"),
    ("โอบามา", "OBAMA"),
)


def _token(native: str) -> str:
    return "".join(part.token for part in parts_of(native))


@pytest.mark.parametrize(("native", "latin"), NAMES)
def test_a_name_is_recognised_in_another_script_and_told_from_every_other(native: str, latin: str) -> None:
    script = script_of(native)
    own = quality(_token(native), latin, script)
    assert own > 0.3
    others = [quality(_token(native), other, script) for _, other in NAMES if other != latin]
    assert max(others) < own


@pytest.mark.parametrize(
    ("han", "latin"),
    [("习", "XI"), ("陈", "CHAN"), ("陈", "TAN"), ("金", "KIM"), ("安倍", "ABE"), ("拜登", "BIDEN"), ("阮", "NGUYEN")],
)
def test_a_han_name_is_recognised_by_each_reading_that_people_bear(han: str, latin: str) -> None:
    assert quality(han, latin, "Hani") > 0.3


def test_the_quality_stays_within_its_bounds_and_an_empty_token_has_none() -> None:
    assert quality("PUTIN", "PUTIN", "Cyrl") == 0.9
    assert quality("", "PUTIN", "Cyrl") == 0
    assert quality("PUTIN", "", "Cyrl") == 0


def test_a_script_without_a_table_is_read_by_that_of_any_two_scripts() -> None:
    assert likeness("TESFAYE", "TESFAYE", "Ethi") == likeness("TESFAYE", "TESFAYE", "Zzzz")


def test_ten_thousand_letters_are_read_as_far_as_a_name_goes() -> None:
    assert quality("A" * 10_000, "B" * 10_000, "Arab") == 0
