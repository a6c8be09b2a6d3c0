"""Whether a node's index finds the record that a query is about: recall, time and size, at 10^5 to 5 x 10^6 records.

Usage: python -m bench.retrieval [--small] [--sizes N ...] [--queries N] [--keep FOLDER] [--plot FILE] [--json FILE]

The register is invented in the run, from a seed; the queries are about its people, with errors (bench/registry.py).
"""

from __future__ import annotations

import argparse
import atexit
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import asyncpg
import msgspec
from rich.console import Console

from bench.lookups import INDEX_SIZE
from bench.plot import DRAWN, Panel, write_svg
from bench.points import Report, Run, conclude
from bench.progress import say
from bench.registry import TYPE, Asked, Register, asked
from deploy.demo.cluster import Cluster
from federation.serving.member import open_pool
from node.comparing import finding
from node.records.build import Builder, secret_of
from node.records.index import MAX_CANDIDATES, Index
from node.records.source import Source

_SIZES: Final = (100_000, 1_000_000, 5_000_000)
_NAMES: Final = {100_000: "100k", 1_000_000: "1m", 5_000_000: "5m"}
_SEED: Final = 7
_WARM: Final = 2_000
_LEAST_RECALL: Final = 0.95  # below it something is broken; the bar itself is told, not asserted


@dataclass(slots=True)
class Looked:
    """What look-ups found: by error, how many of the true records; and how long each took."""

    found: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    millis: list[float] = field(default_factory=list)
    judged_millis: list[float] = field(default_factory=list)
    candidates: list[int] = field(default_factory=list)
    told: int = 0

    def add(self, query: Asked, references: Sequence[str], seconds: float) -> None:
        """Count one look-up."""
        right = str(query.number) in references
        for error in ("all", *query.errors):
            self.asked[error] += 1
            self.found[error] += right
        self.millis.append(seconds * 1000)
        self.candidates.append(len(references))


async def measure(
    size: int, options: argparse.Namespace, cluster: Cluster, report: Report, console: Console
) -> dict[str, float]:
    """Build a register of `size` records and look it up; add facts, and return them."""
    name = f"register{size}"
    dsn, secret_file = cluster.admin_dsn(name), options.folder / f"{name}.secret"
    built = options.folder / f"{name}.json"
    if built.exists():
        facts = msgspec.json.decode(built.read_bytes(), type=dict[str, float])
    else:
        facts = await _build(cluster, name, secret_of(secret_file), size, console)
        built.write_bytes(msgspec.json.encode(facts))
    pool = await open_pool(dsn)
    try:
        began = time.perf_counter()
        index = await Index.open(pool, secret_file)
        facts["open_s"] = round(time.perf_counter() - began, 3)
        looked = await _look(index, list(asked(_SEED, size, options.queries + _WARM)))
        facts["index_mb"] = round(float(await pool.fetchval(INDEX_SIZE)) / 2**20, 1)
    finally:
        await pool.close()
    facts |= _facts(looked)
    report.correct &= facts["recall"] >= _LEAST_RECALL
    label = _NAMES.get(size, str(size))
    report.facts |= {f"{key}_{label}": value for key, value in facts.items()}
    for error, count in sorted(looked.asked.items()):
        report.facts[f"recall_{label}: {error}"] = f"{looked.found[error] / count:.4f} of {count}"
    say(console, f"{size} records: {facts}")
    return facts


async def _build(cluster: Cluster, name: str, secret: bytes, size: int, console: Console) -> dict[str, float]:
    admin = await asyncpg.connect(cluster.admin_dsn("postgres"))
    await admin.execute(f"DROP DATABASE IF EXISTS {name}")  # REASON: DDL takes no parameters; the name is ours
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    register = Register(_SEED, size)
    connection = await asyncpg.connect(cluster.admin_dsn(name))
    try:
        await connection.execute("CREATE SCHEMA simpul_index")
        began = time.perf_counter()

        def progress(done: int) -> None:
            if done % 500_000 == 0:
                say(console, f"{done} of {size} records, {time.perf_counter() - began:.0f} s")

        records = await Builder(connection, secret).build(cast(Source, register), register.at, progress)
    finally:
        await connection.close()
    seconds = time.perf_counter() - began
    return {"build_s": round(seconds, 1), "built_per_second": round(records / seconds)}


