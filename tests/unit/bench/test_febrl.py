"""How links of two lists are counted."""

from __future__ import annotations

import pytest

from bench.febrl import Link, is_one, measures_of, mutual_best, one_to_one

LINKS: list[Link] = [
    ("rec-1-org", "rec-1-dup-0", 9.0),
    ("rec-1-org", "rec-2-dup-0", 8.0),
    ("rec-2-org", "rec-2-dup-0", 7.0),
    ("rec-3-org", "rec-1-dup-0", 1.0),
]


def test_a_record_and_its_copy_have_one_number() -> None:
    assert is_one("rec-12-org", "rec-12-dup-0")
    assert not is_one("rec-12-org", "rec-1-dup-0")


def test_mutual_best_links_leave_out_whoever_is_not_the_best_of_their_best() -> None:
    assert mutual_best(LINKS) == [(9.0, True)]


def test_one_to_one_links_take_the_best_first_and_nobody_twice() -> None:
    assert one_to_one(LINKS) == [(9.0, True), (7.0, True)]


def test_a_person_who_was_not_retrieved_counts_as_not_found() -> None:
    found = measures_of(LINKS, total=4)
    assert found["linked_f1"] == pytest.approx(2 * 2 / (2 + 4), abs=1e-4)
    assert found["recall_at_p99"] == 0.25
