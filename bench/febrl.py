"""FEBRL 4: two lists of 5,000 invented persons with errors, linked by name and birth date alone."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Final

from rich.console import Console

from bench.pairs import Pair, person, score_pairs, show_errors, shown
from bench.separation import Labelled, best_f1, recall_at_precision
from matching.blocking import key_values
from matching.estimate import Drawn, estimate
from matching.form import Form, prepare
from matching.frequencies import Table
from matching.model import Model
from matching.parameters import PRESET, Parameters

_SECRET: Final = b"the secret of no node"
FEBRL_PERSONS: Final = 5_000
_BY_CHANCE: Final = 40_000
_LONG: Final = 4
Persons = dict[str, tuple[Form, str]]
Link = tuple[str, str, float]  # a person of either file, and the score of the pair


def measure_febrl(folder: Path, errors: int, console: Console) -> dict[str, float]:
    """Measure pair by pair and linked, by parameters estimated from the two files without labels, and by the preset.

    A person who was not retrieved counts as one not found.
    """
    asked, held = (read_persons(folder / f"dataset4{part}.csv") for part in "ab")
    counts = Counter(token for people in (asked, held) for form, _ in people.values() for token in _tokens(form))
    frequencies = Table({token: count / (len(asked) + len(held)) for token, count in counts.items()})
    found = list(candidates(asked, held))
    pairs = [Pair(asked[a][0], held[b][0], is_one(a, b), "febrl4", f"{asked[a][1]} | {held[b][1]}") for a, b in found]
    facts: dict[str, float] = {
        "febrl4_candidates": len(found),
        "febrl4_retrieved": round(sum(pair.same for pair in pairs) / len(asked), 4),
    }
    for label, parameters in (("preset_", PRESET), ("", _calibrated(asked, held, pairs, frequencies))):
        scored = score_pairs(pairs, len(held), Model(frequencies, parameters))
        links = [(a, b, each.bits) for (a, b), each in zip(found, scored, strict=True)]
        facts |= {f"febrl4_{label}{name}": value for name, value in measures_of(links, len(asked)).items()}
    show_errors(console, pairs, scored, errors)
    return facts


def measures_of(links: Sequence[Link], total: int) -> dict[str, float]:
    """F1 pair by pair, of one-to-one links and of mutual best ones, and recall at 99 % precision."""
    scores = [(score, is_one(a, b)) for a, b, score in links]
    return {
        "f1": round(best_f1(scores, total)[0], 4),
        "recall_at_p99": round(recall_at_precision(scores, 0.99, total), 4),
        "linked_f1": round(best_f1(one_to_one(links), total)[0], 4),
        "mutual_f1": round(best_f1(mutual_best(links), total)[0], 4),
    }


def _calibrated(asked: Persons, held: Persons, pairs: Sequence[Pair], frequencies: Table) -> Parameters:
    """What `simpul-node calibrate` does, on the pairs of two files and without their labels."""
    chance, (ours, theirs) = Random(1), (list(asked.values()), list(held.values()))
    by_chance = [(chance.choice(ours)[0], chance.choice(theirs)[0]) for _ in range(_BY_CHANCE)]
    drawn = [Drawn(pair.a, pair.b) for pair in pairs]
    return estimate(drawn, by_chance, len(asked) * len(held), frequencies, lambda *_: None).parameters


def read_persons(path: Path) -> Persons:
    """The persons of a list by their number, with the values that are compared."""
    people: Persons = {}
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, skipinitialspace=True):
            born = row["date_of_birth"].strip()
            if len(born) == 8:
                born = f"{born[:4]}-{born[4:6]}-{born[6:]}"
            given = {"given": row["given_name"].strip(), "family": row["surname"].strip(), "born": born}
            people[row["rec_id"].strip()] = prepare(person(given)), shown(given, {}).rstrip(" |")
    return people


def candidates(asked: Persons, held: Persons) -> Iterator[tuple[str, str]]:
    """Pairs that share a blocking key, a part of the name but for a letter, or the birth year and an initial."""
    index: dict[object, list[str]] = defaultdict(list)
    for number, (form, _) in held.items():
        for key in _keys(form):
            index[key].append(number)
    for number, (form, _) in asked.items():
        for other in sorted({other for key in _keys(form) for other in index.get(key, ())}):
            yield number, other


def mutual_best(links: Sequence[Link]) -> list[Labelled]:
    """The pairs in which each is the best of the other."""
    best: dict[tuple[int, str], tuple[float, str, str]] = {}
    for each in sorted(((score, a, b) for a, b, score in links), reverse=True):
        best.setdefault((0, each[1]), each)
        best.setdefault((1, each[2]), each)
    return [(score, is_one(a, b)) for (side, _), (score, a, b) in best.items() if side == 0 and best[1, b][1] == a]


def one_to_one(links: Sequence[Link]) -> list[Labelled]:
    """Every person linked with one at most, the best pairs first."""
    taken: set[tuple[int, str]] = set()
    linked: list[Labelled] = []
    for score, a, b in sorted(((score, a, b) for a, b, score in links), reverse=True):
        if not taken & {(0, a), (1, b)}:
            taken |= {(0, a), (1, b)}
            linked.append((score, is_one(a, b)))
    return linked


def _keys(form: Form) -> set[object]:
    tokens = _tokens(form)
    initials = {token[0] for token in tokens}
    years = {birth.year for birth in form.births}
    shorter = {token[:at] + token[at + 1 :] for token in tokens if len(token) >= _LONG for at in range(-1, len(token))}
    return {*key_values(form, _SECRET), *tokens, *shorter, *((year, letter) for year in years for letter in initials)}


def _tokens(form: Form) -> set[str]:
    return {token for name in form.names for token in name.tokens}


def is_one(one: str, other: str) -> bool:
    """FEBRL numbers a record and its copy alike: rec-1070-org, rec-1070-dup-0."""
    return one.split("-")[1] == other.split("-")[1]
