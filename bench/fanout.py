"""A real federated query beside the bare fan-outs of the same federation, in one run.

Usage: python -m bench.fanout [--people N] [--repeats N] [--count N] [--json FILE]
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from rich.console import Console

from bench.floor import Floor, timed
from bench.ledger import Ledger, Spent, read_steps, resident_mb, show_spent, show_steps, with_metrics
from bench.points import Report, conclude
from coordinator.acceptance import Accepted
from coordinator.cli import asking
from coordinator.cli.officer import Officer
from deploy.ceremony.officers import OfficerPlan, issue_officer
from deploy.demo.auditing import run_audit
from deploy.demo.cluster import Cluster
from deploy.demo.founding import Founded, found
from deploy.demo.processes import Processes
from deploy.demo.province import ASKER, COORDINATOR
from federation.answer import Answer
from federation.calling.channels import TlsIdentity, ca_pem, open_channel
from federation.instant import system_clock
from federation.seal import Opener
from federation.wire.envelope import encode_envelope
from matching.describe import describe

CASE = "IMI.5-GR.03.02-2134"
OFFICERS = 20
CONCURRENCIES = (1, 8, 32)


@dataclass(frozen=True, slots=True)
class Subject:
    """A person of the truth file, and the agencies that hold a record of theirs."""

    name: str
    born: str
    nationality: str
    held: frozenset[str]


class Askers:
    """Twenty officers with warm channels, asking about one distinct subject after another."""

    def __init__(self, officers: list[Officer], channels: list[grpc.aio.Channel], subjects: list[Subject]) -> None:
        self._turns = itertools.cycle(
            [(officer, officer.opener(), channel) for officer, channel in zip(officers, channels, strict=True)]
        )
        self._subjects = iter(subjects)
        self.held = 0
        self.matched = 0
        self.silences = 0
        self.questions: list[int] = []
        self.replies: list[int] = []

    async def ask(self) -> None:
        """One query, every reply to it verified and held against the truth."""
        officer, opener, channel = next(self._turns)
        subject = next(self._subjects)
        person = describe(names=[subject.name], born=subject.born, nationality=subject.nationality)
        now = system_clock()
        wish = asking.Wish(
            purpose="joint_operation", case_reference=CASE, disclosure_class="fields", subjects=(person,)
        )
        envelope = asking.sign(asking.make_query(wish, officer, now), officer)
        matched = await self._outcomes(channel, envelope, opener)
        self.questions.append(len(encode_envelope(envelope)) + 1100)
        self.held += len(subject.held)
        self.matched += len(subject.held & matched)

    async def _outcomes(self, channel: grpc.aio.Channel, envelope: Any, opener: Opener) -> set[str]:
        matched: set[str] = set()
        async for told in asking.ask_over(channel, envelope, opener, COORDINATOR, 60.0):
            if isinstance(told, asking.Final):
                continue
            if not isinstance(told, Accepted):
                self.silences += 1
                continue
            self.replies.append(len(encode_envelope(told.reply.envelope)) + len(told.receipt.entry) + 300)
            answer = told.reply.statement
            if isinstance(answer, Answer) and any(said.band != "none" for said in answer.subjects):
                matched.add(told.member)
        return matched


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One concurrency: floors and ours in turn, so many times."""

    label: str
    concurrency: int
    count: int
    repeats: int

    async def take(self, report: Report, floor: Floor, askers: Askers, ledger: Ledger) -> Spent:
        """Add the point to the report; returns the CPU of the median repeat."""
        unary, framed, ours, costs = [], [], [], []
        for _ in range(self.repeats):
            unary.append(await timed(floor.unary, self.concurrency, self.count))
            framed.append(await timed(floor.framed, self.concurrency, self.count))
            before = ledger.read()
            ours.append(await timed(askers.ask, self.concurrency, self.count))
            costs.append(ledger.spent(before, ledger.read(), self.count))
        report.add(self.label, "queries/s", unary, ours)
        spent = sorted(costs, key=lambda cost: cost.total)[len(costs) // 2]
        report.facts[f"framed_floor_c{self.concurrency}"] = round(statistics.median(run.rate for run in framed), 1)
        report.facts[f"cpu_ms_c{self.concurrency}"] = round(spent.total, 1)
        return spent


async def run(options: argparse.Namespace, console: Console) -> Report:
    """Bring up a federation, take floor and ours in turn, audit, and report."""
    # REASON: the embedded server runs as a user of its own, who must be able to walk to its data
    folder = Path(tempfile.mkdtemp(prefix="simpul-bench-", dir="/var/tmp"))
    folder.chmod(0o755)
    cluster = Cluster.start(folder / "cluster")
    processes = Processes(folder / "telemetry")
    try:
        founded = await found(folder / "federation", cluster, options.people, lambda _: None)
        metrics = with_metrics(founded.nodes[0])
        starts = await _start(founded, processes)
        bookkeeper = Ledger(processes.numbers, folder / "cluster" / "data"), metrics
        report = await _measure(options, founded, folder, console, bookkeeper)
        report.facts |= {"node_start_s": starts, **_memory(processes)}
        audit = await run_audit(founded.auditor, Console(quiet=True))
        report.facts["audit_findings"] = len(audit.faults)
        report.correct = report.correct and audit.exit_code == 0
    finally:
        processes.stop()
        cluster.stop()
        shutil.rmtree(folder)
    return report


async def _measure(
    options: argparse.Namespace, founded: Founded, folder: Path, console: Console, books: tuple[Ledger, str]
) -> Report:
    report = Report("fanout")
    ledger, metrics = books
    spent: dict[str, Spent] = {}
    member = founded.federation.member(ASKER)
    officers = [make_officer(founded, folder / f"officer-{i}", i) for i in range(OFFICERS)]
    coordinator = founded.federation.open_roster().statement.member(COORDINATOR)
    channels = [open_channel(coordinator, "coordinator", officer.identity()) for officer in officers]
    askers = Askers(officers, channels, subjects_of(founded, options.people))
    await timed(askers.ask, 4, 40)
    roots = folder / "roots.pem"
    roots.write_bytes(ca_pem(founded.federation.open_roster().statement.member(ASKER).tls_ca))
    sizes = int(statistics.median(askers.questions)), int(statistics.median(askers.replies))
    report.facts |= {"question_bytes": sizes[0], "reply_bytes": sizes[1], "nodes": len(founded.nodes)}
    identity = (member.tls_certificate, member.tls_key, roots)
    async with Floor(len(founded.nodes), identity, *sizes) as floor:
        for concurrency in CONCURRENCIES:
            steps = read_steps(metrics)
            count = options.count if concurrency > 1 else max(30, options.count // 4)
            point = Point(label=f"c={concurrency}", concurrency=concurrency, count=count, repeats=options.repeats)
            spent[point.label] = await point.take(report, floor, askers, ledger)
            if concurrency == 1:
                show_steps(console, steps, read_steps(metrics))
    show_spent(console, spent)
    recall = askers.matched / max(1, askers.held)
    report.facts |= {"recall": round(recall, 4), "silences": askers.silences}
    report.correct = recall >= 0.95 and askers.silences == 0
    for channel in channels:
        await channel.close(None)
    return report


def make_officer(founded: Founded, folder: Path, number: int) -> Officer:
    """One more officer of the asking agency, with a folder of their own."""
    plan = OfficerPlan(
        id=f"officer{number}",
        office="Inteldakim",
        purposes=("joint_operation", "routine_oversight"),
        coordinator=COORDINATOR,
    )
    issue_officer(folder, founded.federation.member(ASKER), plan, at=system_clock())
    return Officer.from_folder(folder)


def subjects_of(founded: Founded, people: int) -> list[Subject]:
    """Distinct people in random order, half of them or more held by three agencies or more; protected ones left out."""
    lines = [json.loads(line) for line in founded.truth.open(encoding="utf-8")]
    open_lines = [line for line in lines if not line["protected"] and line["records"]]
    random.Random(7).shuffle(open_lines)  # REASON: an order, not a secret
    many = [line for line in open_lines if len(line["records"]) >= 3]
    few = [line for line in open_lines if len(line["records"]) < 3]
    chosen = list(itertools.chain.from_iterable(zip(many, few, strict=False)))
    return [
        Subject(
            name=line["names"][0],
            born=line["born"],
            nationality=line["nationality"],
            held=frozenset(line["records"]) - {"binda"},
        )
        for line in chosen
    ]


async def _start(founded: Founded, processes: Processes) -> float:
    roster = founded.federation.open_roster().statement
    member = founded.federation.member(ASKER)
    identity = TlsIdentity.from_files(member.tls_certificate, member.tls_key)
    first = founded.nodes[0]
    began = time.perf_counter()
    processes.start("node", first)
    await processes.until_healthy(roster.member(first.parent.name), "node", identity)
    taken = time.perf_counter() - began
    for config in founded.nodes[1:]:
        processes.start("node", config)
    processes.start("coordinator", founded.coordinator)
    for config in founded.nodes[1:]:
        await processes.until_healthy(roster.member(config.parent.name), "node", identity)
    await processes.until_healthy(roster.member(COORDINATOR), "coordinator", identity)
    return round(taken, 2)


def _memory(processes: Processes) -> dict[str, float]:
    resident = [resident_mb(number) for number in processes.numbers]
    return {
        "node_rss_mb": round(statistics.median(resident[:-1]), 1),
        "coordinator_rss_mb": round(resident[-1], 1),
    }


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.fanout", description=__doc__)
    parser.add_argument("--people", type=int, default=6000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def main() -> int:
    """Run, print, and end with 1 only where a result was wrong."""
    options = _options()
    console = Console(width=132)
    return conclude(run(options, console), console, options.json)


if __name__ == "__main__":
    sys.exit(main())
