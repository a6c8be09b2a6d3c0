"""Sessions that die, databases that go back in time: nothing acknowledged is lost, doubled or contradicted."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import asyncpg
import psycopg
import pytest
from psycopg import sql

from federation.errors import CorruptLog, LogUnavailable
from federation.tlog.checkpoint import verify_checkpoint
from federation.tlog.log import Appended, Leaf, Log
from federation.tlog.merkle import Frontier, leaf_hash
from federation.tlog.receipt import verify
from tests.logs import LogSetting, OpenLog
from tests.postgres import Database, Server

KILL = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'simpul-log' AND datname = $1"

WAITING = """
SELECT EXISTS (SELECT FROM pg_stat_activity
WHERE application_name = 'simpul-log' AND datname = current_database() AND wait_event_type = 'Lock')"""


def leaf(name: str) -> Leaf:
    return Leaf(request=hashlib.sha256(name.encode()).digest(), entry=name.encode())


@asynccontextmanager
async def state_row_locked(database: Database) -> AsyncIterator[asyncpg.Connection]:
    """The row that every append must update is another's meanwhile."""
    connection = await asyncpg.connect(database.admin_dsn)
    try:
        async with connection.transaction():
            await connection.execute("SELECT FROM simpul.log_state FOR UPDATE")
            yield connection
    finally:
        await connection.close()


async def until_waiting(connection: asyncpg.Connection) -> None:
    """Until an append waits for the row."""
    async with asyncio.timeout(10):
        while not await connection.fetchval(WAITING):
            await connection.execute("SELECT pg_sleep(0.01)")


async def run(database: Database, statement: str, *args: object) -> None:
    connection = await asyncpg.connect(database.admin_dsn)
    try:
        await connection.execute(statement, *args)
    finally:
        await connection.close()


async def until_appended(log: Log, name: str) -> Appended:
    """Ask again with the same request, as every caller does."""
    for _ in range(20):
        try:
            return (await log.append([leaf(name)]))[0]
        except LogUnavailable:
            continue
    raise AssertionError("the log did not come back")


async def test_an_append_whose_session_is_killed_is_unknown_and_its_repetition_gets_one_place(
    log: Log, log_setting: LogSetting
) -> None:
    await log.append([leaf("before")])
    async with state_row_locked(log_setting.database) as locker:
        append = asyncio.create_task(log.append([leaf("a")]))
        await until_waiting(locker)
        await run(log_setting.database, KILL, log_setting.database.name)
        with pytest.raises(LogUnavailable):
            await append
    place = await until_appended(log, "a")
    assert (place.index, place.fresh) == (1, True)
    assert await until_appended(log, "a") == Appended(index=1, entry=b"a", fresh=False)
    assert log.size == 2


async def test_a_session_killed_while_idle_is_replaced(log: Log, log_setting: LogSetting) -> None:
    await log.append([leaf("a")])
    await run(log_setting.database, KILL, log_setting.database.name)
    assert (await until_appended(log, "b")).index == 1


async def test_killing_the_session_again_and_again_loses_doubles_and_skips_nothing(
    log: Log, log_setting: LogSetting
) -> None:
    acknowledged: dict[str, Appended] = {}

    async def caller(number: int) -> None:
        for n in range(30):
            name = f"{number}.{n}"
            acknowledged[name] = await until_appended(log, name)
            assert verify(await log.receipt(acknowledged[name]), log_setting.verifier).size > acknowledged[name].index

    async def killer() -> None:
        for _ in range(8):
            await run(log_setting.database, KILL, log_setting.database.name)

    await asyncio.gather(*[caller(number) for number in range(8)], killer())
    rows = await log.entries(0, 1_000)
    assert [row.index for row in rows] == list(range(240))
    assert {row.entry.decode(): row.index for row in rows} == {name: one.index for name, one in acknowledged.items()}
    await require_one_history(log, log_setting)


async def require_one_history(log: Log, log_setting: LogSetting) -> None:
    """Every checkpoint kept must be of the entries below its size."""
    frontier, entries = Frontier(), await log.entries(0, 1_000)
    for row in await log.checkpoints(-1, 1_000):
        while frontier.size < row.size:
            frontier.append(leaf_hash(entries[frontier.size].entry))
        assert verify_checkpoint(row.note, log_setting.verifier).root == frontier.root()


