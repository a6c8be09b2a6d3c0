"""grpc-js, Node's own gRPC on Node's own HTTP/2: streams, deadlines, and a node that was restarted."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from google.protobuf.message import Message

from federation.answer import Answer
from federation.v1 import coordinator_pb2, membership_pb2, node_pb2
from federation.wire.envelope import envelope_from_wire, envelope_to_wire
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.conformance.foreign import NODES, PROTOS, Door, accepted, carried, door
from tests.federation import CARRIER, COORDINATOR, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")
JS = Path(__file__).with_name("js")
INSTALLED = Path(__file__).parents[2] / ".tools"
NODE_SERVICE = "federation.v1.NodeService"
OK, DEADLINE_EXCEEDED, NOT_FOUND, UNAVAILABLE = 0, 4, 5, 14
_NO_REGISTRY = re.compile(
    r"code (EAI_AGAIN|ENOTFOUND|ENOTCACHED|ECONN\w+|ETIMEDOUT|E\w+TIMEOUT|E(NET|HOST)UNREACH|FETCH_\w+)"
)
M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """What came of a call, as grpc-js saw it."""

    code: int
    details: str
    messages: list[dict[str, Any]]

    def read(self, kind: type[M]) -> list[M]:
        """The messages of a call that went well."""
        assert self.code == OK, self
        return [ParseDict(message, kind()) for message in self.messages]


class Caller:
    """A Node process that keeps one channel to a door open."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Take up a process that waits for calls."""
        self._process = process

    async def call(self, method: str, *requests: Message) -> Called:
        """Make one call and wait for what comes of it."""
        await self._send(method, requests, end=True, seconds=15.0)
        return await self.told()

    async def hold(self, question: node_pb2.Question, seconds: float) -> Called:
        """Ask on a stream that this side never ends; returns with the first message that comes."""
        frame = node_pb2.NodeServiceAskRequest(questions=[question])
        await self._send(f"{NODE_SERVICE}/Ask", (frame,), end=False, seconds=seconds)
        return await self.told()

    async def _send(self, method: str, requests: Sequence[Message], *, end: bool, seconds: float) -> None:
        service, _, name = method.rpartition("/")
        sent = [MessageToDict(request, preserving_proto_field_name=True) for request in requests]
        line = json.dumps({"service": service, "method": name, "requests": sent, "seconds": seconds, "end": end})
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")
        await self._process.stdin.drain()

    async def told(self) -> Called:
        """What came of the call made last."""
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        assert line, "the Node process ended; its last words are on stderr"
        told = json.loads(line)
        return Called(code=told.get("code", OK), details=told.get("details", ""), messages=told["messages"])

    async def ask(self, *questions: node_pb2.Question) -> list[node_pb2.Item]:
        """Every item of a stream with one frame for each question."""
        frames = [node_pb2.NodeServiceAskRequest(questions=[question]) for question in questions]
        told = await self.call(f"{NODE_SERVICE}/Ask", *frames)
        return [item for frame in told.read(node_pb2.NodeServiceAskResponse) for item in frame.items]