async def _look(index: Index, queries: Sequence[Asked]) -> Looked:
    looked = Looked()
    for place, query in enumerate(queries):
        if place == _WARM:
            looked = Looked()
        began = time.perf_counter()
        (candidates,) = await index.candidates([query.form])
        fetched = time.perf_counter()
        steps = finding(query.form, candidates, {TYPE: "comparison"}, index.model, index.population)
        told = _ended(steps)
        looked.judged_millis.append((time.perf_counter() - began) * 1000)
        looked.add(query, [each.reference for each in candidates], fetched - began)
        looked.told += any(each.reference == str(query.number) for each in told)
    return looked


def _ended(steps: Any) -> Any:
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            return ended.value


def _facts(looked: Looked) -> dict[str, float]:
    run, judged = Run(rate=0.0, millis=looked.millis), Run(rate=0.0, millis=looked.judged_millis)
    total = looked.asked["all"]
    cut = sum(count >= MAX_CANDIDATES for count in looked.candidates)
    return {
        "recall": round(looked.found["all"] / total, 4),
        "told": round(looked.told / total, 4),
        "p50_ms": round(run.percentile(0.5), 2),
        "p95_ms": round(run.percentile(0.95), 2),
        "candidates": round(sum(looked.candidates) / total, 1),
        "cut": round(cut / total, 4),
        "query_p50_ms": round(judged.percentile(0.5), 2),
        "query_p95_ms": round(judged.percentile(0.95), 2),
        "queries_per_second": round(1000 * total / sum(looked.judged_millis), 1),
    }


async def run(options: argparse.Namespace, console: Console) -> Report:
    """Measure each size in turn on one embedded server."""
    report = Report("retrieval")
    if options.keep:
        folder = options.keep
        folder.mkdir(exist_ok=True)
    else:
        folder = Path(tempfile.mkdtemp(prefix="simpul-retrieval-", dir="/var/tmp"))  # REASON: see bench.fanout
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    options.folder = folder
    cluster = Cluster.start(folder / "cluster")
    lines: dict[str, list[float]] = {}
    try:
        for size in options.sizes:
            for name, value in (await measure(size, options, cluster, report, console)).items():
                lines.setdefault(name, []).append(value)
    finally:
        cluster.stop()
    titles = {
        "recall of the true record among 300": ("recall",),
        "a look-up, milliseconds": ("p50_ms", "p95_ms"),
        "a whole query, compared, milliseconds": ("query_p50_ms", "query_p95_ms"),
        "index on disk, MB": ("index_mb",),
        "records indexed a second": ("built_per_second",),
    }
    panels = [
        Panel(title=title, x=options.sizes, lines={name: lines[name] for name in names}, each=True)
        for title, names in titles.items()
    ]
    write_svg(options.plot, "Looking up one person", "records", panels)
    return report


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.retrieval", description=__doc__)
    parser.add_argument("--small", action="store_true", help="stop at 10^5 records")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(_SIZES))
    parser.add_argument("--queries", type=int, default=3000)
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep what is built there, and use it next time")
    parser.add_argument("--plot", type=Path, default=DRAWN / "retrieval.svg")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    options.sizes = [size for size in options.sizes if size <= _SIZES[0]] if options.small else options.sizes
    return options


def main() -> int:
    """Run, print, and end with 1 only where records that should be found are not."""
    options = _options()
    console = Console(width=132)
    return conclude(run(options, console), console, options.json)


if __name__ == "__main__":
    sys.exit(main())