async def test_a_log_that_another_took_hold_of_writes_nothing_more(log: Log, log_setting: LogSetting) -> None:
    await log.append([leaf("a")])
    await run(log_setting.database, "UPDATE simpul.log_state SET epoch = epoch + 1")
    with pytest.raises(LogUnavailable):
        await log.append([leaf("b")])
    assert (await until_appended(log, "b")).index == 1


async def test_a_commit_whose_wait_for_the_standby_was_cancelled_is_unknown(log: Log, log_setting: LogSetting) -> None:
    await log.append([leaf("a")])
    waiting: asyncio.Task[tuple[Appended, ...]] | None = None
    await run(log_setting.database, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    await run(log_setting.database, "SELECT pg_reload_conf()")
    try:
        await standby_is_named(log_setting.database)
        waiting = asyncio.create_task(log.append([leaf("b")]))
        await cancelled_wait(log_setting.database)
        with pytest.raises(LogUnavailable):
            await waiting
    finally:
        await run(log_setting.database, "ALTER SYSTEM RESET synchronous_standby_names")
        await run(log_setting.database, "SELECT pg_reload_conf()")
    assert await until_appended(log, "b") == Appended(index=1, entry=b"b", fresh=False)


async def standby_is_named(database: Database) -> None:
    connection = await asyncpg.connect(database.admin_dsn)
    try:
        while await connection.fetchval("SELECT current_setting('synchronous_standby_names')") != "nobody":
            await connection.fetchval("SELECT pg_sleep(0.01)")
    finally:
        await connection.close()


async def cancelled_wait(database: Database) -> None:
    """Cancel the log's session once it waits for the standby that will never come."""
    cancel = """
    SELECT pg_cancel_backend(pid) FROM pg_stat_activity
    WHERE application_name = 'simpul-log' AND datname = $1 AND wait_event = 'SyncRep'"""
    connection = await asyncpg.connect(database.admin_dsn)
    try:
        while not await connection.fetchval(cancel, database.name):
            await connection.fetchval("SELECT pg_sleep(0.01)")
    finally:
        await connection.close()


async def test_a_log_restored_from_an_old_copy_does_not_start(
    open_log: OpenLog, log_setting: LogSetting, postgres: Server
) -> None:
    log = await open_log()
    await log.append([leaf(str(n)) for n in range(300)])
    await log.close()
    old = copy_of(postgres, log_setting.database)
    log = await open_log()
    await log.append([leaf("later")])
    await log.close()
    with pytest.raises(CorruptLog, match="promised 301 entries and the database has 300"):
        await replace(log_setting, database=old).open()


async def test_a_log_restored_and_grown_again_does_not_start(
    open_log: OpenLog, log_setting: LogSetting, postgres: Server
) -> None:
    log = await open_log()
    await log.append([leaf(str(n)) for n in range(300)])
    await log.close()
    old, promised = copy_of(postgres, log_setting.database), log_setting.anchor.read_bytes()
    log = await open_log()
    await log.append([leaf("later")])
    await log.close()
    newest = log_setting.anchor.read_bytes()
    log_setting.anchor.write_bytes(promised)
    grown = await replace(log_setting, database=old).open()
    await grown.append([leaf("otherwise"), leaf("and more")])
    await grown.close()
    log_setting.anchor.write_bytes(newest)
    with pytest.raises(CorruptLog, match="this is another history"):
        await replace(log_setting, database=old).open()


async def test_a_log_rolled_back_under_a_running_process_takes_nothing_more(log: Log, log_setting: LogSetting) -> None:
    await log.append([leaf("a")])
    await log.append([leaf("b")])
    await run(
        log_setting.database,
        """
        DELETE FROM simpul.log_entry WHERE index = 1;
        DELETE FROM simpul.log_checkpoint WHERE size = 2;
        UPDATE simpul.log_state
        SET size = 1, frontier = leaf_hash, edge = leaf_hash FROM simpul.log_entry WHERE index = 0""",
    )
    for _ in range(2):
        with pytest.raises(LogUnavailable):
            await log.append([leaf("c")])
    assert isinstance(log.fault, CorruptLog)
    with pytest.raises(LogUnavailable, match="see its fault"):
        await log.append([leaf("c")])


def copy_of(postgres: Server, database: Database) -> Database:
    """A database as an old backup would bring it back."""
    name = database.name + "_old"
    with psycopg.connect(postgres.dsn("postgres", "postgres"), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(database.name))
        )
    return Database(
        name=name,
        owner_dsn=postgres.dsn("simpul_owner", name),
        service_dsn=postgres.dsn("simpul_service", name),
        admin_dsn=postgres.dsn("postgres", name),
    )
