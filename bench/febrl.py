"""FEBRL 4: two lists of 5,000 invented persons with errors, linked by name and birth date alone."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from rich.console import Console

from bench.pairs import Pair, labelled, person, score_pairs, show_errors, shown
from bench.separation import Labelled, best_f1, recall_at_precision
from matching.blocking import key_values
from matching.form import Form, prepare
from matching.frequencies import Table

_SECRET: Final = b"the secret of no node"
_Persons = dict[str, tuple[Form, str]]


def measure_febrl(one: Path, other: Path, errors: int, console: Console) -> dict[str, float]:
    """F1 pair by pair and of mutual best links, and recall at 99 % precision; a person who was not retrieved counts."""
    asked, held = read_persons(one), read_persons(other)
    counts = Counter(token for people in (asked, held) for form, _ in people.values() for token in _tokens(form))
    shares = {token: count / (len(asked) + len(held)) for token, count in counts.items()}
    found = list(candidates(asked, held))
    pairs = [Pair(asked[a][0], held[b][0], _is_one(a, b), "febrl4", f"{asked[a][1]} | {held[b][1]}") for a, b in found]
    scored = score_pairs(pairs, len(held), Table(shares))
    scores = labelled(scored)
    total = len(asked)
    show_errors(console, pairs, scored, errors)
    links = mutual_best([(each.bits, *ids) for each, ids in zip(scored, found, strict=True)])
    return {
        "febrl4_f1": round(best_f1(scores, total)[0], 4),
        "febrl4_linked_f1": round(best_f1(links, total)[0], 4),
        "febrl4_recall_at_p99": round(recall_at_precision(scores, 0.99, total), 4),
        "febrl4_candidates": len(found),
        "febrl4_retrieved": round(sum(_is_one(*ids) for ids in found) / total, 4),
    }


def read_persons(path: Path) -> _Persons:
    """The persons of a list by their number, with the values that are compared."""
    people: _Persons = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, skipinitialspace=True):
            born = row["date_of_birth"].strip()
            if len(born) == 8:
                born = f"{born[:4]}-{born[4:6]}-{born[6:]}"
            given = {"given": row["given_name"].strip(), "family": row["surname"].strip(), "born": born}
            people[row["rec_id"].strip()] = prepare(person(given)), shown(given, {}).rstrip(" |")
    return people


def candidates(asked: _Persons, held: _Persons) -> Iterator[tuple[str, str]]:
    """Pairs that share a blocking key, a whole part of the name, or the birth year and the first letter of a name."""
    index: dict[object, list[str]] = defaultdict(list)
    for number, (form, _) in held.items():
        for key in _keys(form):
            index[key].append(number)
    for number, (form, _) in asked.items():
        for other in sorted({other for key in _keys(form) for other in index.get(key, ())}):
            yield number, other


def mutual_best(scored: list[tuple[float, str, str]]) -> list[Labelled]:
    """The pairs in which each is the best of the other."""
    best: dict[tuple[int, str], tuple[float, str, str]] = {}
    for each in sorted(scored, reverse=True):
        best.setdefault((0, each[1]), each)
        best.setdefault((1, each[2]), each)
    return [(bits, _is_one(a, b)) for (side, _), (bits, a, b) in best.items() if side == 0 and best[1, b][1] == a]


def _keys(form: Form) -> set[object]:
    tokens = _tokens(form)
    initials = {token[0] for token in tokens}
    years = {birth.year for birth in form.births}
    return {*key_values(form, _SECRET), *tokens, *((year, letter) for year in years for letter in initials)}


def _tokens(form: Form) -> set[str]:
    return {token for name in form.names for token in name.tokens}


def _is_one(one: str, other: str) -> bool:
    """FEBRL numbers a record and its copy alike: rec-1070-org, rec-1070-dup-0."""
    return one.split("-")[1] == other.split("-")[1]
