"""Places that are shared: half to one alone, and always some for whoever comes next."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from federation.serving.shares import Shares


def test_one_alone_has_half_and_no_more() -> None:
    shares = Shares(8)
    assert [shares.take("imigrasi") for _ in range(5)] == [True, True, True, True, False]
    assert shares.held == {"imigrasi": 4}


def test_many_places_are_taken_all_or_none() -> None:
    shares = Shares(8)
    assert not shares.take("imigrasi", 5)
    assert shares.held == {}
    assert shares.take("imigrasi", 4)


def test_places_given_back_are_taken_again() -> None:
    shares = Shares(8)
    assert shares.take("imigrasi", 4)
    shares.give_back("imigrasi", 2)
    assert shares.take("imigrasi", 2)
    shares.give_back("imigrasi", 4)
    assert shares.held == {}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 40), st.booleans()), max_size=200))
def test_whoever_has_none_finds_a_place_whatever_three_others_took(steps: list[tuple[str, int, bool]]) -> None:
    shares = Shares(64)
    for holder, count, gives in steps:
        if gives and shares.held.get(holder):
            shares.give_back(holder, min(count, shares.held[holder]))
        else:
            shares.take(holder, count)
        assert sum(shares.held.values()) <= 64
    assert shares.take("the next one")
