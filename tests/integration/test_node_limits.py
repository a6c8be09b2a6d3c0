"""What a node takes of each caller at a time: a share of its places, over all their streams, and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
import pytest_asyncio

from federation.errors import TooBusy
from federation.v1 import node_pb2 as pb
from tests.agencies import HELD
from tests.carrier import Carrier, fault
from tests.federation import CARRIER, COORDINATOR, Federation
from tests.postgres import Server
from tests.scenarios.asked import kinds_about

pytestmark = pytest.mark.asyncio(loop_scope="module")
NODE = "imigrasi"
PLACES = 128
_WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def limited(federations: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Federation]:
    """A node of few places."""
    found = await Federation.found(tmp_path_factory.mktemp("limited"), federations, nodes=(NODE,))
    path = found.folder(NODE).root / "node.toml"
    path.write_text(path.read_text() + f"[limits]\nin_flight = {PLACES}\n")
    await found.start(NODE)
    yield found
    await found.close()


@asynccontextmanager
async def held_up(federation: Federation) -> AsyncIterator[asyncpg.Connection]:
    """Let the node write nothing to its log while the block lasts: what has a place keeps it."""
    dsn = federation.databases[NODE].admin_dsn
    holder, watcher = await asyncpg.connect(dsn), await asyncpg.connect(dsn)
    try:
        async with holder.transaction():
            await holder.execute("LOCK TABLE simpul.log_entry IN SHARE ROW EXCLUSIVE MODE")
            yield watcher
    finally:
        await holder.close()
        await watcher.close()


async def until_waiting(watcher: asyncpg.Connection) -> None:
    """Wait until the node's append waits for the table."""
    async with asyncio.timeout(20):
        while not await watcher.fetchval(_WAITING):  # noqa: ASYNC110  REASON: of another process
            await asyncio.sleep(0.01)


def frame(carrier: Carrier, count: int) -> pb.NodeServiceAskRequest:
    person = HELD[0].person
    return pb.NodeServiceAskRequest(
        questions=[carrier.question(carrier.federation.query(person)) for _ in range(count)]
    )


async def test_a_caller_has_its_share_over_all_its_streams_and_another_caller_has_one_too(limited: Federation) -> None:
    carrier, other = Carrier(limited, CARRIER), Carrier(limited, COORDINATOR)
    first, more, others = frame(carrier, PLACES // 2), frame(carrier, 2), frame(other, 2)
    async with held_up(limited) as watcher:
        answering = asyncio.create_task(carrier.frames(NODE, [first]))
        await until_waiting(watcher)
        turned_away = [item.error for item in await carrier.frames(NODE, [more])]
        answering_others = asyncio.create_task(other.frames(NODE, [others]))
        assert {type(fault(error)) for error in turned_away} == {TooBusy}
        assert all(error.HasField("retry_after") for error in turned_away)
        await asyncio.sleep(0)
        assert not answering.done()
    answered = [item for item in await answering if item.correlation]
    assert [item.WhichOneof("kind") for item in answered] == ["reply"] * (PLACES // 2)
    assert [item.WhichOneof("kind") for item in await answering_others if item.correlation] == ["reply"] * 2
    for question in more.questions:
        digest = (await carrier.ask(question)).answer.query_digest
        assert await kinds_about(limited, NODE, digest) == ["query_received", "answer_given"]
    await carrier.close()
    await other.close()


async def test_places_of_streams_that_broke_come_back(limited: Federation) -> None:
    for _ in range(3):
        carrier = Carrier(limited, CARRIER)
        async with held_up(limited) as watcher:
            asking = asyncio.create_task(carrier.frames(NODE, [frame(carrier, PLACES // 2)]))
            await until_waiting(watcher)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
        await carrier.close()
    carrier = Carrier(limited, CARRIER)
    async with asyncio.timeout(20):
        while True:
            items = await carrier.frames(NODE, [frame(carrier, PLACES // 2)])
            if all(item.WhichOneof("kind") != "error" for item in items):
                break
    await carrier.close()


async def test_streams_beyond_the_most_of_one_caller_are_turned_away(limited: Federation) -> None:
    carrier = Carrier(limited, CARRIER)
    async with held_up(limited) as watcher:
        asking = [asyncio.create_task(carrier.frames(NODE, [frame(carrier, 1)])) for _ in range(64)]
        await until_waiting(watcher)
        async with asyncio.timeout(20):
            while True:
                try:
                    await carrier.frames(NODE, [pb.NodeServiceAskRequest()])
                except TooBusy as error:
                    assert error.retry_after is not None
                    break
    told = await asyncio.gather(*asking)
    assert all(items[-1].WhichOneof("kind") == "reply" for items in told)
    await carrier.close()
