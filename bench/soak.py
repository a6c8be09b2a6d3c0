"""Half an hour of mixed load with kills: what is acknowledged stays, and the federation comes back by itself.

Usage: python -m bench.soak [--minutes N] [--people N] [--seed N] [--plot FILE.svg] [--json FILE]
"""

from __future__ import annotations

import argparse
import asyncio
import atexit
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from bench.accounts import accounted_for, audit_in_between, last_audit, unexplained
from bench.ending import end_well
from bench.fanout import OFFICERS, make_officer, subjects_of
from bench.killing import Killer
from bench.ledger import with_metrics
from bench.load import Load
from bench.plot import DRAWN, write_svg
from bench.points import Point, Report, conclude
from bench.watching import Watch, Watched, percentile_ms
from deploy.demo.cluster import Cluster
from deploy.demo.founding import Founded, found
from deploy.demo.processes import Processes
from deploy.demo.province import ASKER, COORDINATOR
from federation.calling.channels import TlsIdentity, open_channel
from federation.errors import ConfigError

ASKING: Final = 6
AUDITS: Final = 4
_COLUMNS: Final = {
    "queries/s": "rate",
    "p50 ms": "p50_ms",
    "p99 ms": "p99_ms",
    "node MB": "node MB",
    "coordinator MB": "coordinator MB",
    "PostgreSQL MB": "PostgreSQL MB",
    "officers MB": "officers MB",
    "node log lag ms": "node log lag",
    "coordinator log lag ms": "coordinator log lag",
    "node loop lag ms": "node loop lag",
}


@dataclass(slots=True)
class Soak:
    """A federation under load, who kills in it, who watches, and what audits in between found."""

    founded: Founded
    load: Load
    killer: Killer
    watch: Watch
    seconds: float
    audits: Counter[str] = field(default_factory=Counter)

    async def run(self) -> None:
        """Load, kill, watch and audit until the time is over and every query has come to its end."""
        began = time.perf_counter()
        until = began + self.seconds
        askers = [asyncio.create_task(self.load.ask_on(began)) for _ in range(ASKING)]
        beside = [
            asyncio.create_task(self.watch.go_on(began, lambda: len(self.load.seconds))),
            asyncio.create_task(self._audit_now_and_then()),
            asyncio.create_task(self.killer.go_on(began, until)),
        ]
        await asyncio.sleep(self.seconds)
        self.load.ended = True
        await asyncio.gather(*askers)
        for task in beside:
            task.cancel()
        ended = await asyncio.gather(*beside, return_exceptions=True)
        for fault in ended:
            if isinstance(fault, Exception):
                raise fault

    async def _audit_now_and_then(self) -> None:
        for _ in range(AUDITS):
            await asyncio.sleep(self.seconds / (AUDITS + 1))
            self.audits += await audit_in_between(self.founded.auditor)

    def report(self) -> Report:
        """Rates, latencies, memory and lag; `correct` as far as the officers' side can tell."""
        report = Report("soak")
        report.correct = self.load.counts["contradicted"] == self.load.counts["given_up"] == 0
        taken = [taken for _, taken in self.load.seconds]
        report.facts |= {"seconds": self.seconds, "queries": len(taken), "replies_acknowledged": len(self.load.told)}
        report.facts |= dict(sorted(self.load.counts.items())) | dict(sorted(self.killer.counts.items()))
        report.facts |= {f"audit_in_between_{kind}": count for kind, count in sorted(self.audits.items())}
        report.facts |= {
            "queries_per_second": round(len(taken) / self.seconds, 2),
            "p50_ms": round(percentile_ms(taken, 0.5), 1),
            "p99_ms": round(percentile_ms(taken, 0.99), 1),
            "longest_ms": round(max(taken, default=0.0) * 1000, 1),
        }
        report.facts |= self.watch.facts()
        report.points = [_point(one) for one in self.watch.slices(self.load.seconds, self.seconds)]
        return report

    def show(self, console: Console) -> None:
        """Print the run in ten parts."""
        table = Table("seconds", *_COLUMNS)
        for one in self.watch.slices(self.load.seconds, self.seconds):
            cells = (f"{one.get(key, 0.0):.1f}" for key in _COLUMNS.values())
            table.add_row(f"{one['start']:.0f}-{one['end']:.0f}", *cells)
        console.print(table)


