"""An officer who asks at a steady rate, and how long each answer took: what a flood by another member is held to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from coordinator.acceptance import Accepted
from coordinator.cli import asking
from federation.answer import Answer
from federation.calling.channels import open_channel
from federation.instant import system_clock
from federation.v1 import node_pb2 as pb
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.conformance.foreign import Door, door
from tests.federation import CARRIER, COORDINATOR, Federation
from tests.postgres import Server
from tests.scenarios.flooding import rubbish_frames, signed_frames
from tests.scenarios.processes import Process

NODE = "imigrasi"
RATE = 8.0
_SIGNED = 400


@dataclass(frozen=True, slots=True)
class Latencies:
    """How long answers took, in milliseconds, and how many were not what they should be."""

    millis: Sequence[float]
    wrong: int

    def percentile(self, share: float) -> float:
        """The latency below which a share of the answers lies."""
        ordered = sorted(self.millis)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class Steady:
    """A node and its coordinator, each a process, an officer of theirs, and another coordinator that may flood."""

    def __init__(self, federation: Federation, channel: grpc.aio.Channel, node: Process, coordinator: Process) -> None:
        """Take over what runs."""
        self.federation = federation
        self.node = node
        self.coordinator = coordinator
        self._channel = channel
        self._numbers = 0

    @property
    def door(self) -> Door:
        """The node's door, as the other coordinator comes to it."""
        return door(self.federation, NODE, CARRIER)

    def signed(self, together: int = 1) -> list[bytes]:
        """Frames of that coordinator's, all of them true."""
        return signed_frames(self._questions(_SIGNED), together)

    def rubbish(self) -> list[bytes]:
        """Frames of that coordinator's, none of them true."""
        return rubbish_frames(self._questions(1)[0])

    async def ask(self, count: int) -> Latencies:
        """Ask so many times, at a steady rate; one that is late is not waited for with the next."""
        tasks: list[asyncio.Task[tuple[float, bool]]] = []
        due = time.monotonic()
        for _ in range(count):
            tasks.append(asyncio.create_task(self._ask_one()))
            due += 1 / RATE
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        told = await asyncio.gather(*tasks)
        return Latencies([millis for millis, _ in told], sum(not right for _, right in told))

    async def _ask_one(self) -> tuple[float, bool]:
        self._numbers += 1
        officer = self.federation.officer()
        self.federation.clock.at = system_clock()
        person = HELD[self._numbers % len(HELD)].person
        envelope = self.federation.sign(self.federation.query(person, audience=(NODE,)), officer)
        began, right = time.perf_counter(), False
        async for told in asking.ask_over(self._channel, envelope, officer.opener(), COORDINATOR, 30.0):
            if isinstance(told, Accepted) and isinstance(told.reply.statement, Answer):
                right = told.reply.statement.subjects[0].band == "strong"
        return (time.perf_counter() - began) * 1000, right

    def _questions(self, count: int) -> list[pb.Question]:
        self.federation.clock.at = system_clock()
        carrier = Carrier(self.federation, CARRIER)
        people = [HELD[at % len(HELD)].person for at in range(count)]
        return [carrier.question(self.federation.query(person, audience=(NODE,))) for person in people]


@asynccontextmanager
async def steady(folder: Path, server: Server) -> AsyncIterator[Steady]:
    """A federation of one node, up, with its quota out of the way."""
    federation = await Federation.found(folder, server, nodes=(NODE,))
    policy = federation.folder(NODE).root / "policy.toml"
    policy.write_text(policy.read_text().replace("subjects_per_hour = 1000", "subjects_per_hour = 100000000"))
    node, coordinator = Process(federation, NODE), Process(federation, COORDINATOR)
    officer = federation.officer()
    try:
        await node.start()
        await coordinator.start()
        async with open_channel(federation.member(COORDINATOR), "coordinator", officer.identity()) as channel:
            yield Steady(federation, channel, node, coordinator)
    finally:
        node.stop()
        coordinator.stop()


def memory_mb(process: Process) -> float:
    """The resident memory of a process."""
    for line in Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError("no VmRSS: is this Linux?")
