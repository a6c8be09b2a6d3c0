"""Health that means usefulness: a member that cannot do what it is for says so, and takes it back by itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from federation.calling.channels import open_channel
from tests.agencies import HELD
from tests.federation import COORDINATOR, Federation

NODE = "imigrasi"
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
UNKNOWN = health_pb2.HealthCheckResponse.SERVICE_UNKNOWN
SECONDS = 20.0


class Watched:
    """What a health check of one member is told, change after change."""

    def __init__(self, told: AsyncIterator[health_pb2.HealthCheckResponse]) -> None:
        self._told = told

    async def next(self, seconds: float = SECONDS) -> int:
        """The next status told (TimeoutError)."""
        async with asyncio.timeout(seconds):
            return (await anext(self._told)).status


@asynccontextmanager
async def watched(federation: Federation, member: str = NODE, service: str = "") -> AsyncIterator[Watched]:
    """Watch a member as a load balancer would; it is SERVING to begin with."""
    async with open_channel(federation.member(member), "roster", federation.keys(member).tls) as channel:
        call = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest(service=service))
        health = Watched(aiter(call))
        assert await health.next() == SERVING
        yield health
        call.cancel()


@asynccontextmanager
async def harm(federation: Federation, member: str = NODE) -> AsyncIterator[asyncpg.Connection]:
    """A superuser in a member's database."""
    connection = await asyncpg.connect(federation.databases[member].admin_dsn)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize("service", ["", "federation.v1.NodeService", "federation.v1.QueryLogService"])
async def test_an_index_that_cannot_be_looked_up_in_is_told_and_taken_back(small: Federation, service: str) -> None:
    async with watched(small, service=service) as health, harm(small) as connection:
        await connection.execute("ALTER TABLE simpul_index.match_key RENAME TO away")
        assert await health.next() == NOT_SERVING
        await connection.execute("ALTER TABLE simpul_index.away RENAME TO match_key")
        assert await health.next() == SERVING


@pytest.mark.parametrize("member", [NODE, COORDINATOR])
async def test_a_log_whose_appends_stall_is_told_within_five_seconds_and_taken_back(
    small: Federation, member: str
) -> None:
    loop = asyncio.get_running_loop()
    async with watched(small, member) as health, harm(small, member) as connection:
        hold = connection.transaction()
        await hold.start()
        await connection.execute("SELECT FROM simpul.log_state FOR UPDATE")
        began = loop.time()
        assert await health.next() == NOT_SERVING
        assert loop.time() - began < 7.0  # five, and the patience of a loaded machine
        await hold.rollback()
        assert await health.next() == SERVING


async def test_a_database_that_lets_nobody_in_is_told_and_the_log_is_opened_anew_by_itself(small: Federation) -> None:
    name = small.databases[NODE].name
    admin = await asyncpg.connect(small.databases[COORDINATOR].admin_dsn)
    try:
        async with watched(small) as health:
            await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false')
            await admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
            assert await health.next() == NOT_SERVING
            await admin.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true')
            assert await health.next() == SERVING
    finally:
        await admin.close()
    told = await small.ask(small.query(HELD[0].person))
    assert told.answer(NODE).subjects[0].band == "strong"


async def test_a_log_that_contradicts_itself_is_told_and_never_taken_back(small: Federation) -> None:
    await small.ask(small.query(HELD[0].person))
    async with watched(small) as health, harm(small) as connection:
        await connection.execute("SET session_replication_role = replica")
        newest = await connection.fetchrow(
            "DELETE FROM simpul.log_checkpoint WHERE size = (SELECT max(size) FROM simpul.log_checkpoint) RETURNING *"
        )
        await connection.execute("UPDATE simpul.log_state SET epoch = epoch + 1")
        assert await health.next() == NOT_SERVING
        await connection.execute("INSERT INTO simpul.log_checkpoint VALUES ($1, $2)", newest["size"], newest["note"])
        with pytest.raises(TimeoutError):
            await health.next(3.0)


async def test_a_roster_that_has_expired_is_told(small: Federation) -> None:
    async with watched(small) as node, watched(small, COORDINATOR) as coordinator:
        small.clock.at = small.place.open_roster().statement.window.end
        assert await node.next() == NOT_SERVING
        assert await coordinator.next() == NOT_SERVING


async def test_a_member_that_drains_is_not_serving_whatever_is_found_then(small: Federation) -> None:
    async with watched(small) as health:
        stopping = asyncio.create_task(small.stop(NODE))
        assert await health.next() == NOT_SERVING
        await stopping
