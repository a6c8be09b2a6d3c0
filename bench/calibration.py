"""Whether scores mean what they say: the demo's agencies asked about people whose records the truth file knows.

Usage: python -m bench.calibration [--people N] [--asked N] [--plot FILE] [--json FILE]

Recall and precision of each band by agency and by what is wrong with a record, the reliability plot, and the expected
calibration error: how far, on the average, a score lies from the share of true records among those scored alike.
"""

from __future__ import annotations

import argparse
import atexit
import json
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from bench.plot import DRAWN, Panel, write_svg
from bench.points import Report, conclude
from bench.registry import ON
from deploy.demo.cluster import Cluster
from deploy.demo.founding import Founded, found
from federation.serving.member import open_pool
from matching.form import Form, decode, prepare
from matching.judge import judge
from matching.loose import read_person
from node.config import load_config
from node.records.index import Index

_BINS: Final = 10
_NOT_RETRIEVED: Final = "not retrieved"
_FORMS: Final = "SELECT type || '/' || reference AS key, form FROM simpul_index.match_record"
Labelled = tuple[float, bool]


@dataclass(slots=True)
class Told:
    """What one agency, or all, told of true and of other records."""

    true: Counter[str] = field(default_factory=Counter)
    other: Counter[str] = field(default_factory=Counter)

    @property
    def recall(self) -> float:
        """The share of true records in any band."""
        return (self.true["strong"] + self.true["possible"]) / max(1, self.true.total())

    def precision(self, band: str) -> float:
        """The share of true records among those told in a band."""
        told = self.true[band] + self.other[band]
        return self.true[band] / told if told else float("nan")

    def add(self, band: str, *, true: bool) -> None:
        """Count one record."""
        (self.true if true else self.other)[band] += 1


@dataclass(slots=True)
class Found:
    """All that was told: by agency, by what is wrong with the record, and every score with whether it is true."""

    agencies: dict[str, Told] = field(default_factory=dict)
    noise: dict[str, Told] = field(default_factory=dict)
    scores: list[Labelled] = field(default_factory=list)

    @property
    def all(self) -> Told:
        """Over all agencies."""
        whole = Told()
        for each in self.agencies.values():
            whole.true += each.true
            whole.other += each.other
        return whole


def expected_error(scores: Sequence[Labelled], bins: int = _BINS) -> float:
    """The mean distance of score and share of true ones, over bins of equal width, weighed by their sizes."""
    return sum(abs(predicted - observed) * count for predicted, observed, count in reliability(scores, bins)) / max(
        1, len(scores)
    )


def reliability(scores: Sequence[Labelled], bins: int = _BINS) -> list[tuple[float, float, int]]:
    """For each bin that is not empty: the mean score, the share of true ones, and how many."""
    found: list[list[Labelled]] = [[] for _ in range(bins)]
    for score, true in scores:
        found[min(bins - 1, int(score * bins))].append((score, true))
    return [
        (sum(score for score, _ in each) / len(each), sum(true for _, true in each) / len(each), len(each))
        for each in found
        if each
    ]


def noise_of(asked: Form, held: Form) -> Iterator[str]:
    """What of a true record is not as asked, by what is written and not by how we compare it."""
    mine, theirs = ({token for name in form.names for token in name.tokens} for form in (asked, held))
    if not mine <= theirs:
        yield "name missing" if not theirs else "name shortened" if theirs < mine else "name written otherwise"
    our_days, days = ({(each.year, each.month, each.day) for each in form.births} for form in (asked, held))
    if not our_days & days:
        partial = any(not day for _, _, day in days)
        yield "birth missing" if not days else "birth in part" if partial else "birth differs"
    ours, others = ({each.number for each in form.documents} for form in (asked, held))
    if not ours & others:
        yield "another document" if others else "no document"


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks one agency's index, in this process, as a node compares; what comes of it goes into `result`."""

    agency: str
    index: Index
    forms: dict[str, bytes]
    result: Found

    async def ask(self, subject: dict[str, Any], asked: Form) -> None:
        """Ask about one subject of the truth file."""
        true = {key for key in subject["records"].get(self.agency, ()) if key in self.forms}
        (candidates,) = await self.index.candidates([asked])
        for each in candidates:
            key = f"{each.record_type}/{each.reference}"
            judged = judge(asked, each.form, self.index.model, self.index.population)
            self.result.scores.append((judged.score, key in true))
            if key in true:
                true.discard(key)
                self._tell(judged.band, asked, each.form)
            elif judged.band != "none":
                self.result.agencies[self.agency].add(judged.band, true=False)
        for key in true:
            self._tell(_NOT_RETRIEVED, asked, decode(self.forms[key]))

    def _tell(self, band: str, asked: Form, held: Form) -> None:
        self.result.agencies[self.agency].add(band, true=True)
        for kind in tuple(noise_of(asked, held)) or ("as asked",):
            self.result.noise.setdefault(kind, Told()).add(band, true=True)


