"""Which letters stand for which, learned from pairs."""

from __future__ import annotations

from itertools import product
from pathlib import Path

from bench.learning.__main__ import write_table
from bench.learning.multigram import learn, letter_bits, weigh_groups

PAIRS = [
    (f"{one}{vowel}{other}", f"{to[one]}{vowel}{to[other]}")
    for to in ({"C": "CH", "S": "SH", "K": "K", "T": "T", "M": "M"},)
    for one, vowel, other in product("CSKTM", "AIU", "CSKTM")
]


def test_a_letter_that_another_script_writes_with_two_is_found() -> None:
    table = weigh_groups(learn(PAIRS), PAIRS)
    assert max(table["C"], key=lambda latin: table["C"][latin]) == "CH"
    assert max(table["S"], key=lambda latin: table["S"][latin]) == "SH"
    assert "SH" not in table["C"]


def test_the_shares_of_all_groups_sum_to_one() -> None:
    assert abs(sum(learn(PAIRS).values()) - 1) < 0.01


def test_a_letter_that_half_of_all_letters_are_has_one_bit() -> None:
    assert letter_bits(["AABC"])["A"] == 1.0


def test_a_written_table_reads_as_it_was_and_leaves_long_insertions_out(tmp_path: Path) -> None:
    path = tmp_path / "Test.tsv"
    write_table(path, "Test", {"C": {"CH": 6.5, "": -2.0}, "": {"A": -3.0, "OV": -1.0}})
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert lines == ["-\tA:-3", "C\tCH:6.5 -:-2"]
