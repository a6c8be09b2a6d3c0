"""One node with more and more records: how fast its index is built, what a look-up takes, and what memory both need."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from bench.floor import timed
from bench.ledger import resident_mb
from bench.offices import Offices, written
from bench.plot import Panel
from bench.points import Report
from bench.progress import tell
from deploy.demo.cluster import Cluster
from deploy.demo.founding import SEED
from deploy.demo.population.generate import population
from deploy.demo.population.individual import Individual
from deploy.demo.processes import Processes
from deploy.demo.province import ASKER
from federation.calling.channels import TlsIdentity
from federation.instant import system_clock
from federation.serving.member import open_pool
from matching.describe import describe
from matching.form import Form, prepare
from node.config import load_config
from node.records.index import Index

_SUBJECTS: Final = 400
_LOOK_UPS: Final = 400
_REPEATS: Final = 3
_KEYS: Final = 10
_SAMPLE: Final = "SELECT key FROM simpul_index.match_key ORDER BY random() LIMIT 4000"
_BARE: Final = """
SELECT k.rec FROM unnest($1::int8[]) AS u (key)
CROSS JOIN LATERAL (SELECT rec FROM simpul_index.match_key WHERE key = u.key LIMIT 50) AS k"""
INDEX_SIZE: Final = """
SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = 'simpul_index' AND c.relkind = 'r'"""


@dataclass(slots=True)
class Kept:
    """Every so-many-th of the people that pass, to be asked about later."""

    every: int
    people: list[Individual] = field(default_factory=list)

    def passing(self, people: Iterable[Individual]) -> Iterator[Individual]:
        """The same people."""
        for one in people:
            if one.number % self.every == 0:
                self.people.append(one)
            yield one


@dataclass(slots=True)
class LookUps:
    """Look-ups of one subject each, in turn; `found` counts those whose own record was among the candidates."""

    index: Index
    subjects: Iterator[tuple[str, Form]]
    done: int = 0
    found: int = 0
    candidates: int = 0

    async def one(self) -> None:
        """One group of one subject, as a node makes it for a query."""
        reference, form = next(self.subjects)
        (candidates,) = await self.index.candidates([form])
        self.done += 1
        self.candidates += len(candidates)
        self.found += any(candidate.reference == reference for candidate in candidates)


async def measure_records(
    sizes: Sequence[int], folder: Path, cluster: Cluster, report: Report, console: Console
) -> list[Panel]:
    """Fill, index and look up offices of these sizes; add the points and facts, and return the panels."""
    made = await Offices.found(folder, cluster, [f"kantor{size}" for size in sizes])
    lines: dict[str, list[float]] = {}
    for size in sizes:
        office = f"kantor{size}"
        kept = Kept(max(1, size // _SUBJECTS))
        await made.fill(office, kept.passing(population(SEED, size, system_clock().date())))
        found = await asyncio.to_thread(_built, made.config(office))
        async with _served(made, office) as number:
            found |= await _looked_up(made, office, kept.people, (f"records={size}", report))
            found["node_mb"] = round(resident_mb(number), 1)
        tell(console, report.points[-1:])
        for name, value in found.items():
            report.facts[f"{name}_r{size}"] = value
            lines.setdefault(name, []).append(value)
    panels = {
        "one subject's look-up, milliseconds": ("look_up_p50_ms", "look_up_p95_ms", "bare_p50_ms"),
        "records indexed a second": ("indexed_per_second",),
        "memory in MB": ("node_mb", "build_most_mb"),
        "index on disk in MB": ("index_mb",),
    }
    return [
        Panel(title=title, x=sizes, lines={name: lines[name] for name in names}, each=True)
        for title, names in panels.items()
    ]


def _built(config: Path) -> dict[str, float]:
    """Build an index by its command; how fast, and the most memory that it took."""
    arguments = [sys.executable, "-m", "node.cli", "index", "--config", str(config), "--json"]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, start_new_session=True)
    output = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"the index of {config} was not built")
    told: dict[str, Any] = json.loads(output)
    return {
        "index_s": round(told["seconds"], 1),
        "indexed_per_second": round(told["records"] / told["seconds"]),
        "build_most_mb": round(usage.ru_maxrss / 1024, 1),
    }


async def _looked_up(
    made: Offices, office: str, people: Sequence[Individual], into: tuple[str, Report]
) -> dict[str, float]:
    """Look-ups beside bare statements of ten keys each on the same table and pool, in turn, one at a time."""
    label, report = into
    loaded = load_config(made.config(office))
    pool = await open_pool(loaded.config.index_dsn)
    try:
        keys = [row["key"] for row in await pool.fetch(_SAMPLE)]
        size = float(await pool.fetchval(INDEX_SIZE))
        look_ups = LookUps(await Index.open(pool, loaded.secret_file), itertools.cycle(_subjects(people)))
        chance = random.Random(SEED)

        async def bare() -> None:
            await pool.fetch(_BARE, chance.sample(keys, _KEYS))

        await timed(look_ups.one, 1, 50)
        floors, ours = [], []
        for _ in range(_REPEATS):
            floors.append(await timed(bare, 1, _LOOK_UPS))
            ours.append(await timed(look_ups.one, 1, _LOOK_UPS))
    finally:
        await pool.close()
    report.add(label, "look-ups/s", floors, ours)
    report.correct &= look_ups.found >= 0.95 * look_ups.done
    middle = sorted(ours, key=lambda run: run.percentile(0.95))[_REPEATS // 2]
    return {
        "look_up_p50_ms": round(middle.percentile(0.5), 2),
        "look_up_p95_ms": round(middle.percentile(0.95), 2),
        "bare_p50_ms": round(sorted(run.percentile(0.5) for run in floors)[_REPEATS // 2], 2),
        "candidates": round(look_ups.candidates / look_ups.done, 1),
        "own_record_found": round(look_ups.found / look_ups.done, 4),
        "index_mb": round(size / 2**20, 1),
    }


def _subjects(people: Sequence[Individual]) -> list[tuple[str, Form]]:
    return [
        (
            str(one.number),
            prepare(describe(names=[written(one)], born=one.born.isoformat(), nationality=one.nationality)),
        )
        for one in people
    ]


@asynccontextmanager
async def _served(made: Offices, office: str) -> AsyncIterator[int]:
    """The office's node as a process of its own; yields its number."""
    config = made.config(office)
    processes = Processes(made.federation.root / "telemetry")
    member = made.federation.member(ASKER)
    identity = TlsIdentity.from_files(member.tls_certificate, member.tls_key)
    processes.start("node", config)
    try:
        enrolled = made.federation.open_roster().statement.member(office)
        await processes.until_healthy(enrolled, "node", identity)
        yield processes.numbers[0]
    finally:
        processes.stop()
