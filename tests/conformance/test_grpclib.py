"""grpclib, a client in Python on an HTTP/2 that is not gRPC's own, at a node and a coordinator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from grpc_health.v1 import health_pb2
from grpclib.client import Channel, StreamStreamMethod, UnaryStreamMethod, UnaryUnaryMethod
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from federation.answer import Answer
from federation.v1 import coordinator_pb2, membership_pb2, node_pb2
from federation.wire.envelope import envelope_from_wire, envelope_to_wire
from tests.agencies import ABSENT, HELD
from tests.carrier import Carrier
from tests.conformance.foreign import NODES, Door, accepted, carried, door
from tests.federation import CARRIER, COORDINATOR, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")
SECONDS = 15.0


@contextmanager
def channel(at: Door) -> Iterator[Channel]:
    """A channel to a door."""
    made = Channel(at.host, at.port, ssl=at.context())
    try:
        yield made
    finally:
        made.close()


async def ask(over: Channel, *frames: node_pb2.NodeServiceAskRequest) -> list[node_pb2.Item]:
    """Every item of a stream of frames."""
    method = StreamStreamMethod(
        over, "/federation.v1.NodeService/Ask", node_pb2.NodeServiceAskRequest, node_pb2.NodeServiceAskResponse
    )
    return [item for frame in await method(frames, timeout=SECONDS) for item in frame.items]


@pytest.mark.parametrize("member", ["imigrasi", COORDINATOR])
async def test_a_member_says_that_it_serves(reflecting: Federation, member: str) -> None:
    with channel(door(reflecting, member, CARRIER)) as over:
        check = UnaryUnaryMethod(
            over, "/grpc.health.v1.Health/Check", health_pb2.HealthCheckRequest, health_pb2.HealthCheckResponse
        )
        told = await check(health_pb2.HealthCheckRequest(), timeout=SECONDS)
    assert told.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("member", ["imigrasi", COORDINATOR])
async def test_a_member_hands_out_the_roster_it_holds_and_no_other(reflecting: Federation, member: str) -> None:
    with channel(door(reflecting, member, CARRIER)) as over:
        get = UnaryUnaryMethod(
            over,
            "/federation.v1.RosterService/Get",
            membership_pb2.RosterServiceGetRequest,
            membership_pb2.RosterServiceGetResponse,
        )
        told = await get(membership_pb2.RosterServiceGetRequest(version=1), timeout=SECONDS)
        with pytest.raises(GRPCError) as unknown:
            await get(membership_pb2.RosterServiceGetRequest(version=99), timeout=SECONDS)
    assert envelope_from_wire(told.roster).statement_digest == reflecting.place.open_roster().digest
    assert unknown.value.status is Status.NOT_FOUND


async def test_one_malformed_question_of_ten_is_one_error_beside_nine_replies(
    reflecting: Federation, questioner: Carrier
) -> None:
    people = [row.person for row in (*HELD[:8], *ABSENT[:2])]
    questions = [questioner.question(reflecting.query(person)) for person in people]
    malformed = questions.pop(4)
    malformed.query.payload = malformed.query.payload[:-9]
    frames = [
        node_pb2.NodeServiceAskRequest(questions=[*questions[:4], malformed]),
        node_pb2.NodeServiceAskRequest(questions=questions[4:]),
    ]
    with channel(door(reflecting, "imigrasi", CARRIER)) as over:
        items = await ask(over, *frames)
    (fault,) = (item for item in items if item.WhichOneof("kind") == "error")
    assert (fault.correlation, fault.error.error) == (malformed.correlation, "MalformedStatement")
    bands = []
    for question in questions:
        answer = accepted(reflecting, "imigrasi", question, items).reply.statement
        assert isinstance(answer, Answer)
        bands.append(answer.subjects[0].band)
    assert bands == ["strong"] * 7 + ["none"] * 2


async def test_an_officers_query_is_carried_to_its_result(reflecting: Federation) -> None:
    envelope = reflecting.sign(reflecting.query(HELD[5].person, audience=NODES))
    with channel(door(reflecting, COORDINATOR, officer="alya")) as over:
        method = UnaryStreamMethod(
            over,
            "/federation.v1.CoordinatorService/Ask",
            coordinator_pb2.CoordinatorServiceAskRequest,
            coordinator_pb2.CoordinatorServiceAskResponse,
        )
        request = coordinator_pb2.CoordinatorServiceAskRequest(query=envelope_to_wire(envelope))
        told = await method(request, timeout=SECONDS)
    outcomes, result = carried(reflecting, envelope, told)
    assert sorted(outcomes) == sorted(NODES)
    assert result.subjects[0].strong == tuple(sorted(NODES))
