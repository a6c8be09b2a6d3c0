"""Half an hour of mixed load with kills: what is acknowledged stays, and the federation comes back by itself.

Usage: python -m bench.soak [--minutes N] [--people N] [--seed N] [--plot FILE.svg] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg
import grpc
import uvloop
from rich.console import Console

from bench.fanout import CASE, OFFICERS, Subject, make_officer, subjects_of
from bench.ledger import with_metrics
from bench.plot import write_svg
from bench.points import Report
from bench.watching import Watch
from coordinator.acceptance import Accepted
from coordinator.cli import asking
from coordinator.cli.officer import Officer
from deploy.demo.auditing import run_audit
from deploy.demo.cluster import Cluster
from deploy.demo.founding import Founded, found
from deploy.demo.processes import Processes
from deploy.demo.province import ASKER, COORDINATOR
from federation.calling.channels import TlsIdentity, open_channel
from federation.envelope import Envelope
from federation.errors import FederationError
from federation.instant import system_clock
from matching.describe import describe

ASKING: Final = 6
KILL_EVERY: Final = 15.0
_GIVE_UP: Final = 90.0
_ALLOWED: Final = frozenset({"reply_late"})  # by design: a reply that came after its silence was logged
_KILL_SESSION: Final = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'simpul-log' AND datname = $1"""
_ENTRY: Final = "SELECT leaf FROM simpul.log_entry WHERE index = $1"


@dataclass(slots=True)
class Load:
    """Officers who ask without end, and all that was acknowledged to them."""

    officers: list[Officer]
    channels: list[grpc.aio.Channel]
    subjects: list[Subject]
    chance: random.Random
    seconds: list[tuple[float, float]] = field(default_factory=list)
    told: dict[tuple[str, int], bytes] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    ended: bool = False
    _known: list[tuple[int, Envelope]] = field(default_factory=list)

    async def ask_on(self, began: float) -> None:
        """Ask one query after another until the end is called, each until every member has replied."""
        turns = itertools.cycle(range(len(self.officers)))
        while not self.ended:
            turn = next(turns)
            if self._known and self.chance.random() < 0.1:
                turn, envelope = self.chance.choice(self._known)
                self.counts["asked_again"] += 1
            else:
                envelope = self._query(self.officers[turn])
                self._known = [*self._known[-500:], (turn, envelope)]
                self.counts["asked"] += 1
            started = time.perf_counter()
            if await self._pursue(turn, envelope):
                now = time.perf_counter()
                self.seconds.append((now - began, now - started))

    def _query(self, officer: Officer) -> Envelope:
        subject = self.chance.choice(self.subjects)
        purpose = "routine_oversight" if self.chance.random() < 0.2 else "joint_operation"
        wish = asking.Wish(
            purpose=purpose,
            case_reference=CASE,
            disclosure_class="fields",
            subjects=(describe(names=[subject.name], born=subject.born, nationality=subject.nationality),),
        )
        return asking.sign(asking.make_query(wish, officer, system_clock()), officer)

    async def _pursue(self, turn: int, envelope: Envelope) -> bool:
        """The same bytes again, until every member has replied; whatever fails meanwhile is counted."""
        wanted = set(asking_audience(self.officers[turn], envelope))
        give_up = time.perf_counter() + _GIVE_UP
        while wanted and time.perf_counter() < give_up:
            try:
                opener = self.officers[turn].opener()
                async for told in asking.ask_over(self.channels[turn], envelope, opener, COORDINATOR, 20.0):
                    if isinstance(told, Accepted):
                        self._acknowledged(told)
                        wanted.discard(told.member)
            except FederationError as error:
                self.counts[type(error).__name__] += 1
                await asyncio.sleep(0.3)
        self.counts["given_up"] += bool(wanted)
        return not wanted

    def _acknowledged(self, told: Accepted) -> None:
        key = told.member, told.receipt.index
        if self.told.setdefault(key, told.receipt.entry) != told.receipt.entry:
            self.counts["contradicted"] += 1


def asking_audience(officer: Officer, envelope: Envelope) -> tuple[str, ...]:
    """Whom a signed query asks."""
    return officer.opener().query(envelope, countersigned=False).statement.audience


@dataclass(slots=True)
class Killer:
    """Kills a process, or a database session, now and then, and starts again what it killed."""

    founded: Founded
    processes: Processes
    cluster: Cluster
    chance: random.Random
    marks: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    async def go_on(self, began: float, until: float) -> None:
        """Kill every quarter of a minute or so, until half a minute before the end."""
        while (now := time.perf_counter()) + 30 < until:
            await asyncio.sleep(min(KILL_EVERY * self.chance.uniform(0.7, 1.3), until - now))
            kind = self.chance.choice(["node", "node", "coordinator", "session", "session"])
            self.marks.append(time.perf_counter() - began)
            self.counts[f"killed_{kind}"] += 1
            await self._kill(kind)

    async def _kill(self, kind: str) -> None:
        config = self.founded.coordinator if kind == "coordinator" else self.chance.choice(self.founded.nodes)
        if kind == "session":
            connection = await asyncpg.connect(self.cluster.admin_dsn(config.parent.name))
            await connection.execute(_KILL_SESSION, config.parent.name)
            await connection.close()
            return
        self.processes.kill(config)
        await asyncio.sleep(self.chance.uniform(0.0, 2.0))
        self.processes.start(kind, config)


