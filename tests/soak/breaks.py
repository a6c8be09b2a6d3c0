"""Streams broken and opened again under load: `python -m tests.soak.breaks --breaks 10000`.

A node and a coordinator run as processes of their own. Three things break their streams: callers who cancel streams
to the node, officers who hang up on the coordinator, and a wire between the two, cut by RST. Meanwhile officers ask.
Memory (VmRSS) of both may differ by 5 % at most between the warmed-up process and the end.

Some growth is not of breaks: each distinct query leaves a little in memories that are bounded (checkpoints verified,
tiles read), about 0.8 kB in the node and 0.4 kB in the coordinator until they are full. Breaks alone leave nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import grpc
import uvloop

from coordinator.cli import asking
from federation.calling.channels import open_channel
from federation.errors import FederationError
from federation.instant import system_clock
from federation.result import Silence
from federation.v1 import coordinator_pb2, node_pb2
from federation.v1.coordinator_pb2_grpc import CoordinatorServiceStub
from federation.v1.node_pb2_grpc import NodeServiceStub
from federation.wire.envelope import envelope_to_wire
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.federation import CARRIER, COORDINATOR, Federation, make_templates
from tests.postgres import Server
from tests.proxy import Proxy
from tests.scenarios.processes import Process

NODE: Final = "imigrasi"
MOST_GROWTH: Final = 0.05
_STREAMS: Final = 6
_HANG_UPS: Final = 2
_ASKERS: Final = 4
_QUESTIONS: Final = 40
_CUT_EVERY: Final = 1.0
_SETTLE: Final = 3.0


class Breaking:
    """The federation under its load, and what was broken so far."""

    def __init__(self, federation: Federation, carrier: Carrier, proxy: Proxy) -> None:
        self.federation = federation
        self.carrier = carrier
        self.proxy = proxy
        self.broken: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.stopped = False
        self._questions: list[node_pb2.Question] = []
        self._random = random.Random(38499)

    def prepare(self) -> None:
        """Sign queries that are asked again and again: their answers are stored, so that breaking is what costs."""
        for at in range(_QUESTIONS):
            query = self.federation.query(HELD[at % len(HELD)].person, purpose="life_safety", audience=(NODE,))
            self._questions.append(self.carrier.question(query))

    async def cancel_streams(self) -> None:
        """Open streams to the node, ask, and cancel them: before, while and after the node replies."""
        member, identity = self.federation.member(NODE), self.federation.keys(CARRIER).tls
        while not self.stopped:
            async with open_channel(member, "node", identity) as channel:
                for _ in range(25):
                    if self.stopped:
                        return
                    await self._cancel_one(channel)
                    self.broken["cancelled"] += 1

    async def _cancel_one(self, channel: grpc.aio.Channel) -> None:
        call = NodeServiceStub(channel).Ask(timeout=30.0)  # type: ignore[call-arg]  # REASON: written to, not iterated
        questions = self._random.sample(self._questions, self._random.randint(1, 4))
        with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError, asyncio.CancelledError):
            await call.write(node_pb2.NodeServiceAskRequest(questions=questions))
            if self._random.random() < 0.6:
                await call.read()
            await asyncio.sleep(self._random.random() * 0.01)
        call.cancel()

    async def hang_up(self) -> None:
        """Ask the coordinator as an officer, and hang up after its first word."""
        member, identity = self.federation.member(COORDINATOR), self.federation.officer_identity()
        async with open_channel(member, "coordinator", identity) as channel:
            while not self.stopped:
                request = coordinator_pb2.CoordinatorServiceAskRequest(query=envelope_to_wire(self._signed()))
                call = CoordinatorServiceStub(channel).Ask(request, timeout=30.0)
                with contextlib.suppress(grpc.aio.AioRpcError):
                    await call.read()
                call.cancel()
                self.broken["hung up"] += 1

    async def cut_the_wire(self) -> None:
        """Cut every connection between coordinator, callers and node."""
        while not self.stopped:
            await asyncio.sleep(_CUT_EVERY)
            self.proxy.cut()
            self.broken["cut"] += 1

    async def ask(self) -> None:
        """Ask as an officer does, and take what comes: an answer, or a silence while the wire is cut."""
        officer = self.federation.officer()
        async with open_channel(self.federation.member(COORDINATOR), "coordinator", officer.identity()) as channel:
            while not self.stopped:
                try:
                    async for told in asking.ask_over(channel, self._signed(), officer.opener(), COORDINATOR, 30.0):
                        if not isinstance(told, asking.Final):
                            self.asked["silences" if isinstance(told, Silence) else "answers"] += 1
                except FederationError as error:
                    self.asked[type(error).__name__] += 1

    def _signed(self) -> asking.Envelope:
        self.federation.clock.at = system_clock()
        person = self._random.choice(HELD).person
        return self.federation.sign(self.federation.query(person, purpose="life_safety", audience=(NODE,)))


def memory_mb(process: Process) -> float:
    """The resident memory of a process."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError("no VmRSS: is this Linux?")


