"""A benchmark's points: a floor and ours taken in turn, told as a table and as JSON."""

from __future__ import annotations

import asyncio
import json
import statistics
from collections.abc import Coroutine, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One timed run: how many a second, and the latency of each in milliseconds."""

    rate: float
    millis: Sequence[float]

    def percentile(self, share: float) -> float:
        """The latency below which a share of the runs lies."""
        ordered = sorted(self.millis)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One label: medians over the repeats, ours over its floor where it has one."""

    label: str
    unit: str
    floor: float | None
    ours: float
    ratio: float | None
    p50_ms: float
    p99_ms: float
    floor_p50_ms: float | None
    spread: str


@dataclass(slots=True)
class Report:
    """What a benchmark found; `correct` is about results, never about times."""

    name: str
    correct: bool = True
    points: list[Point] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def add(self, label: str, unit: str, floors: Sequence[Run], ours: Sequence[Run]) -> None:
        """Add a point of repeats that were taken in turn."""
        floor, own = statistics.median(run.rate for run in floors), statistics.median(run.rate for run in ours)
        rates = [run.rate for run in ours]
        self.points.append(
            Point(
                label=label,
                unit=unit,
                floor=round(floor, 1),
                ours=round(own, 1),
                ratio=round(own / floor, 3),
                p50_ms=round(statistics.median(run.percentile(0.5) for run in ours), 2),
                p99_ms=round(statistics.median(run.percentile(0.99) for run in ours), 2),
                floor_p50_ms=round(statistics.median(run.percentile(0.5) for run in floors), 2),
                spread=f"{min(rates):.1f}-{max(rates):.1f}",
            )
        )

    def show(self, console: Console) -> None:
        """Print the table, then the facts."""
        table = Table("point", "unit", "floor", "ours", "ratio", "p50 ms", "p99 ms", "floor p50", "ours, range")
        for point in self.points:
            table.add_row(*(str(value) for value in asdict(point).values()))
        console.print(table)
        for name, value in self.facts.items():
            console.print(f"{name}: {value}", highlight=False, markup=False)
        console.print("results correct" if self.correct else "RESULTS WRONG", style="bold")

    def write(self, path: Path) -> None:
        """Write the JSON form."""
        keys = ("label", "unit", "floor", "ours", "ratio", "p50_ms", "p99_ms")
        points = [{key: asdict(point)[key] for key in keys} for point in self.points]
        path.write_text(
            json.dumps({"name": self.name, "correct": self.correct, "points": points, "facts": self.facts}, indent=2)
        )


def conclude(work: Coroutine[Any, Any, Report], console: Console, json_file: Path | None) -> int:
    """Run a benchmark to its report, print it, write it; returns 1 only where a result was wrong."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        report = runner.run(work)
    report.show(console)
    if json_file:
        report.write(json_file)
    return 0 if report.correct else 1
