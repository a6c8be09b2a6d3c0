"""Comparisons a second: ours as a node makes them, nomenklatura's and plain RapidFuzz, on the same pairs in one run.

Usage: python -m bench.compare [--pairs N] [--json FILE]

A quarter of the pairs are of one person, with errors; the others share a birth date, a nationality or a surname.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench import peers
from bench.points import Report
from bench.registry import ON, described, recorded, someone
from deploy.demo.agencies.noise import Noise
from deploy.demo.population.draw import seed_of
from matching.compare import compare
from matching.form import Form, prepare
from matching.judge import judge
from matching.loose import read_person

_SEED: Final = 11
_REGISTER: Final = 20_000
_WARM: Final = 50
_PERSONS = tuple[Mapping[str, Any], Mapping[str, Any]]


def pairs(count: int) -> Iterator[_PERSONS]:
    """So many pairs of PERSON: what is asked, and what is held."""
    chance = Random(_SEED)
    people = [someone(_SEED, number) for number in range(_REGISTER)]
    by_likeness: dict[object, list[int]] = {}
    for number, who in enumerate(people):
        for key in (who.born, (who.nationality, who.sex), who.name.family):
            by_likeness.setdefault(key, []).append(number)
    for place in range(count):
        number = chance.randrange(_REGISTER)
        who = people[number]
        asked = described(who, Noise(seed_of(_SEED, "pair", place), careful=False), [])
        likeness = chance.choice((who.born, (who.nationality, who.sex), who.name.family))
        held = number if place % 4 == 0 else chance.choice(by_likeness[likeness])
        yield asked, recorded(people[held])


def timed(work: Callable[[Form, Form], Any], forms: list[tuple[Form, Form]]) -> tuple[float, float]:
    """Microseconds a pair, over all pairs once and once more."""
    for one, other in forms[:_WARM]:
        work(one, other)
    taken = []
    for _ in range(2):
        began = time.perf_counter()
        for one, other in forms:
            work(one, other)
        taken.append((time.perf_counter() - began) / len(forms) * 1e6)
    return taken[0], taken[1]


def measure(count: int, console: Console) -> Report:
    """Time everybody on the same pairs."""
    report = Report("compare")
    persons = list(pairs(count))
    forms = [(prepare(read_person(a, ON)), prepare(read_person(b, ON))) for a, b in persons]
    table = Table("on the same pairs", "us a pair", "a second", "us, the same pairs once more")
    found = {"judged as a node does": timed(judge, forms), "compared, with evidence": timed(compare, forms)}
    for name, (first, again) in found.items():
        table.add_row(name, f"{first:.1f}", f"{1e6 / first:.0f}", f"{again:.1f}")
    names = {"judged as a node does": "judged_us", "compared, with evidence": "compared_us"}
    report.facts = {names[name]: round(first, 1) for name, (first, _) in found.items()}
    report.facts |= {f"{names[name]}_again": round(again, 1) for name, (_, again) in found.items()}
    for peer in peers.ON_PAIRS if peers.installed() else ():
        taken = peers.score_by(peer, persons).seconds / count * 1e6
        table.add_row(peer, f"{taken:.1f}", f"{1e6 / taken:.0f}", "")
        report.facts[f"{peer}_us"] = round(taken, 1)
    if "logic-v2_us" in report.facts:
        report.facts["times_logic_v2"] = round(report.facts["logic-v2_us"] / report.facts["judged_us"], 1)
        report.facts["times_logic_v2_again"] = round(report.facts["logic-v2_us"] / report.facts["judged_us_again"], 1)
    report.correct = all(judge(a, a).band != "none" for a, _ in forms[:_WARM])
    console.print(table)
    return report


def main() -> int:
    """Run, print, and end with 1 only where a person is no match of themselves."""
    parser = argparse.ArgumentParser(prog="python -m bench.compare", description=__doc__)
    parser.add_argument("--pairs", type=int, default=4_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    console = Console(width=132)
    report = measure(options.pairs, console)
    for name, value in report.facts.items():
        console.print(f"{name}: {value}", highlight=False, markup=False)
    if options.json:
        report.write(options.json)
    return 0 if report.correct else 1


if __name__ == "__main__":
    sys.exit(main())
