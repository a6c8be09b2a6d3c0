"""Labelled pairs read from JSON Lines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bench.pairs import BadPair, person, read_pairs, score_pairs


def _file(folder: Path, *lines: Any) -> Path:
    path = folder / "pairs.jsonl"
    path.write_text("\n".join(line if isinstance(line, str) else json.dumps(line) for line in lines), "utf-8")
    return path


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("not json", "line 2"),
        ({"a": {}, "b": {}}, "`same`"),
        ({"a": [], "b": {}, "same": True}, "persons"),
        ({"a": {}, "b": {}, "same": "yes"}, "true or false"),
    ],
)
def test_a_line_that_is_no_pair_is_refused_by_its_number(tmp_path: Path, line: Any, says: str) -> None:
    good = {"a": {"names": ["Li Wei"]}, "b": {"names": ["Li Wei"]}, "same": True}
    with pytest.raises(BadPair, match="line 2") as refused:
        list(read_pairs(_file(tmp_path, good, line)))
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("born", "year", "month", "day"),
    [
        ("1986-03-12", 1986, 3, 12),
        ("1986-03", 1986, 3, None),
        ("1986", 1986, None, None),
        ("12 Maret 1986", 1986, 3, 12),
        ("1974-01-32", 1974, 1, None),
    ],
)
def test_every_form_of_a_birth_is_read_and_an_impossible_day_is_unknown(
    born: str, year: int, month: int | None, day: int | None
) -> None:
    (birth,) = person({"born": born}).births
    assert (birth.year, birth.month, birth.day) == (year, month, day)


def test_what_cannot_be_read_is_left_out_and_the_rest_is_kept() -> None:
    read = person({"names": ["FNU", "Li Wei"], "sex": "?", "nationality": "Atlantis", "documents": ["--", "E12345678"]})
    assert [name.text for name in read.names] == ["Li Wei"]
    assert read.sex is None
    assert read.nationalities == ()
    assert [document.number for document in read.documents] == ["E12345678"]


def test_members_that_nobody_knows_are_told_and_the_pairs_are_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = {"a": {"names": "Li Wei", "id": 7}, "b": {"names": ["Li Wei"], "born": 1986}, "same": 1, "tag": None}
    (pair,) = read_pairs(_file(tmp_path, line))
    assert pair.same
    assert pair.a.names == pair.b.names
    assert pair.b.births[0].year == 1986
    assert "not read of persons: id" in capsys.readouterr().err


def test_given_and_family_name_are_one_name_whose_parts_are_known() -> None:
    (name,) = person({"given": "Wei", "family": "Li"}).names
    assert name.text == "Wei Li"
    assert {(part.kind, part.text) for part in name.parts} == {("given", "Wei"), ("family", "Li")}


def test_pairs_are_scored_in_their_order(tmp_path: Path) -> None:
    one, other = {"names": ["Oluwaseun Adebayo"], "born": "1986-03-12"}, {"names": ["Kim Min-jun"], "born": "1990"}
    path = _file(tmp_path, {"a": one, "b": other, "same": False}, "", {"a": one, "b": one, "same": True, "tag": "x"})
    first, second = score_pairs(read_pairs(path))
    assert first.bits < second.bits
    assert (first.band, second.band) == ("none", "strong")
    assert (second.same, second.tag) == (True, "x")
