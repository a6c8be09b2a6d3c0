"""Syllables as people of several places spell them."""

from __future__ import annotations

import pytest

from bench.learning.romanisations import hong_kong, korean, wade_giles


@pytest.mark.parametrize(
    ("pinyin", "wade"),
    [
        ("ZHANG", "CHANG"),
        ("XI", "HSI"),
        ("QIU", "CHIU"),
        ("DENG", "TENG"),
        ("ZHONG", "CHUNG"),
        ("TIAN", "TIEN"),
        ("SI", "SZU"),
    ],
)
def test_pinyin_is_written_in_wade_giles(pinyin: str, wade: str) -> None:
    assert wade_giles(pinyin) == wade


@pytest.mark.parametrize(
    ("jyutping", "spelling"),
    [("can4", "CHAN"), ("zoeng1", "CHEUNG"), ("wong4", "WONG"), ("gwok3", "KWOK"), ("ng4", "NG"), ("leoi5", "LUI")],
)
def test_cantonese_is_written_as_in_hong_kong(jyutping: str, spelling: str) -> None:
    assert spelling in hong_kong(jyutping)


@pytest.mark.parametrize(
    ("hangul", "spelling"), [("박", "PARK"), ("정", "JUNG"), ("은", "UN"), ("석", "SEOK"), ("이", "LEE")]
)
def test_korean_is_written_as_in_passports(hangul: str, spelling: str) -> None:
    assert spelling in korean(hangul)
