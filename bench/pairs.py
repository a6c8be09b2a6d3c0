"""Labelled pairs of persons, one JSON object a line, read and scored as nodes do it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console

from bench.separation import Labelled
from federation.person import Person
from matching.form import Form, prepare
from matching.loose import MEMBERS, read_person
from matching.model import DEFAULT, Model
from matching.score import Score, score
from matching.weigh import weigh

POPULATION: Final = 1_000_000
TODAY: Final = date(2026, 1, 1)  # of which ages are taken to be true


class BadPair(ValueError):
    """A line that is no labelled pair; the message says which line and what it lacks."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two persons in normal form, whether they are one, and the tag under which the pair is counted."""

    a: Form
    b: Form
    same: bool
    tag: str = ""
    shown: str = ""


class Scored(NamedTuple):
    """A pair's total bits, score (0..1) and band, with its label."""

    bits: float
    score: float
    band: str
    same: bool
    tag: str


def read_pairs(path: Path) -> Iterator[Pair]:
    """Read JSON Lines of `{"a": PERSON, "b": PERSON, "same": bool, "tag": str}`. Raises BadPair naming the line."""
    unknown: set[str] = set()
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                pair = json.loads(line)
                a, b, same = pair["a"], pair["b"], pair["same"]
            except (ValueError, KeyError, TypeError) as error:
                raise BadPair(f"{path}, line {number}: write an object with `a`, `b` and `same`.") from error
            if not isinstance(a, Mapping) or not isinstance(b, Mapping) or same not in (True, False):
                raise BadPair(f"{path}, line {number}: `a` and `b` are persons, and `same` is true or false.")
            unknown |= (a.keys() | b.keys()) - MEMBERS
            yield Pair(prepare(person(a)), prepare(person(b)), bool(same), str(pair.get("tag") or ""), shown(a, b))
    if unknown:
        print(f"{path}: not read of persons: {', '.join(sorted(unknown))}", file=sys.stderr)


def shown(a: Mapping[str, Any], b: Mapping[str, Any]) -> str:
    """Both persons in one line, for a person to read."""
    return " | ".join(
        ", ".join(
            text
            for value in each.values()
            for text in ([str(item) for item in value] if isinstance(value, list) else [str(value or "")])
            if text
        )
        for each in (a, b)
    )


def person(given: Mapping[str, Any]) -> Person:
    """Read PERSON, ages as of the day of which they are taken to be true."""
    return read_person(given, TODAY)


def score_pairs(pairs: Iterable[Pair], population: int = POPULATION, model: Model = DEFAULT) -> list[Scored]:
    """Weigh and score every pair as a node would one candidate among `population` records."""
    return [_scored(pair, score(weigh(pair.a, pair.b, model), population)) for pair in pairs]


def _scored(pair: Pair, found: Score) -> Scored:
    return Scored(found.bits, found.score, found.band, pair.same, pair.tag)


def labelled(scored: Sequence[Scored]) -> list[Labelled]:
    """The total bits of each pair, and whether it is of one person."""
    return [(each.bits, each.same) for each in scored]


def show_errors(console: Console, pairs: Sequence[Pair], scored: Sequence[Scored], count: int) -> None:
    """Print the pairs of two persons that score highest and those of one that score lowest."""
    if not count:
        return
    ranked = sorted(zip(scored, pairs, strict=True), key=lambda each: each[0].bits)
    for label, chosen in (
        ("two persons, taken for one", [each for each in reversed(ranked) if not each[0].same]),
        ("one person, taken for two", [each for each in ranked if each[0].same]),
    ):
        console.print(label, style="bold")
        for each, pair in chosen[:count]:
            console.print(f"{each.bits:8.2f}  {each.band:8}  {pair.tag}  {pair.shown}", highlight=False, markup=False)