async def soak(breaks: int, folder: Path, server: Server) -> bool:
    """Break so many streams; returns whether memory is as it was, and the federation whole."""
    federation = await Federation.found(folder, server, nodes=(NODE,))
    policy = federation.folder(NODE).root / "policy.toml"
    policy.write_text(policy.read_text().replace("subjects_per_hour = 1000", "subjects_per_hour = 100000000"))
    proxy = await Proxy.before(federation, NODE)
    node, coordinator = Process(federation, NODE), Process(federation, COORDINATOR)
    carrier = Carrier(federation, CARRIER)
    try:
        await node.start()
        await coordinator.start()
        breaking = Breaking(federation, carrier, proxy)
        breaking.prepare()
        return await _measured(breaking, breaks, (node, coordinator))
    finally:
        await carrier.close()
        node.stop()
        coordinator.stop()
        await proxy.close()


async def _measured(breaking: Breaking, breaks: int, processes: Sequence[Process]) -> bool:
    works: list[Callable[[], Awaitable[None]]] = [breaking.cut_the_wire]
    works += [breaking.cancel_streams] * _STREAMS + [breaking.hang_up] * _HANG_UPS + [breaking.ask] * _ASKERS
    numbers = f"{'breaks':>8}{'cancelled':>11}{'hung up':>9}{'cut':>6}{'answers':>9}{'silences':>10}"
    print(f"{numbers}{'node MB':>9}{'coord. MB':>11}", flush=True)
    before: list[float] = []
    # the first fifth comes before the breaks that are asked for: pools, caches and arenas grow to what the load needs
    step = max(1, breaks // 5)
    for goal in range(step, 6 * step + 1, step):
        breaking.stopped = False
        tasks = [asyncio.ensure_future(work()) for work in works]
        while breaking.broken.total() < goal:
            await asyncio.sleep(0.05)
            ended = next((task for task in tasks if task.done()), None)
            if ended is not None:
                await ended
        breaking.stopped = True
        await asyncio.gather(*tasks)
        await asyncio.sleep(_SETTLE)
        now = [memory_mb(process) for process in processes]
        before = before or now
        _row(breaking, now)
    growth = [after / first - 1 for after, first in zip(now, before, strict=True)]
    print(f"growth after the first row: node {growth[0]:+.1%}, coordinator {growth[1]:+.1%}; at most {MOST_GROWTH:.0%}")
    return max(growth) <= MOST_GROWTH and await _whole(breaking, processes)


def _row(breaking: Breaking, memory: Sequence[float]) -> None:
    broken, asked = breaking.broken, breaking.asked
    print(
        f"{broken.total():>8,}{broken['cancelled']:>11,}{broken['hung up']:>9,}{broken['cut']:>6,}"
        f"{asked['answers']:>9,}{asked['silences']:>10,}{memory[0]:>9.1f}{memory[1]:>11.1f}",
        flush=True,
    )


async def _whole(breaking: Breaking, processes: Sequence[Process]) -> bool:
    """Whether queries are answered as ever, and neither process told of a fault of its own."""
    breaking.federation.clock.at = system_clock()
    told = await breaking.federation.ask(breaking.federation.query(HELD[0].person, audience=(NODE,)))
    faults = [word for one in processes for word in ("internal_fault", "Traceback") if word in one.output.read_text()]
    if faults:
        print(f"the telemetry tells of {', '.join(sorted(set(faults)))}: {processes[0].output.parent.parent}")
    return told.answer(NODE).subjects[0].band == "strong" and not faults


def main() -> None:
    """Run, and end with 1 where memory grew or a fault was told of."""
    options = argparse.ArgumentParser(prog="python -m tests.soak.breaks", description=__doc__)
    options.add_argument("--breaks", type=int, default=10_000)
    given = options.parse_args()
    logging.getLogger("grpc").setLevel(logging.CRITICAL)
    began = time.monotonic()
    server = Server.start()
    try:
        make_templates(server)
        with tempfile.TemporaryDirectory(prefix="simpul-breaks-") as folder:
            fine = uvloop.run(soak(given.breaks, Path(folder), server))
    finally:
        server.stop()
    print(f"{'fine' if fine else 'NOT FINE'} after {time.monotonic() - began:.0f} s")
    sys.exit(not fine)


if __name__ == "__main__":
    main()
