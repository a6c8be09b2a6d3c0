"""buf curl, a client in Go that knows of us only what reflection or protos/ says, at a node and a coordinator."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from google.protobuf.json_format import MessageToJson, ParseDict
from google.protobuf.message import Message

from federation.answer import MAX_MATCHES, Answer
from federation.envelope import MAX_ENVELOPE_BYTES
from federation.query import MAX_SUBJECTS
from federation.result import Silence
from federation.v1 import coordinator_pb2, node_pb2
from federation.wire.envelope import envelope_to_wire
from tests.agencies import ABSENT, HELD
from tests.carrier import Carrier
from tests.conformance.foreign import NODES, PROTOS, Door, accepted, carried, door
from tests.federation import CARRIER, COORDINATOR, DOWN, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")
BUF = Path(sys.executable).with_name("buf")
BY_PROTOS = ("--reflect=false", "--schema", str(PROTOS))
M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """How a run of buf curl ended."""

    code: int
    out: str
    err: str

    def messages(self, kind: type[M]) -> list[M]:
        """The messages that came, in their order."""
        assert self.code == 0, self.err
        return [ParseDict(document, kind()) for document in _documents(self.out)]


async def curl(at: Door, path: str, request: Message | None = None, *flags: str, certificate: bool = True) -> Ran:
    """Run buf curl at a door."""
    presented = ("--cert", str(at.certificate), "--key", str(at.key)) if certificate else ()
    data = ("--data", MessageToJson(request)) if request is not None else ()
    run = await asyncio.create_subprocess_exec(
        *(str(BUF), "curl", "--protocol", "grpc", "--cacert", str(at.ca), *presented, *flags, *data),
        f"https://{at.address}{path}",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "BUF_CACHE_DIR": str(at.ca.parent / "buf")},
    )
    out, err = await run.communicate()
    assert run.returncode is not None
    return Ran(code=run.returncode, out=out.decode(), err=err.decode())


def _documents(text: str) -> Iterator[dict[str, Any]]:
    decoder, at = json.JSONDecoder(), 0
    while text[at:].strip():
        at += len(text[at:]) - len(text[at:].lstrip())
        document, at = decoder.raw_decode(text, at)
        yield document


@pytest.mark.parametrize("member", ["imigrasi", COORDINATOR])
async def test_a_member_says_that_it_serves(reflecting: Federation, member: str) -> None:
    ran = await curl(door(reflecting, member, CARRIER), "/grpc.health.v1.Health/Check")
    assert (ran.code, json.loads(ran.out)) == (0, {"status": "SERVING"})


@pytest.mark.parametrize(("member", "own"), [("imigrasi", "NodeService"), (COORDINATOR, "CoordinatorService")])
async def test_reflection_lists_what_a_member_serves(reflecting: Federation, member: str, own: str) -> None:
    ran = await curl(door(reflecting, member, CARRIER), "", None, "--list-services")
    assert sorted(name for name in ran.out.split() if not name.startswith("grpc.reflection.")) == [
        f"federation.v1.{own}",
        "federation.v1.QueryLogService",
        "federation.v1.RosterService",
        "grpc.health.v1.Health",
    ]


async def test_nothing_is_told_to_a_caller_without_a_certificate(reflecting: Federation) -> None:
    at = door(reflecting, "imigrasi", CARRIER)
    for flags in (BY_PROTOS, ("--connect-timeout", "5")):
        ran = await curl(at, "/federation.v1.NodeService/Describe", None, *flags, certificate=False)
        assert ran.code != 0
        assert ran.out == ""
    assert (await curl(at, "/federation.v1.NodeService/Describe", None, *BY_PROTOS)).code == 0


async def test_a_node_describes_itself_alike_by_reflection_and_by_protos(reflecting: Federation) -> None:
    at = door(reflecting, "imigrasi", CARRIER)
    told = []
    for flags in ((), BY_PROTOS):
        ran = await curl(at, "/federation.v1.NodeService/Describe", None, *flags)
        told += ran.messages(node_pb2.NodeServiceDescribeResponse)
    reflected, by_protos = told
    assert reflected == by_protos
    assert (reflected.federation, reflected.member) == ("uji", "imigrasi")
    limits = (reflected.max_subjects, reflected.max_matches, reflected.max_envelope_bytes)
    assert limits == (MAX_SUBJECTS, MAX_MATCHES, MAX_ENVELOPE_BYTES)


async def test_a_query_asked_once_is_answered_and_the_reply_can_be_accepted(
    reflecting: Federation, questioner: Carrier
) -> None:
    question = questioner.question(reflecting.query(HELD[0].person, ABSENT[0].person))
    request = node_pb2.NodeServiceAskRequest(questions=[question])
    ran = await curl(door(reflecting, "imigrasi", CARRIER), "/federation.v1.NodeService/Ask", request)
    items = [item for frame in ran.messages(node_pb2.NodeServiceAskResponse) for item in frame.items]
    answer = accepted(reflecting, "imigrasi", question, items).reply.statement
    assert isinstance(answer, Answer)
    assert [subject.band for subject in answer.subjects] == ["strong", "none"]


async def test_an_officers_query_is_carried_to_its_result(reflecting: Federation) -> None:
    envelope = reflecting.sign(reflecting.query(HELD[1].person, audience=(*NODES, DOWN)))
    request = coordinator_pb2.CoordinatorServiceAskRequest(query=envelope_to_wire(envelope))
    at = door(reflecting, COORDINATOR, officer="alya")
    ran = await curl(at, "/federation.v1.CoordinatorService/Ask", request)
    outcomes, result = carried(reflecting, envelope, ran.messages(coordinator_pb2.CoordinatorServiceAskResponse))
    silence = outcomes.pop(DOWN)
    assert isinstance(silence, Silence)
    assert silence.reason == "unreachable"
    assert sorted(outcomes) == sorted(NODES)
    assert (result.subjects[0].strong, result.subjects[0].silent) == (tuple(sorted(NODES)), (DOWN,))


async def test_a_refused_call_leaves_with_the_status_of_the_table(reflecting: Federation) -> None:
    envelope = reflecting.sign(reflecting.query(HELD[1].person))
    request = coordinator_pb2.CoordinatorServiceAskRequest(query=envelope_to_wire(envelope))
    ran = await curl(door(reflecting, COORDINATOR, CARRIER), "/federation.v1.CoordinatorService/Ask", request)
    assert ran.out == ""
    assert json.loads(ran.err)["code"] == "permission_denied", ran.err
