"""Which pairs may be learned from."""

from __future__ import annotations

from bench.split import learned_from


def test_the_split_stays_as_it_is_for_ever() -> None:
    assert [learned_from(str(number), "X") for number in range(8)] == [
        False,
        False,
        True,
        False,
        False,
        False,
        False,
        False,
    ]


def test_about_half_of_all_pairs_are_learned_from() -> None:
    half = sum(learned_from(str(number), "NAME") for number in range(2_000))
    assert 900 < half < 1_100
