"""A whole province on this machine: eleven agencies answer one officer, and an auditor believes nobody.

Usage: python -m deploy.demo [--keep] [--fresh] [--people N] | --stop
"""

from __future__ import annotations

import argparse
import asyncio
import json
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import uvloop
from rich.console import Console

from deploy.ceremony.founding import Federation
from deploy.demo.auditing import run_audit
from deploy.demo.cluster import Cluster
from deploy.demo.founding import SIZE, Founded, found
from deploy.demo.inquiries import ask, officer, planned
from deploy.demo.processes import Processes
from deploy.demo.province import ASKER, COORDINATOR, is_free
from deploy.demo.state import State
from federation.calling.channels import TlsIdentity
from federation.errors import FederationError

_OUT: Final = Path("demo.json")
_HERE: Final = Path(".simpul")
_WIDTH: Final = 132


def main() -> int:
    """Run the demo; 0 where every agency replied and the audit is clean."""
    parser = argparse.ArgumentParser(prog="python -m deploy.demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the federation up")
    parser.add_argument("--fresh", action="store_true", help="make everything anew")
    parser.add_argument("--stop", action="store_true", help="stop a federation that was left up")
    parser.add_argument("--people", type=int, default=SIZE, help="how many invented people; default %(default)s")
    parser.add_argument("--state", type=Path, help="the folder of the federation; default one of this checkout's own")
    options = parser.parse_args()
    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    state = State(options.state) if options.state else State.of_this_user()
    try:
        with state.alone():
            return _stop(state, console) if options.stop else _run(state, options, console)
    except FederationError as error:
        console.print(f"{type(error).__name__}: {error.message}", style="bold red", markup=False)
        return 1
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130


def _run(state: State, options: argparse.Namespace, console: Console) -> int:
    began = time.monotonic()

    def tell(what: str) -> None:
        console.print(f"[{time.monotonic() - began:5.1f} s] {what}", style="cyan", markup=False)

    state.end_leftovers()
    with _cluster(state, fresh=options.fresh, keep=options.keep) as cluster:
        if state.usable() and _ports_free(state):
            tell("the agencies' data and the match indexes of the demo before are used again")
            founded = Founded(federation=Federation(state.federation))
        else:
            founded = _found(state, cluster, options.people, tell)
        processes = Processes(state.logs)
        keep = False
        try:
            code = _with_uvloop(_show(state, founded, processes, console, tell))
            keep = options.keep
        finally:
            if not keep:
                processes.stop()
                _HERE.joinpath("officer").unlink(missing_ok=True)
    if keep:
        _say_how(state, founded, console)
    return code


@contextmanager
def _cluster(state: State, *, fresh: bool, keep: bool) -> Iterator[Cluster]:
    if fresh or not state.usable() or not _ports_free(state):
        _discard(state)
    cluster = Cluster.start(state.cluster)
    try:
        yield cluster
    except BaseException:
        cluster.stop()
        raise
    if keep:
        cluster.leave_up()
    else:
        cluster.stop()


def _discard(state: State) -> None:
    """Delete an earlier demo; its server, if it still runs, is stopped first."""
    if (state.cluster / "data" / "postmaster.pid").exists():
        Cluster.start(state.cluster).stop()
    state.clear()


def _found(state: State, cluster: Cluster, people: int, tell: Any) -> Founded:
    founded = asyncio.run(found(state.federation, cluster, people, tell))
    state.finished()
    return founded


async def _show(state: State, founded: Founded, processes: Processes, console: Console, tell: Any) -> int:
    roster = founded.federation.open_roster().statement
    member = founded.federation.member(ASKER)
    identity = TlsIdentity.from_files(member.tls_certificate, member.tls_key)
    tell("eleven nodes and the coordinator start, each its own process on its own database")
    processes.start("coordinator", founded.coordinator)
    for config in founded.nodes:
        processes.start("node", config)
    state.note_processes(processes.numbers)
    await processes.until_healthy(roster.member(COORDINATOR), "coordinator", identity)
    for config in founded.nodes:
        await processes.until_healthy(roster.member(config.parent.name), "node", identity)
    asker = officer(state.officer, founded.federation)
    results = []
    for plan in planned():
        tell(f"an officer of {ASKER} asks: simpul-coordinator ask {plan.arguments}")
        results.append(await ask(plan, asker, console))
    tell("the auditor copies every log, verifies it, opens the evidence and reconciles")
    report = await run_audit(founded.auditor, console)
    summary = _summary(results, findings=len(report.faults), clean=report.exit_code == 0)
    _OUT.write_text(json.dumps(summary, indent=2, ensure_ascii=False) + "\n")
    silent = sum(reply["kind"] == "silence" for query in summary["queries"] for reply in query["replies"])
    tell(f"{_OUT} is written: {silent} silences, {len(report.faults)} findings")
    return 0 if not silent and report.exit_code == 0 else 1


def _summary(results: list[dict[str, Any]], *, findings: int, clean: bool) -> dict[str, Any]:
    keys = ("member", "kind", "reason", "matches", "receipt")
    return {
        "queries": [
            {"purpose": query["purpose"], "replies": [{key: reply[key] for key in keys} for reply in query["replies"]]}
            for query in results
        ],
        "audit": {"clean": clean, "findings": findings},
    }


def _say_how(state: State, founded: Founded, console: Console) -> None:
    _HERE.mkdir(exist_ok=True)
    link = _HERE / "officer"
    link.unlink(missing_ok=True)
    link.symlink_to(state.officer)
    commands = Path(sys.executable).parent
    lines = (
        "The federation is up. Ask more, as the officer in .simpul/officer:",
        f"  {commands}/simpul-coordinator ask {planned()[0].arguments}",
        f"  {commands}/simpul-coordinator ask {planned()[1].arguments} --lang en --json",
        "Who is who, as no agency knows it:",
        f"  {founded.truth}",
        "Audit, look into a member's configuration, or stop:",
        f"  {commands}/simpul-auditor audit --config {founded.auditor} --lang en",
        f"  {commands}/simpul-node check-config --config {founded.nodes[0]}",
        "  make demo-stop",
    )
    for line in lines:
        console.print(line, markup=False, soft_wrap=True, highlight=False)


def _stop(state: State, console: Console) -> int:
    ended = state.end_leftovers()
    if (state.cluster / "data" / "postmaster.pid").exists():
        Cluster.start(state.cluster).stop()
    link = _HERE / "officer"
    if link.is_symlink():
        link.unlink()
        shutil.rmtree(_HERE, ignore_errors=True)
    console.print(f"Stopped: {ended} services and the database server.")
    return 0


def _ports_free(state: State) -> bool:
    roster = Federation(state.federation).open_roster().statement
    ports = {int(url.rpartition(":")[2]) for member in roster.members for url in member.endpoints.values()}
    return all(is_free(port) for port in ports)


def _with_uvloop(work: Any) -> int:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return int(runner.run(work))


if __name__ == "__main__":
    sys.exit(main())
