"""How cost grows: with the nodes that a query asks, 1 to 64, and with the records that one node looks through.

Usage: python -m bench.growth [--small] [--only nodes|records] [--nodes 1,2,4] [--records 10000,100000]
[--plots FOLDER] [--json FILE]

All nodes run in one process here, and so do the echo nodes of the floor; the coordinator has a process of its own. Two
cores are shared by all of them, so a query that asks twice as many nodes costs twice as much at best.
"""

from __future__ import annotations

import argparse
import asyncio
import atexit
import itertools
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import grpc
from rich.console import Console

from bench.ending import end_well
from bench.fanout import make_officer
from bench.floor import Floor, timed
from bench.ledger import resident_mb
from bench.lookups import measure_records
from bench.offices import Offices, written
from bench.plot import DRAWN, Panel, write_svg
from bench.points import Report, conclude
from bench.progress import tell
from coordinator.acceptance import Accepted
from coordinator.cli import asking
from coordinator.cli.officer import Officer
from deploy.demo.cluster import Cluster
from deploy.demo.founding import SEED
from deploy.demo.population.generate import population
from deploy.demo.population.individual import Individual
from deploy.demo.processes import Processes
from deploy.demo.province import ASKER, COORDINATOR
from federation.answer import Answer
from federation.calling.channels import TlsIdentity, ca_pem, open_channel
from federation.instant import system_clock
from federation.wire.envelope import encode_envelope
from matching.describe import describe
from node.cli.indexing import index_records
from node.config import load_config

