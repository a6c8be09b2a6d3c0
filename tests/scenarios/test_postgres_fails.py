"""PostgreSQL killed, restarted, filled, held up or cut off in the middle of load: nothing acknowledged is lost.

Officers ask two nodes through the coordinator all the time. Whatever happens to the database of all three, each answer
that an officer was shown stands in the logs, every query comes to all its answers without a hand laid on any member,
and the audit afterwards has nothing to say.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import asyncpg
import pytest
import pytest_asyncio

from federation.result import Silence
from tests.agencies import HELD
from tests.federation import COORDINATOR, Federation, make_templates
from tests.postgres import Server
from tests.scenarios.asked import (
    NOT_SERVING,
    SERVING,
    Asking,
    health,
    require_accounted_for,
    require_clean,
    shorten_deadline,
    until_health,
)
from tests.scenarios.database import Harmed, Volume, volume

pytestmark = pytest.mark.asyncio(loop_scope="module")
NODES = ("imigrasi", "polri")
MEMBERS = (*NODES, COORDINATOR)


@pytest.fixture(scope="module")
def disk() -> Iterator[Volume]:
    """A disk of its own for the database."""
    with volume() as made:
        yield made


@pytest.fixture(scope="module")
def own(disk: Volume) -> Iterator[Harmed]:
    """A server that only these tests use."""
    server = Server.start(disk.folder)
    try:
        make_templates(server)
        yield Harmed(server)
    finally:
        disk.free()
        server.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standing(own: Harmed, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Federation]:
    """A federation on that server; nothing of it is started again, whatever happens."""
    found = await Federation.found(tmp_path_factory.mktemp("standing"), own.server, nodes=NODES)
    shorten_deadline(found, 2.0)
    await found.start()
    try:
        yield found
    finally:
        await found.close()


@asynccontextmanager
async def under_load(federation: Federation) -> AsyncIterator[Asking]:
    """Officers ask while something is done; afterwards all is well, and everything they were told is accounted for."""
    async with Asking(federation, NODES) as asking:
        await asking.until_more(6)
        yield asking
        await asking.until_more(6)
    for member in MEMBERS:
        await until_health(federation, member, SERVING)
    await require_accounted_for(federation, asking.acknowledged)
    await require_clean(federation)


@asynccontextmanager
async def superuser(federation: Federation, member: str) -> AsyncIterator[asyncpg.Connection]:
    """A superuser in a member's database."""
    connection = await asyncpg.connect(federation.databases[member].admin_dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def test_a_server_killed_and_started_again_loses_nothing_acknowledged(standing: Federation, own: Harmed) -> None:
    async with under_load(standing) as asking:
        own.kill()
        for member in MEMBERS:
            await until_health(standing, member, NOT_SERVING)
        await own.start()
    assert asking.faults, "no officer noticed"


async def test_a_backend_killed_restarts_the_server_and_loses_nothing_acknowledged(
    standing: Federation, own: Harmed
) -> None:
    async with under_load(standing):
        own.kill_backend(standing.databases[COORDINATOR].name)


async def test_a_server_that_only_reads_logs_nothing_and_answers_nothing_new(standing: Federation, own: Harmed) -> None:
    async with under_load(standing) as asking:
        own.read_only(True)
        for member in MEMBERS:
            await until_health(standing, member, NOT_SERVING)
        done = len(asking.finished)
        own.read_only(False)
        assert len(asking.finished) == done
    assert asking.faults


async def test_a_full_disk_stops_the_log_and_room_made_on_it_lets_it_go_on(
    standing: Federation, own: Harmed, disk: Volume
) -> None:
    async with under_load(standing) as asking:
        disk.fill()
        try:
            await until_health(standing, "imigrasi", NOT_SERVING, 6.0)
        finally:
            disk.free()
        await own.start()
    assert asking.faults


async def test_a_log_that_is_held_up_is_told_by_its_health_and_recovers(standing: Federation) -> None:
    async with under_load(standing), superuser(standing, "imigrasi") as connection, connection.transaction():
        await connection.execute("LOCK TABLE simpul.log_state IN ACCESS EXCLUSIVE MODE")
        await until_health(standing, "imigrasi", NOT_SERVING)
        assert await health(standing, "polri") == SERVING


async def test_a_node_whose_database_is_slow_is_silent_and_the_other_is_heard(standing: Federation) -> None:
    envelope = standing.sign(standing.query(HELD[0].person, audience=NODES))
    async with superuser(standing, "imigrasi") as connection, connection.transaction():
        await connection.execute("LOCK TABLE simpul.log_state IN ACCESS EXCLUSIVE MODE")
        told = await standing.ask(envelope)
        assert isinstance(told.outcomes["imigrasi"], Silence)
        assert told.silence("imigrasi") == "deadline_passed"
        assert told.answer("polri").subjects[0].band == "strong"
    again = await standing.ask(envelope)
    assert again.answer("imigrasi").subjects[0].band == "strong"
    assert again.answer("polri") == told.answer("polri")


async def test_a_deadlock_is_broken_and_loses_nothing_acknowledged(standing: Federation, own: Harmed) -> None:
    before = own.deadlocks()
    async with under_load(standing), superuser(standing, "imigrasi") as connection:
        for _ in range(2):
            await deadlock(connection)
    assert own.deadlocks() >= before + 2


async def deadlock(connection: asyncpg.Connection) -> None:
    """Take what an append ends with, wait until it has what it begins with, and want that too: the append gives way."""
    async with asyncio.timeout(20.0), connection.transaction():
        await connection.execute("SET LOCAL deadlock_timeout = '20s'")
        await connection.execute(_TAKE_SIZES)
        while not await connection.fetchval(_SOMEBODY_WAITS):  # noqa: ASYNC110  REASON: another session is waited for
            await asyncio.sleep(0.01)
        await connection.execute("SELECT FROM simpul.log_state FOR UPDATE")
        await connection.execute("DELETE FROM simpul.log_checkpoint WHERE note = 'nobody'")


_TAKE_SIZES = """
INSERT INTO simpul.log_checkpoint (size, note)
SELECT state.size + ahead, 'nobody' FROM simpul.log_state AS state, generate_series(1, 500) AS ahead"""
_SOMEBODY_WAITS = "SELECT count(*) FROM pg_locks WHERE locktype = 'transactionid' AND NOT granted"


async def test_a_connection_cut_within_a_transaction_loses_nothing_acknowledged(standing: Federation) -> None:
    async with under_load(standing), superuser(standing, "imigrasi") as connection:
        for _ in range(5):
            await cut_within_an_append(connection)


async def cut_within_an_append(connection: asyncpg.Connection) -> None:
    """Hold up an append before its end, and cut its connection while it waits."""
    async with asyncio.timeout(20.0), connection.transaction():
        await connection.execute("LOCK TABLE simpul.log_checkpoint IN SHARE ROW EXCLUSIVE MODE")
        while not await connection.fetchval(_CUT):
            await asyncio.sleep(0.01)
            await connection.execute("SELECT pg_stat_clear_snapshot()")


_CUT = """
SELECT count(pg_terminate_backend(a.pid)) FROM pg_stat_activity AS a JOIN pg_locks AS l USING (pid)
WHERE a.application_name = 'simpul-log' AND l.relation = 'simpul.log_checkpoint'::regclass AND NOT l.granted"""