def _point(one: dict[str, float]) -> Point:
    return Point(
        label=f"{one['start']:.0f}-{one['end']:.0f} s",
        unit="queries/s",
        floor=None,
        ours=round(one["rate"], 2),
        ratio=None,
        p50_ms=round(one["p50_ms"], 1),
        p99_ms=round(one["p99_ms"], 1),
        floor_p50_ms=None,
        spread="",
    )


async def run(options: argparse.Namespace, console: Console) -> Report:
    """Bring a federation up, load it, kill in it, and hold what was acknowledged against the logs."""
    end_well()
    folder = Path(tempfile.mkdtemp(prefix="simpul-soak-", dir="/var/tmp"))  # REASON: see bench.fanout
    folder.chmod(0o755)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # once the embedded server is done with it
    cluster = Cluster.start(folder / "cluster")
    processes = Processes(folder / "telemetry")
    try:
        founded = await found(folder / "federation", cluster, options.people, lambda _: None)
        watched = [Watched(role="node", config=config, metrics=with_metrics(config)) for config in founded.nodes]
        coordinator = founded.coordinator
        watched.append(Watched(role="coordinator", config=coordinator, metrics=with_metrics(coordinator)))
        await _start(founded, processes)
        chance = random.Random(options.seed)  # REASON: an order that can be had again, not a secret
        soak = Soak(
            founded,
            _load(founded, folder, options.people, chance),
            Killer(founded, processes, cluster, chance),
            Watch(processes, watched, folder / "cluster" / "data"),
            options.minutes * 60,
        )
        soak.watch.spread_over(soak.seconds)
        await soak.run()
        report = await _judged(soak, cluster)
    finally:
        processes.stop()
        cluster.stop()
    _draw(soak, options.plot, console)
    return report


def _load(founded: Founded, folder: Path, people: int, chance: random.Random) -> Load:
    officers = [make_officer(founded, folder / f"officer-{n}", n) for n in range(OFFICERS)]
    coordinator = founded.federation.open_roster().statement.member(COORDINATOR)
    channels = [open_channel(coordinator, "coordinator", officer.identity()) for officer in officers]
    return Load(officers, channels, subjects_of(founded, people), chance)


async def _judged(soak: Soak, cluster: Cluster) -> Report:
    """The report, once what was acknowledged is found in the logs, and an audit has found nothing but what kills do."""
    for channel in soak.load.channels:
        await channel.close(None)
    report = soak.report()
    lost = await accounted_for(soak.load.told, cluster.admin_dsn)
    audit = await last_audit(soak.founded.auditor)
    kinds = Counter(finding.kind for finding in audit.findings)
    report.facts |= lost | {"findings": json.dumps(kinds), "not_audited": len(audit.uncopied)}
    left = await unexplained(audit, soak.load.calls, cluster.admin_dsn(COORDINATOR))
    report.facts["unexplained"] = json.dumps(left)
    report.correct &= not any(lost.values()) and not left and not audit.uncopied
    return report


def _draw(soak: Soak, path: Path, console: Console) -> None:
    soak.show(console)
    title = f"Mixed load with kills, {soak.seconds / 60:g} minutes"
    write_svg(path, title, "seconds; grey: a kill", soak.watch.panels(soak.load.seconds), soak.killer.marks)
    console.print(f"plot: {path}", highlight=False)


async def _start(founded: Founded, processes: Processes) -> None:
    roster = founded.federation.open_roster().statement
    member = founded.federation.member(ASKER)
    identity = TlsIdentity.from_files(member.tls_certificate, member.tls_key)
    for config in founded.nodes:
        processes.start("node", config)
    processes.start("coordinator", founded.coordinator)
    for config in (*founded.nodes, founded.coordinator):
        name = config.parent.name
        try:
            await processes.until_healthy(roster.member(name), config.stem, identity)
        except ConfigError as error:
            error.add_note((processes.logs / f"{name}.log").read_text()[-2000:])
            raise


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plot", type=Path, default=DRAWN / "soak.svg")
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def main() -> int:
    """Run, print, and end with 1 only where something acknowledged was lost or a query never came to its end."""
    options = _options()
    console = Console(width=150)
    return conclude(run(options, console), console, options.json)


if __name__ == "__main__":
    sys.exit(main())