async def run(options: argparse.Namespace, console: Console) -> Report:
    """Bring a federation up, load it, kill in it, and hold what was acknowledged against the logs."""
    folder = Path(tempfile.mkdtemp(prefix="simpul-soak-", dir="/var/tmp"))  # REASON: see bench.fanout
    folder.chmod(0o755)
    cluster = Cluster.start(folder / "cluster")
    processes = Processes(folder / "telemetry")
    try:
        founded = await found(folder / "federation", cluster, options.people, lambda _: None)
        watch = Watch(
            processes,
            metrics={"node": with_metrics(founded.nodes[0]), "coordinator": with_metrics(founded.coordinator)},
            members={"node": founded.nodes[0], "coordinator": founded.coordinator},
        )
        await _start(founded, processes)
        report, load = await _soak(options, founded, (folder, cluster, processes), watch, console)
        report.correct &= await _accounted_for(load, report, founded, cluster)
    finally:
        processes.stop()
        cluster.stop()
        shutil.rmtree(folder)
    return report


async def _soak(
    options: argparse.Namespace,
    founded: Founded,
    parts: tuple[Path, Cluster, Processes],
    watch: Watch,
    console: Console,
) -> tuple[Report, Load]:
    folder, cluster, processes = parts
    chance = random.Random(options.seed)  # REASON: an order that can be had again, not a secret
    officers = [make_officer(founded, folder / f"officer-{n}", n) for n in range(OFFICERS)]
    coordinator = founded.federation.open_roster().statement.member(COORDINATOR)
    channels = [open_channel(coordinator, "coordinator", officer.identity()) for officer in officers]
    load = Load(officers, channels, subjects_of(founded, options.people), chance)
    killer = Killer(founded, processes, cluster, chance)
    began = time.perf_counter()
    until = began + options.minutes * 60
    askers = [asyncio.create_task(load.ask_on(began)) for _ in range(ASKING)]
    watching = asyncio.create_task(watch.go_on(began, lambda: len(load.seconds)))
    await killer.go_on(began, until)
    await asyncio.sleep(max(0.0, until - time.perf_counter()))
    load.ended = True
    await asyncio.gather(*askers)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    for channel in channels:
        await channel.close(None)
    return _report(options, load, killer, watch, console), load


def _report(options: argparse.Namespace, load: Load, killer: Killer, watch: Watch, console: Console) -> Report:
    report = Report("soak")
    report.correct = load.counts["contradicted"] == load.counts["given_up"] == 0
    times = sorted(seconds for _, seconds in load.seconds)
    report.facts |= {"minutes": options.minutes, "queries": len(times), "replies": len(load.told)}
    report.facts |= dict(load.counts) | dict(killer.counts)
    report.facts |= {
        "queries_per_second": round(len(times) / (options.minutes * 60), 2),
        "p50_ms": round(statistics.median(times) * 1000, 1),
        "p99_ms": round(times[int(len(times) * 0.99)] * 1000, 1),
        "longest_ms": round(times[-1] * 1000, 1),
    }
    report.facts |= watch.facts()
    if options.plot:
        write_svg(
            options.plot, "Mixed load with kills", "seconds; grey: a kill", watch.panels(load.seconds), killer.marks
        )
        console.print(f"plot: {options.plot}")
    return report


async def _accounted_for(load: Load, report: Report, founded: Founded, cluster: Cluster) -> bool:
    """Whether every reply acknowledged is in its node's log, and the audit finds nothing that kills do not cause."""
    missing = 0
    for member in {member for member, _ in load.told}:
        connection = await asyncpg.connect(cluster.admin_dsn(member))
        for (of, index), entry in load.told.items():
            missing += of == member and await connection.fetchval(_ENTRY, index) != entry
        await connection.close()
    audit = await run_audit(founded.auditor, Console(quiet=True))
    kinds = Counter(finding.kind for finding in audit.findings)
    report.facts |= {"acknowledged_and_missing": missing, "findings": json.dumps(kinds)}
    return missing == 0 and set(kinds) <= _ALLOWED


async def _start(founded: Founded, processes: Processes) -> None:
    roster = founded.federation.open_roster().statement
    member = founded.federation.member(ASKER)
    identity = TlsIdentity.from_files(member.tls_certificate, member.tls_key)
    for config in founded.nodes:
        processes.start("node", config)
    processes.start("coordinator", founded.coordinator)
    for config in founded.nodes:
        await processes.until_healthy(roster.member(config.parent.name), "node", identity)
    await processes.until_healthy(roster.member(COORDINATOR), "coordinator", identity)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def main() -> int:
    """Run, print, and end with 1 only where something acknowledged was lost or a query never came to its end."""
    options = _options()
    console = Console(width=132)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        report = runner.run(run(options, console))
    report.show(console)
    if options.json:
        report.write(options.json)
    return 0 if report.correct else 1


if __name__ == "__main__":
    sys.exit(main())