CONCURRENCIES: Final = (1, 8)
CONNECTIONS: Final = 1000
_ASK_SECONDS: Final = 120.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How far a run goes."""

    nodes: Sequence[int]
    people: int
    repeats: int
    records: Sequence[int]


FULL: Final = Scale(nodes=(1, 2, 4, 8, 16, 32, 64), people=1000, repeats=3, records=(10_000, 100_000, 1_000_000))
SMALL: Final = Scale(nodes=(1, 2, 4, 8), people=300, repeats=1, records=(1_000, 10_000))


class Asker:
    """An officer with a warm channel who asks some of the offices, and knows which of them hold whom."""

    def __init__(
        self, officer: Officer, channel: grpc.aio.Channel, people: Sequence[Individual], audience: Sequence[str]
    ) -> None:
        self._officer = officer
        self._opener = officer.opener()
        self._channel = channel
        self._people = itertools.cycle(people)
        self._audience = tuple(audience)
        self.held = self.matched = self.silences = 0
        self.sizes: list[tuple[int, int]] = []

    async def ask(self) -> None:
        """One query, every reply to it verified and held against the truth."""
        one = next(self._people)
        person = describe(names=[written(one)], born=one.born.isoformat(), nationality=one.nationality)
        wish = asking.Wish(
            purpose="joint_operation",
            case_reference="UKUR-1",
            disclosure_class="fields",
            subjects=(person,),
            audience=self._audience,
        )
        envelope = asking.sign(asking.make_query(wish, self._officer, system_clock()), self._officer)
        self.held += sum(holds(at, one) for at in range(len(self._audience)))
        async for told in asking.ask_over(self._channel, envelope, self._opener, COORDINATOR, _ASK_SECONDS):
            if isinstance(told, Accepted):
                answer = told.reply.statement
                found = isinstance(answer, Answer) and any(said.band != "none" for said in answer.subjects)
                self.matched += found and holds(self._audience.index(told.member), one)
                replied = len(encode_envelope(told.reply.envelope)) + len(told.receipt.entry) + 300
                self.sizes.append((len(encode_envelope(envelope)) + 1100, replied))
            elif not isinstance(told, asking.Final):
                self.silences += 1


def holds(office: int, one: Individual) -> bool:
    """Whether an office, by its place, holds a person: every office holds half of them, each another half."""
    return bool((one.seed >> office % 16) & 1) or one.number % 97 == office


async def measure_nodes(scale: Scale, folder: Path, cluster: Cluster, report: Report, console: Console) -> list[Panel]:
    """Ask 1, 2, 4 ... offices, beside a bare fan-out to as many echo nodes; add the points, and return the panels."""
    offices = [f"kantor{at:02}" for at in range(max(scale.nodes))]
    made = await Offices.found(folder, cluster, offices)
    people = list(population(SEED, scale.people, system_clock().date()))
    for at, office in enumerate(offices):
        await made.fill(office, (one for one in people if holds(at, one)))
        await index_records(load_config(made.config(office)), system_clock(), show=False)
    officer = make_officer(made.founded, folder / "officer", 0)
    lines: dict[str, list[float]] = {}
    for count in scale.nodes:
        async with _serving(made, offices[:count]) as numbers:
            before = len(report.points)
            await _asked(scale, made, officer, (offices[:count], people), report)
            _draw(lines, report, before, numbers)
            tell(console, report.points[before:])
            report.facts[f"node_process_mb_n{count}"] = lines["all nodes"][-1]
            report.facts[f"coordinator_mb_n{count}"] = lines["coordinator"][-1]
    rates = {name: lines[name] for name in ("queries", "bare fan-out")}
    delays = {name: lines[name] for name in ("query p50", "query p99", "bare p50")}
    return [
        Panel(title="queries a second, 8 at a time", x=scale.nodes, lines=rates, each=True),
        Panel(title="milliseconds, one at a time", x=scale.nodes, lines=delays, each=True),
        Panel(
            title="memory in MB",
            x=scale.nodes,
            lines={name: lines[name] for name in ("all nodes", "coordinator")},
            each=True,
        ),
    ]


async def _asked(
    scale: Scale,
    made: Offices,
    officer: Officer,
    asked: tuple[Sequence[str], Sequence[Individual]],
    report: Report,
) -> None:
    """The points of one number of nodes: floor and ours in turn, at each concurrency."""
    audience, people = asked
    roster = made.federation.open_roster().statement
    member = made.federation.member(ASKER)
    roots = made.federation.root / "roots.pem"
    roots.write_bytes(ca_pem(roster.member(ASKER).tls_ca))
    count = max(24, 240 // len(audience))
    async with open_channel(roster.member(COORDINATOR), "coordinator", officer.identity()) as channel:
        warming = Asker(officer, channel, people, audience)
        await timed(warming.ask, 4, 16)
        question, reply = (int(statistics.median(sizes)) for sizes in zip(*warming.sizes, strict=True))
        asker = Asker(officer, channel, people, audience)
        identity = (member.tls_certificate, member.tls_key, roots)
        async with Floor(len(audience), identity, question, reply, together=True) as floor:
            for concurrency in CONCURRENCIES:
                bare, ours = [], []
                for _ in range(scale.repeats):
                    bare.append(await timed(floor.unary, concurrency, count))
                    ours.append(await timed(asker.ask, concurrency, count))
                report.add(f"nodes={len(audience)} c={concurrency}", "queries/s", bare, ours)
    recall = asker.matched / max(1, asker.held)
    report.facts[f"recall_n{len(audience)}"] = round(recall, 4)
    report.correct &= recall >= 0.95 and asker.silences == 0


def _draw(lines: dict[str, list[float]], report: Report, before: int, numbers: tuple[int, int]) -> None:
    alone, many = report.points[before:]
    values = {
        "queries": many.ours,
        "bare fan-out": many.floor,
        "query p50": alone.p50_ms,
        "query p99": alone.p99_ms,
        "bare p50": alone.floor_p50_ms,
        "all nodes": round(resident_mb(numbers[0]), 1),
        "coordinator": round(resident_mb(numbers[1]), 1),
    }
    for name, value in values.items():
        if value is not None:
            lines.setdefault(name, []).append(value)


@asynccontextmanager
async def _serving(made: Offices, offices: Sequence[str]) -> AsyncIterator[tuple[int, int]]:
    """So many nodes in one process, and a coordinator of their own; yields the process numbers."""
    root = made.federation.root
    processes = Processes(root / "telemetry")
    roster = made.federation.open_roster().statement
    member = made.federation.member(ASKER)
    identity = TlsIdentity.from_files(member.tls_certificate, member.tls_key)
    with (root / "telemetry" / "offices.log").open("ab") as errors:
        nodes = subprocess.Popen(
            [sys.executable, "-m", "bench.offices", str(root), *offices],
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
        )
    try:
        if nodes.stdout is None or await asyncio.to_thread(nodes.stdout.readline) != b"ready\n":
            raise RuntimeError("the nodes did not start: " + (root / "telemetry" / "offices.log").read_text()[-2000:])
        processes.start("coordinator", made.config(COORDINATOR))
        await processes.until_healthy(roster.member(COORDINATOR), "coordinator", identity)
        yield nodes.pid, processes.numbers[0]
    finally:
        processes.stop()
        nodes.terminate()
        nodes.wait()


async def run(options: argparse.Namespace, console: Console) -> Report:
    """Measure what is wanted, each in a database server of its own, and draw it."""
    end_well()
    scale = SMALL if options.small else FULL
    scale = replace(scale, nodes=options.nodes or scale.nodes, records=options.records or scale.records)
    report = Report("growth")
    works: dict[str, tuple[str, Any]] = {
        "nodes": ("One query to so many nodes", lambda *rest: measure_nodes(scale, *rest)),
        "records": ("One node with so many records", lambda *rest: measure_records(scale.records, *rest)),
    }
    for name in options.only or works:
        title, work = works[name]
        folder = Path(tempfile.mkdtemp(prefix="simpul-growth-", dir="/var/tmp"))  # REASON: see bench.fanout
        folder.chmod(0o755)
        atexit.register(shutil.rmtree, folder, ignore_errors=True)  # once the embedded server is done with it
        cluster = Cluster.start(folder / "cluster", connections=CONNECTIONS)
        try:
            panels = await work(folder / "federation", cluster, report, console)
        finally:
            cluster.stop()
        path = options.plots / f"growth-{name}.svg"
        write_svg(path, title, name, panels)
        console.print(f"plot: {path}", highlight=False)
    return report


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--small", action="store_true", help="1 to 8 nodes and 1,000 to 10,000 records")
    parser.add_argument("--only", choices=["nodes", "records"], action="append")
    parser.add_argument("--nodes", type=_numbers, help="how many nodes; default 1 to 64")
    parser.add_argument("--records", type=_numbers, help="how many records; default 10,000 to 1,000,000")
    parser.add_argument("--plots", type=Path, default=DRAWN)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def main() -> int:
    """Run, print, and end with 1 only where a result was wrong."""
    options = _options()
    console = Console(width=132)
    return conclude(run(options, console), console, options.json)


if __name__ == "__main__":
    sys.exit(main())
