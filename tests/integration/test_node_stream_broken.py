"""A stream that breaks while its questions are answered: what was logged as received is answered for all the same."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest

from federation.calling.channels import open_channel
from federation.v1 import node_pb2 as pb
from federation.v1.node_pb2_grpc import NodeServiceStub
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.federation import Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")
_RECEIVED = "SELECT count(*) AS entries FROM simpul.received AS r WHERE r.query_digest = $1"
_REPLIES = "SELECT count(*) AS entries FROM simpul.replay AS r WHERE r.query_digest = $1"


async def until_one(federation: Federation, statement: str, digest: bytes) -> None:
    async with asyncio.timeout(10):
        while not (await federation.rows("imigrasi", statement, digest))[0]["entries"]:
            await federation.rows("imigrasi", "SELECT pg_sleep(0.02)")


async def test_a_question_whose_stream_breaks_is_answered_for_in_the_log(
    federation: Federation, carrier: Carrier
) -> None:
    envelope = carrier.countersigned(federation.query(HELD[3].person))
    question, digest = carrier.question(envelope), envelope.statement_digest

    async def frames() -> AsyncIterator[pb.NodeServiceAskRequest]:
        yield pb.NodeServiceAskRequest(questions=[question])
        await asyncio.Event().wait()

    locker = await asyncpg.connect(federation.databases["imigrasi"].admin_dsn)
    async with open_channel(federation.member("imigrasi"), "node", carrier.keys.tls) as channel:
        async with locker.transaction():
            await locker.execute("LOCK TABLE simpul_index.match_key IN ACCESS EXCLUSIVE MODE")
            call = NodeServiceStub(channel).Ask(frames(), timeout=30.0)
            await until_one(federation, _RECEIVED, digest)
            call.cancel()
            await channel.close(None)
        await until_one(federation, _REPLIES, digest)
    await locker.close()