async def ask_all(founded: Founded, subjects: Sequence[dict[str, Any]], *, documents: bool) -> Found:
    """Ask every agency about every subject."""
    result = Found()
    for config in founded.nodes:
        loaded, agency = load_config(config), config.parent.name
        result.agencies[agency] = Told()
        pool = await open_pool(loaded.config.index_dsn)
        try:
            forms: dict[str, bytes] = {row["key"]: row["form"] for row in await pool.fetch(_FORMS)}
            asker = Asker(agency, await Index.open(pool, loaded.secret_file), forms, result)
            for subject in subjects:
                await asker.ask(subject, _described(subject, documents=documents))
        finally:
            await pool.close()
    return result


def _described(subject: dict[str, Any], *, documents: bool) -> Form:
    given = {"names": subject["names"][:1], "born": subject["born"], "nationality": subject["nationality"]}
    if documents:
        given["documents"] = [" ".join(subject["passports"][0])]
    return prepare(read_person(given, ON))


def show(console: Console, title: str, rows: dict[str, Told]) -> None:
    """Print what was told, a row for each agency or kind."""
    table = Table(
        title, "true records", "strong", "possible", "none", "not retrieved", "recall", "others strong", "others"
    )
    for name, told in rows.items():
        true = told.true
        counts = (true.total(), true["strong"], true["possible"], true["none"], true[_NOT_RETRIEVED])
        others = (told.other["strong"], told.other["possible"])
        table.add_row(name, *map(str, counts), f"{told.recall:.4f}", *map(str, others))
    console.print(table)


async def run(options: argparse.Namespace, console: Console) -> Report:
    """Found the demo's agencies, ask them, and tell how it stands."""
    folder = Path(tempfile.mkdtemp(prefix="simpul-calibration-", dir="/var/tmp"))  # REASON: see bench.fanout
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    cluster = Cluster.start(folder / "cluster")
    report = Report("calibration")
    try:
        founded = await found(folder / "federation", cluster, options.people, lambda _: None)
        lines = [json.loads(line) for line in founded.truth.open(encoding="utf-8")]
        held = [line for line in lines if line["records"] and not line["protected"]]
        subjects = random.Random(3).sample(held, min(options.asked, len(held)))  # REASON: a draw, not a secret
        for label, documents in (("", False), ("with_document_", True)):
            _report(report, label, await ask_all(founded, subjects, documents=documents), console, options.plot)
    finally:
        cluster.stop()
    report.correct = report.facts["recall"] > 0.9 and report.facts["strong_precision"] > 0.9
    return report


def _report(report: Report, label: str, result: Found, console: Console, plot: Path) -> None:
    whole = result.all
    told = [each for each in result.scores if each[0] >= 0.2]
    report.facts |= {
        f"{label}recall": round(whole.recall, 4),
        f"{label}strong_precision": round(whole.precision("strong"), 5),
        f"{label}possible_precision": round(whole.precision("possible"), 4),
        f"{label}calibration_error": round(expected_error(result.scores), 4),
        f"{label}calibration_error_told": round(expected_error(told), 4),
    }
    asked = "name, birth, nationality" + (", newest passport" if label else "")
    show(console, asked, {**result.agencies, "all": whole})
    show(console, asked, result.noise)
    points = reliability(result.scores)
    panel = Panel(
        title="share of true records, by score",
        x=[round(predicted, 3) for predicted, _, _ in points],
        lines={"observed": [observed for _, observed, _ in points], "said": [predicted for predicted, _, _ in points]},
    )
    write_svg(plot.with_stem(f"{plot.stem}{'-document' if label else ''}"), f"Reliability: {asked}", "score", [panel])
    table = Table("score, mean", "share of true records", "candidates")
    for predicted, observed, count in points:
        table.add_row(f"{predicted:.3f}", f"{observed:.3f}", str(count))
    console.print(table)


def main() -> int:
    """Run, print, and end with 1 only where what is told is plainly wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.calibration", description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--asked", type=int, default=2_000)
    parser.add_argument("--plot", type=Path, default=DRAWN / "calibration.svg")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    console = Console(width=150)
    return conclude(run(options, console), console, options.json)


if __name__ == "__main__":
    sys.exit(main())
