"""Pairs of public figures as the press of many countries writes them: `sets/public_figures.tsv`, drawn from a seed.

Names alone, or with birth (now and then a year alone), sex and nationality where the draw gives them. Pairs of two
persons are those whose Latin names look most alike, and others by chance.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
from itertools import combinations
from random import Random
from typing import Any, Final, NamedTuple

from rapidfuzz.fuzz import token_sort_ratio

from bench.pairs import Pair, person, shown
from matching.form import prepare
from matching.names import script_of

_SEED: Final = 3
_OF_ONE: Final = 12
_NEAR: Final = 6
_BY_CHANCE: Final = 14


class Figure(NamedTuple):
    """One public figure."""

    born: str
    sex: str
    nationality: str
    names: tuple[str, ...]


def figures() -> list[Figure]:
    """The figures of the set."""
    lines = files("bench").joinpath("sets", "public_figures.tsv").read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return [Figure(born, sex, nation, tuple(names.split(";"))) for born, sex, nation, names in rows]


def figure_pairs(*, with_more: bool) -> Iterator[Pair]:
    """Pairs tagged by their two scripts; always the same."""
    chance, people = Random(_SEED), figures()
    for who in people:
        names = list(combinations(who.names, 2))
        chance.shuffle(names)
        for one, other in names[:_OF_ONE]:
            a, b = chance.sample((one, other), 2)
            yield _pair((who, a), (who, b), chance, with_more=with_more)
        others = [each for each in people if each is not who]
        near = sorted(others, key=lambda each: -_likeness(who, each))[:_NEAR]
        for each in (*near, *near, *chance.sample(others, _BY_CHANCE)):
            a, b = chance.choice(who.names), chance.choice(each.names)
            if a != b:
                yield _pair((who, a), (each, b), chance, with_more=with_more)


def _likeness(one: Figure, other: Figure) -> float:
    latin = ([name for name in each.names if name.isascii()] for each in (one, other))
    ours, theirs = latin
    return max((token_sort_ratio(a, b) for a in ours for b in theirs), default=0.0)


def _pair(one: tuple[Figure, str], other: tuple[Figure, str], chance: Random, *, with_more: bool) -> Pair:
    a, b = (_described(*each, chance, with_more=with_more) for each in (one, other))
    tag = "-".join(sorted(script_of(each[1]) or "none" for each in (one, other)))
    return Pair(prepare(person(a)), prepare(person(b)), one[0] is other[0], tag, shown(a, b))


def _described(who: Figure, name: str, chance: Random, *, with_more: bool) -> dict[str, Any]:
    given: dict[str, Any] = {"names": [name]}
    if with_more:
        given["born"] = who.born if chance.random() < 0.8 else who.born[:4]
        if chance.random() < 0.5:
            given["sex"] = who.sex
        if chance.random() < 0.8:
            given["nationality"] = who.nationality
    return given