@pytest.fixture(scope="session")
def modules() -> Path:
    """The modules that the lock names: those in js/node_modules, or installed once for each lock."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("no Node.js here: install Node.js 20 or newer with npm, and these tests install grpc-js themselves")
    if (JS / "node_modules").is_dir():
        return JS / "node_modules"
    lock = hashlib.sha256((JS / "package-lock.json").read_bytes()).hexdigest()
    place = INSTALLED / f"grpc-js-{lock[:16]}"
    if not place.is_dir():
        _install(place)
    return place / "node_modules"


def _install(place: Path) -> None:
    """Install the lock into a folder, whole or not at all; skip where no registry of npm can be reached."""
    place.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        made = Path(folder) / "made"
        made.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(JS / name, made)
        patience = ("--fetch-timeout=20000", "--fetch-retries=1", "--fetch-retry-mintimeout=1000")
        command = ("npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund", *patience)
        run = subprocess.run(command, cwd=made, capture_output=True, text=True, check=False)
        if run.returncode and _NO_REGISTRY.search(run.stderr):
            pytest.skip("npm reaches no registry: run `npm ci` in tests/conformance/js where it does, then try again")
        assert run.returncode == 0, run.stderr
        with suppress(OSError):  # another process was faster
            made.rename(place)


@asynccontextmanager
async def calling(modules: Path, at: Door) -> AsyncIterator[Caller]:
    """A Node process at a door, until the block ends."""
    process = await asyncio.create_subprocess_exec(
        *("node", str(JS / "client.js"), str(PROTOS), at.address, str(at.ca), str(at.certificate), str(at.key)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=8 * 1024 * 1024,
        env={**os.environ, "NODE_PATH": str(modules)},
    )
    try:
        yield Caller(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        assert await asyncio.wait_for(process.wait(), 10) == 0


def strong(federation: Federation, questions: Sequence[node_pb2.Question], items: Sequence[node_pb2.Item]) -> bool:
    """Whether every question has a reply that can be accepted, with a strong match for its subject."""
    answers = [accepted(federation, "imigrasi", question, items).reply.statement for question in questions]
    return all(isinstance(answer, Answer) and answer.subjects[0].band == "strong" for answer in answers)


@pytest.mark.parametrize("member", ["imigrasi", COORDINATOR])
async def test_a_member_says_that_it_serves_and_hands_out_its_roster(
    modules: Path, reflecting: Federation, member: str
) -> None:
    async with calling(modules, door(reflecting, member, CARRIER)) as caller:
        health = await caller.call("grpc.health.v1.Health/Check", node_pb2.NodeServiceDescribeRequest())
        get = "federation.v1.RosterService/Get"
        held = await caller.call(get, membership_pb2.RosterServiceGetRequest(version=1))
        unknown = await caller.call(get, membership_pb2.RosterServiceGetRequest(version=99))
    assert (health.code, health.messages) == (OK, [{"status": "SERVING"}])
    (roster,) = held.read(membership_pb2.RosterServiceGetResponse)
    assert envelope_from_wire(roster.roster).statement_digest == reflecting.place.open_roster().digest
    assert (unknown.code, unknown.messages) == (NOT_FOUND, [])


async def test_eight_questions_on_one_stream_have_eight_replies_that_can_be_accepted(
    modules: Path, reflecting: Federation, questioner: Carrier
) -> None:
    questions = [questioner.question(reflecting.query(row.person)) for row in HELD[:8]]
    async with calling(modules, door(reflecting, "imigrasi", CARRIER)) as caller:
        items = await caller.ask(*questions)
    assert strong(reflecting, questions, items)


async def test_a_deadline_that_passes_ends_the_stream_and_not_the_channel(
    modules: Path, reflecting: Federation, questioner: Carrier
) -> None:
    question, after = (questioner.question(reflecting.query(row.person)) for row in HELD[:2])
    async with calling(modules, door(reflecting, "imigrasi", CARRIER)) as caller:
        first = await caller.hold(question, seconds=2.0)
        passed = await caller.told()
        items = await caller.ask(after)
    assert passed.code == DEADLINE_EXCEEDED
    assert passed.messages == first.messages
    (frame,) = first.read(node_pb2.NodeServiceAskResponse)
    assert strong(reflecting, [question], frame.items)
    assert strong(reflecting, [after], items)


async def test_a_restart_ends_the_stream_and_the_same_channel_asks_again(
    modules: Path, reflecting: Federation, questioner: Carrier
) -> None:
    before, after = (questioner.question(reflecting.query(row.person)) for row in HELD[2:4])
    async with calling(modules, door(reflecting, "imigrasi", CARRIER)) as caller:
        (frame,) = (await caller.hold(before, seconds=15.0)).read(node_pb2.NodeServiceAskResponse)
        await reflecting.stop("imigrasi")
        broken = await caller.told()
        await reflecting.start("imigrasi")
        items = await caller.ask(after)
        again = await caller.ask(before)
    assert broken.code == UNAVAILABLE, broken.details
    assert strong(reflecting, [after], items)
    first, second = (accepted(reflecting, "imigrasi", before, said) for said in (frame.items, again))
    assert first.reply.envelope == second.reply.envelope


async def test_an_officers_query_is_carried_to_its_result(modules: Path, reflecting: Federation) -> None:
    envelope = reflecting.sign(reflecting.query(HELD[6].person, audience=NODES))
    request = coordinator_pb2.CoordinatorServiceAskRequest(query=envelope_to_wire(envelope))
    async with calling(modules, door(reflecting, COORDINATOR, officer="alya")) as caller:
        told = await caller.call("federation.v1.CoordinatorService/Ask", request)
    outcomes, result = carried(reflecting, envelope, told.read(coordinator_pb2.CoordinatorServiceAskResponse))
    assert sorted(outcomes) == sorted(NODES)
    assert result.subjects[0].strong == tuple(sorted(NODES))
