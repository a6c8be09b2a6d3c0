"""Labelled pairs of persons, one JSON object a line, read and scored as nodes do it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console

from bench.separation import Labelled
from federation.errors import MalformedStatement
from federation.person import Birth, Name, NamePart, Person, YearRange
from matching.dates import read_birth
from matching.describe import describe
from matching.form import Form, prepare
from matching.frequencies import PUBLISHED, Frequencies
from matching.names import script_of, tokens
from matching.score import Score, score
from matching.weigh import weigh

POPULATION: Final = 1_000_000
_TODAY: Final = date(2026, 1, 1)  # of which ages are taken to be true
_MEMBERS: Final = frozenset({"names", "given", "family", "born", "sex", "nationality", "documents"})


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
            unknown |= (a.keys() | b.keys()) - _MEMBERS
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
    """Read PERSON; a value that cannot be read is left out, as where a source's row holds one."""
    parts: dict[str, Any] = {"names": (), "births": (), "documents": (), "national_identifiers": ()}
    for text in _texts(given.get("names")):
        _take(parts, names=[text])
    parts["names"] += _whole(_text(given.get("given")), _text(given.get("family")))
    parts.update(_born(_text(given.get("born"))))
    _take(parts, sex=_text(given.get("sex")))
    for text in _texts(given.get("nationality")):
        _take(parts, nationality=text)
    for text in _texts(given.get("documents")):
        _take(parts, documents=[text])
    return Person(**parts)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _texts(value: Any) -> list[str]:
    return [_text(item) for item in value] if isinstance(value, list) else [_text(value)]


def _take(parts: dict[str, Any], **values: Any) -> None:
    """Add what `describe` reads of one value to what was read before."""
    with suppress(MalformedStatement):
        read = describe(**values)
        for member in Person.__dataclass_fields__:
            found = getattr(read, member)
            if found:
                parts[member] = parts.get(member, ()) + found if isinstance(found, tuple) else found


def _born(text: str) -> dict[str, Any]:
    """A birth date, or what is left of one that does not exist, as in a register's row."""
    found = read_birth(text, _TODAY, lenient=True)
    ages = [each for each in found if isinstance(each, YearRange)]
    births = tuple(each for each in found if isinstance(each, Birth))
    return {"births": births, "year_range": ages[0] if ages and not births else None}


def _whole(given: str, family: str) -> tuple[Name, ...]:
    whole = " ".join(part for part in (given.strip(), family.strip()) if part)
    if not tokens(whole):
        return ()
    told = (NamePart(kind="given", text=given), NamePart(kind="family", text=family))
    return (Name(text=whole, script=script_of(whole), parts=tuple(part for part in told if part.text)),)


def score_pairs(
    pairs: Iterable[Pair], population: int = POPULATION, frequencies: Frequencies = PUBLISHED
) -> list[Scored]:
    """Weigh and score every pair as a node would one candidate among `population` records."""
    return [_scored(pair, score(weigh(pair.a, pair.b, frequencies), population)) for pair in pairs]


def _scored(pair: Pair, found: Score) -> Scored:
    return Scored(found.bits, found.score, found.band, pair.same, pair.tag)


def labelled(scored: Sequence[Scored]) -> list[Labelled]:
    """The total bits of each pair, and whether it is of one person."""
    return [(each.bits, each.same) for each in scored]


def show_errors(console: Console, pairs: Sequence[Pair], scored: Sequence[Scored], count: int) -> None:
    """Print the pairs of two persons that score highest and those of one that score lowest."""
    ranked = sorted(zip(scored, pairs, strict=True), key=lambda each: each[0].bits)
    for label, chosen in (
        ("two persons, taken for one", [each for each in reversed(ranked) if not each[0].same]),
        ("one person, taken for two", [each for each in ranked if each[0].same]),
    ):
        console.print(label, style="bold")
        for each, pair in chosen[:count]:
            console.print(f"{each.bits:8.2f}  {each.band:8}  {pair.tag}  {pair.shown}", highlight=False, markup=False)
