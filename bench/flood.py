"""What a flood by one member leaves to another: an officer asks at a steady rate before, during and after each kind.

Usage: python -m bench.flood [--count N] [--repeats N] [--only WORD] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import uvloop
from rich.console import Console
from rich.table import Table

from tests.federation import make_templates
from tests.postgres import Server
from tests.scenarios.flooding import CONNECTIONS, Flood
from tests.scenarios.steady import Latencies, Steady, memory_mb, steady

_RECOVERY_SECONDS = 2.0


async def run(count: int, repeats: int, only: str, folder: Path, server: Server, table: Table) -> dict[str, Any]:
    """Take every flood in turn; returns the points, and whether every answer was right."""
    points: list[dict[str, Any]] = []
    async with steady(folder, server) as asked:
        await asked.ask(count // 4)
        floods: Sequence[tuple[str, str, list[bytes], int]] = (
            ("connections", "1,000 connections", [], CONNECTIONS * 9 // 10),
            ("half_open", "1,000 without TLS", [], CONNECTIONS * 9 // 10),
            ("slow", "32 slow readers", asked.signed(16), 60),
            ("frames", "signed frames, 1/ms", asked.signed(), 500),
            ("frames", "rubbish frames, 1/ms", asked.rubbish(), 500),
        )
        for kind, label, frames, begun in floods:
            if only not in label:
                continue
            points.append(await _point(asked, (kind, label, frames, begun), count, repeats))
            _row(table, points[-1])
    return {"name": "flood", "correct": all(not point["wrong"] for point in points), "points": points, "facts": {}}


async def _point(asked: Steady, flood: tuple[str, str, list[bytes], int], count: int, repeats: int) -> dict[str, Any]:
    kind, label, frames, begun = flood
    floors, floods, afters = [], [], []
    memory, flooded, done = memory_mb(asked.node), 0.0, 0
    for _ in range(repeats):
        floors.append(await asked.ask(count))
        async with Flood(kind, asked.door, frames) as flooding:
            await flooding.until(begun)
            floods.append(await asked.ask(count))
            done, flooded = done + flooding.done, max(flooded, memory_mb(asked.node))
        await asyncio.sleep(_RECOVERY_SECONDS)
        afters.append(await asked.ask(count))
    floor, during, after = (_together(part) for part in (floors, floods, afters))
    return {
        "label": label,
        "unit": "ms at p99",
        **_percentiles("floor", floor),
        **_percentiles("ours", during),
        **_percentiles("after", after),
        "ratio": round(during.percentile(0.99) / floor.percentile(0.99), 2),
        "wrong": floor.wrong + during.wrong + after.wrong,
        "done": done,
        "node_mb": f"{memory:.0f} to {flooded:.0f}",
    }


def _together(parts: Sequence[Latencies]) -> Latencies:
    return Latencies([one for part in parts for one in part.millis], sum(part.wrong for part in parts))


def _percentiles(name: str, told: Latencies) -> dict[str, float]:
    return {f"{name}_p50": round(told.percentile(0.5), 1), name: round(told.percentile(0.99), 1)}


def _row(table: Table, point: dict[str, Any]) -> None:
    keys = (
        "label",
        "floor_p50",
        "floor",
        "ours_p50",
        "ours",
        "ratio",
        "after_p50",
        "after",
        "done",
        "node_mb",
        "wrong",
    )
    table.add_row(*(str(point[key]) for key in keys))


def main() -> int:
    """Run, print, and end with 1 only where a result was wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.flood", description=__doc__)
    parser.add_argument("--count", type=int, default=40)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", default="", help="the floods whose label holds this")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    logging.getLogger("grpc").setLevel(logging.CRITICAL)
    table = Table(
        "flood",
        "floor p50",
        "floor p99",
        "flood p50",
        "flood p99",
        "ratio",
        "after p50",
        "after p99",
        "done",
        "MB",
        "wrong",
    )
    server = Server.start()
    try:
        make_templates(server)
        with tempfile.TemporaryDirectory(prefix="simpul-flood-") as folder:
            report = uvloop.run(run(options.count, options.repeats, options.only, Path(folder), server, table))
    finally:
        server.stop()
    Console(width=132).print(table)
    if options.json:
        options.json.write_text(json.dumps(report, indent=2))
    return 0 if report["correct"] else 1


if __name__ == "__main__":
    sys.exit(main())
