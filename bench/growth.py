"""How cost grows: a query over 1 to 64 nodes, and a look-up among 10^4 to 10^6 records.

Usage: python -m bench.growth [--nodes 1,2,4,8,16,32,64] [--records 10000,100000,1000000] [--plot FILE] [--json FILE]

All nodes and the coordinator run in this one process, on one embedded PostgreSQL; the floor's echo nodes are processes.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import date, timedelta
from itertools import cycle
from pathlib import Path
from typing import Final

import psycopg
import uvloop
from rich.console import Console

from bench.floor import Floor, timed
from bench.plot import Panel, write_svg
from bench.points import Report, Run
from coordinator.acceptance import Accepted
from coordinator.cli import asking
from coordinator.cli.officer import Officer
from federation import telemetry
from federation.answer import Answer
from federation.calling.channels import ca_pem, open_channel
from matching.form import prepare
from node.cli.indexing import index_records
from node.config import load_config
from node.records.index import Index
from node.serve import open_pool
from tests import agencies
from tests.agencies import HELD, Row
from tests.federation import COORDINATOR, Federation, make_templates
from tests.postgres import Server

_QUESTION: Final = 2000
_REPLY: Final = 950
_CONCURRENCY: Final = 4
_LOOK_UPS: Final = 300
_SYLLABLES: Final = (
    "ka",
    "ri",
    "mo",
    "ten",
    "sha",
    "lu",
    "bor",
    "vi",
    "dan",
    "yo",
    "pe",
    "zar",
    "nim",
    "ost",
    "ghe",
    "wu",
)


async def run(options: argparse.Namespace, console: Console) -> Report:
    """Grow the federation, then one register; report both beside their floors."""
    report = Report("growth")
    folder = Path(tempfile.mkdtemp(prefix="simpul-growth-"))
    panels: list[Panel] = []
    server = Server.start()
    try:
        _allow_connections(server, 16 * max(options.nodes))
        make_templates(server)
        panels.append(await _nodes(options, server, folder, report, console))
        panels.append(await _records(options, server, folder, report, console))
    finally:
        server.stop()
    if options.plot:
        write_svg(options.plot, "Growth", "nodes (above), records (below)", panels)
        console.print(f"plot: {options.plot}")
    return report


async def _nodes(options: argparse.Namespace, server: Server, folder: Path, report: Report, console: Console) -> Panel:
    ours: list[float] = []
    floors: list[float] = []
    for count in options.nodes:
        names = ["imigrasi", "polri", *(f"kantor{n:02}" for n in range(count))][:count]
        federation = await Federation.found(folder / f"of-{count}", server, names)
        await federation.start()
        member = federation.folder("imigrasi")
        roots = folder / f"roots-{count}.pem"
        roots.write_bytes(ca_pem(federation.member("imigrasi").tls_ca))
        officer = Asking(federation, tuple(sorted(names)))
        identity = (member.root / "keys" / "tls.crt", member.root / "keys" / "tls.pem", roots)
        async with Floor(count, identity, _QUESTION, _REPLY) as floor:
            await timed(officer.ask, _CONCURRENCY, 8)
            bare = await timed(floor.unary, _CONCURRENCY, options.count)
            real = await timed(officer.ask, _CONCURRENCY, options.count)
        report.add(f"nodes={count}", "queries/s", [bare], [real])
        report.correct &= officer.silences == 0 and officer.held == officer.asked
        ours.append(1000 / real.rate)
        floors.append(1000 / bare.rate)
        await officer.close()
        await federation.close()
        console.print(f"{count} nodes done", style="dim")
    return Panel(title="ms a query, by nodes", x=options.nodes, lines={"real": ours, "bare fan-out": floors})


def _allow_connections(server: Server, count: int) -> None:
    """Let so many connect, which takes a restart."""
    with psycopg.connect(server.dsn("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER SYSTEM SET max_connections = {max(100, int(count))}")
    number = server.pid
    os.kill(number, signal.SIGINT)
    while Path(f"/proc/{number}").exists():
        time.sleep(0.05)
    server.restart()


class Asking:
    """One officer who asks every node about people whom every node holds."""

    def __init__(self, federation: Federation, audience: tuple[str, ...]) -> None:
        self._federation = federation
        self._audience = audience
        self._officer: Officer = federation.officer()
        coordinator = federation.member(COORDINATOR)
        self._channel = open_channel(coordinator, "coordinator", federation.officer_identity())
        self._people = cycle(HELD[:10])
        self.asked = self.held = self.silences = 0

    async def ask(self) -> None:
        """Ask, and count the nodes whose answer holds the person."""
        query = self._federation.query(next(self._people).person, audience=self._audience)
        envelope, opener = self._federation.sign(query, self._officer), self._officer.opener()
        async for told in asking.ask_over(self._channel, envelope, opener, COORDINATOR, 60.0):
            if isinstance(told, asking.Final):
                continue
            self.asked += 1
            if isinstance(told, Accepted):
                answer = told.reply.statement
                self.held += isinstance(answer, Answer) and any(one.band != "none" for one in answer.subjects)
            else:
                self.silences += 1

    async def close(self) -> None:
        """Leave the coordinator."""
        await self._channel.close(None)


async def _records(
    options: argparse.Namespace, server: Server, folder: Path, report: Report, console: Console
) -> Panel:
    medians: list[float] = []
    slow: list[float] = []
    for count in options.records:
        federation = await Federation.found(folder / f"with-{count}", server, ["imigrasi"])
        people = _people(count)
        await agencies.fill_more(federation.databases["imigrasi"], people)
        loaded = load_config(federation.folder("imigrasi").root / "node.toml")
        began = time.perf_counter()
        await index_records(loaded, federation.clock(), show=False)
        built = time.perf_counter() - began
        run = await _look_up(loaded.config.index_dsn, loaded.secret_file, people)
        medians.append(run.percentile(0.5))
        slow.append(run.percentile(0.95))
        report.facts[f"records_{count}"] = (
            f"look-up p50 {medians[-1]:.2f} ms, p95 {slow[-1]:.2f} ms; built at {2 * count / built:.0f} records/s"
        )
        console.print(f"{count} records done", style="dim")
    report.facts["resident_mb_most"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
    return Panel(
        title="look-up of one subject in ms, by records", x=options.records, lines={"p50": medians, "p95": slow}
    )


async def _look_up(dsn: str, secret_file: Path, people: Sequence[Row]) -> Run:
    """Candidates of one subject after another; each must be among its own."""
    chosen = random.Random(3).sample(range(len(people)), min(_LOOK_UPS, len(people)))  # REASON: an order, no secret
    async with await open_pool(dsn) as pool:
        index = await Index.open(pool, secret_file)
        millis: list[float] = []
        for place in chosen:
            form = prepare(people[place].person)
            began = time.perf_counter()
            (found,) = await index.candidates([form])
            millis.append((time.perf_counter() - began) * 1000)
            if not any(f"M-{place}" in candidate.reference for candidate in found):
                raise AssertionError(f"record {place} was not found by its own particulars")
    return Run(rate=len(millis) / (sum(millis) / 1000), millis=millis)


def _people(count: int) -> list[Row]:
    chance = random.Random(11)  # REASON: the same people every time
    first = date(1950, 1, 1)
    return [
        Row(
            name=f"{_name(chance, 3)} {_name(chance, 2)}".upper(),
            born=first + timedelta(days=chance.randrange(20_000)),
            nation=chance.choice(("CHN", "IND", "KOR", "RUS", "NGA", "MYS")),
            sex=chance.choice("MF"),
            passport=f"{chance.choice('ABEGK')}{chance.randrange(10**8):08}",
        )
        for _ in range(count)
    ]


def _name(chance: random.Random, syllables: int) -> str:
    return "".join(chance.choice(_SYLLABLES) for _ in range(syllables))


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",") if number]


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--nodes", type=_numbers, default=[1, 2, 4, 8, 16, 32, 64])
    parser.add_argument("--records", type=_numbers, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--plot", type=Path)
    parser.add_argument("--json", type=Path)
    return parser.parse_args()


def main() -> int:
    """Run, print, and end with 1 only where a result was wrong."""
    options = _options()
    telemetry.configure("bench", "growth", level="warning")
    console = Console(width=132)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        report = runner.run(run(options, console))
    report.show(console)
    if options.json:
        report.write(options.json)
    return 0 if report.correct else 1


if __name__ == "__main__":
    sys.exit(main())
