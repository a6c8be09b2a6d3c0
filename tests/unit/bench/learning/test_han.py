"""What Unihan says of a character."""

from __future__ import annotations

import bz2
from pathlib import Path

from bench.learning.han import han_table, read_unihan, simplified

READINGS = """# Unihan
U+5F20	kMandarin	zhāng
U+5F20	kCantonese	zoeng1
U+5F20	kHanyuPinlu	zhāng(785)
"""
VARIANTS = """U+5F35	kSimplifiedVariant	U+5F20
U+9673	kSimplifiedVariant	U+9648
"""


def test_a_file_is_read_plain_or_packed(tmp_path: Path) -> None:
    (tmp_path / "Unihan_Readings.txt").write_text(READINGS, "utf-8")
    (tmp_path / "Unihan_Variants.txt.bz2").write_bytes(bz2.compress(VARIANTS.encode()))
    assert read_unihan(tmp_path, "Readings")["张"]["kMandarin"] == "zhāng"
    assert read_unihan(tmp_path, "Variants")["張"]["kSimplifiedVariant"] == "U+5F20"


def test_a_character_is_folded_to_its_simple_form() -> None:
    found = simplified({"張": {"kSimplifiedVariant": "U+5F20"}, "人": {"kSimplifiedVariant": "U+4EBA"}})
    assert found["張"] == "张"
    assert "人" not in found


def test_a_surname_that_no_pair_has_is_read_by_unihan_and_by_its_known_spellings() -> None:
    fields = {"kMandarin": "zhāng", "kCantonese": "zoeng1", "kHanyuPinlu": "zhāng(785)"}
    table = han_table([("王", "WANG"), ("上海", "ZHUGEONTCAPT")], {"张": fields}, {})
    assert {"ZHANG", "CHANG", "CHEUNG"} <= table["张"].keys()
