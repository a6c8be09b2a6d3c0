"""Pairs drawn of public figures."""

from __future__ import annotations

from itertools import islice

from bench.figures import figure_pairs, figures


def test_every_figure_has_a_birth_a_sex_a_nationality_and_several_names() -> None:
    found = figures()
    assert len(found) > 100
    assert all(len(who.names) > 1 and who.sex in ("M", "F") and len(who.nationality) == 3 for who in found)


def test_pairs_are_the_same_in_every_draw_and_of_both_sorts() -> None:
    pairs = list(islice(figure_pairs(with_more=False), 200))
    assert pairs == list(islice(figure_pairs(with_more=False), 200))
    assert {pair.same for pair in pairs} == {True, False}
    assert not any(pair.a.births for pair in pairs)


def test_with_more_most_have_a_birth() -> None:
    pairs = list(islice(figure_pairs(with_more=True), 200))
    assert all(pair.a.births for pair in pairs)
    assert any(pair.a.nationalities for pair in pairs)
