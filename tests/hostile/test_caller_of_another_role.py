"""A member, auditor or officer at a door that is not theirs: turned away by role, and nothing is logged."""

from __future__ import annotations

from collections.abc import AsyncIterator

import grpc
import pytest
import pytest_asyncio

from federation import status
from federation.calling.channels import open_channel
from federation.errors import MethodNotAllowed
from federation.v1 import querylog_pb2
from federation.v1.querylog_pb2_grpc import QueryLogServiceStub
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.federation import AUDITOR, COORDINATOR, GUEST, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def nothing_is_logged(federation: Federation) -> AsyncIterator[None]:
    """Hold every test of this file to it."""
    count = "SELECT count(*) AS entries FROM simpul.log_entry"
    before = [await federation.rows(member, count) for member in (COORDINATOR, "imigrasi")]
    yield
    assert [await federation.rows(member, count) for member in (COORDINATOR, "imigrasi")] == before


async def test_an_officer_does_not_ask_a_node(federation: Federation, carrier: Carrier) -> None:
    question = carrier.question(federation.query(HELD[0].person))
    with pytest.raises(MethodNotAllowed):
        await carrier.ask_as(federation.officer().identity(), question)


@pytest.mark.parametrize("member", ["polri", AUDITOR, GUEST, "imigrasi"])
async def test_a_member_that_is_no_coordinator_does_not_ask_a_node(
    federation: Federation, carrier: Carrier, member: str
) -> None:
    question = carrier.question(federation.query(HELD[0].person))
    with pytest.raises(MethodNotAllowed):
        await carrier.ask_as(federation.keys(member).tls, question)


async def test_an_officer_of_the_coordinator_itself_does_not_ask_a_node(
    federation: Federation, carrier: Carrier
) -> None:
    question = carrier.question(federation.query(HELD[0].person))
    with pytest.raises(MethodNotAllowed):
        await carrier.ask_as(federation.officer_identity("wati", carrier.id), question)


@pytest.mark.parametrize("member", ["imigrasi", COORDINATOR])
async def test_an_officer_does_not_read_a_log(federation: Federation, member: str) -> None:
    page = querylog_pb2.QueryLogServiceEntriesRequest(table=querylog_pb2.TABLE_ENTRY, limit=10)
    async with open_channel(federation.member(member), "roster", federation.officer().identity()) as channel:
        stub = QueryLogServiceStub(channel)
        calls = (
            stub.Checkpoint(querylog_pb2.QueryLogServiceCheckpointRequest(), timeout=5.0),
            stub.Entries(page, timeout=5.0),
            stub.Proof(querylog_pb2.QueryLogServiceProofRequest(), timeout=5.0),
            stub.Evidence(querylog_pb2.QueryLogServiceEvidenceRequest(), timeout=5.0),
        )
        for call in calls:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call
            assert isinstance(status.from_call(caught.value), MethodNotAllowed)


async def test_a_coordinator_does_not_bring_a_query_of_its_own_making(federation: Federation) -> None:
    """A coordinator asks only what an officer signed: its own process may not bring an officer's query either."""
    envelope = federation.sign(federation.query(HELD[0].person))
    for member in (COORDINATOR, "polri"):
        with pytest.raises(MethodNotAllowed):
            await federation.bring(envelope, federation.keys(member).tls)
