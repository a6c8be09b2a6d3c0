"""A node that goes on answering while its index is brought in step by another process, which may be killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from federation.answer import Answer
from federation.errors import ConfigError
from node.cli.indexing import index_records
from node.cli.refreshing import refresh_once
from node.config import LoadedConfig, load_config
from node.records.build import lock
from node.records.indexed import reference_digest
from node.records.state import LOCK
from tests.agencies import ABSENT, HELD, PROTECTED, Row
from tests.federation import Federation

NODE = "imigrasi"
SECONDS = 30.0
_INSERT = "INSERT INTO agency.orang VALUES ($1, $2, $3, $4, $5, $6, false, '2026-01-05', '2027-01-04')"
_MANY = """
INSERT INTO agency.orang SELECT 'N-' || to_char(n, 'FM00000'), 'PHANOMWAN ' || chr(65 + n % 26) || 'IRAT',
    '1988-01-08', 'THA', 'F', 'ZZ' || n, false, '2026-01-05', '2027-01-04' FROM generate_series(1, 5000) AS n
"""
KEYS_OF_NO_RECORD = """
SELECT count(*) FROM simpul_index.match_key AS k
WHERE NOT EXISTS (SELECT FROM simpul_index.match_record AS r WHERE r.rec = k.rec)
"""
_RECORDS = "SELECT count(DISTINCT (type, reference)) FROM simpul_index.match_record"
_LOCKED = f"SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND granted AND classid = {LOCK >> 32}"
_END_LOCKED = f"SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = {LOCK >> 32}"


def loaded(federation: Federation) -> LoadedConfig:
    """The node's configuration."""
    return load_config(federation.folder(NODE).root / "node.toml")


@asynccontextmanager
async def clerk(federation: Federation) -> AsyncIterator[asyncpg.Connection]:
    """Whoever writes in the agency's own tables, and in the index's if need be."""
    connection = await asyncpg.connect(federation.databases[NODE].admin_dsn)
    try:
        yield connection
    finally:
        await connection.close()


async def enter(federation: Federation, row: Row, key: str = "R-9001") -> None:
    """Write a person into the agency's table."""
    async with clerk(federation) as connection:
        await connection.execute(_INSERT, key, row.name, row.born, row.nation, row.sex, row.passport)


async def answer(federation: Federation, row: Row) -> Answer:
    """What the node answers of a person."""
    return (await federation.ask(federation.query(row.person))).answer(NODE)


async def until_as_of_moves(federation: Federation, row: Row, before: Answer) -> Answer:
    """The first answer that is as of another instant than the one before."""
    async with asyncio.timeout(SECONDS):
        while (found := await answer(federation, row)).index_as_of == before.index_as_of:
            continue
    return found


async def test_an_answer_is_as_of_the_refresh_before_it_and_knows_what_that_found(small: Federation) -> None:
    before = await answer(small, ABSENT[0])
    assert (before.index_as_of, before.subjects[0].band) == (small.founded, "none")
    await enter(small, ABSENT[0])
    small.clock.move(timedelta(minutes=5))
    made = await refresh_once(loaded(small), small.clock, compare=False)
    assert [(each["done"], each["added"]) for each in made["types"]] == [("compared", 1)] * 2
    found = await until_as_of_moves(small, ABSENT[0], before)
    assert found.index_as_of == small.clock()
    assert found.subjects[0].band == "strong"
    assert {match.as_of for match in found.subjects[0].matches} == {small.clock()}


async def test_a_node_answers_every_query_while_its_index_is_refreshed_and_rebuilt(small: Federation) -> None:
    async with clerk(small) as connection:
        await connection.execute(_MANY)
    writing = asyncio.create_task(refresh_once(loaded(small), small.clock, compare=False))
    asked = 0
    while not writing.done():
        assert (await answer(small, HELD[asked % 19])).subjects[0].band == "strong"
        assert (await answer(small, PROTECTED)).subjects[0].band == "none"
        asked += 1
    assert [each["added"] for each in (await writing)["types"]] == [5000, 5000]
    assert asked > 0
    building = asyncio.create_task(index_records(loaded(small), small.clock(), show=False))
    while not building.done():
        assert (await answer(small, HELD[asked % 19])).subjects[0].band == "strong"
        asked += 1
    assert (await building)["records"] == 2 * 5019


async def test_an_index_rebuilt_under_another_secret_is_looked_up_in_no_more(small: Federation) -> None:
    secret = loaded(small).secret_file
    kept = secret.read_bytes()
    secret.unlink()
    await index_records(loaded(small), small.clock(), show=False)
    async with asyncio.timeout(SECONDS):
        while "unavailable" not in _silence(await _outcome(small)):
            assert (await _outcome(small)) is not None
    secret.write_bytes(kept)
    await index_records(loaded(small), small.clock(), show=False)
    async with asyncio.timeout(SECONDS):
        while _silence(await _outcome(small)):
            continue
    assert (await answer(small, HELD[0])).subjects[0].band == "strong"


async def _outcome(federation: Federation) -> object:
    return (await federation.ask(federation.query(HELD[0].person))).outcomes[NODE]


def _silence(outcome: object) -> str:
    return str(getattr(outcome, "reason", ""))


async def test_of_two_that_would_write_the_index_the_second_says_so_and_writes_nothing(small: Federation) -> None:
    connection = await asyncpg.connect(loaded(small).config.index_dsn)
    try:
        assert await lock(connection)
        with pytest.raises(ConfigError, match="another build or refresh of this index is under way"):
            await refresh_once(loaded(small), small.clock, compare=False)
        with pytest.raises(ConfigError, match="another build or refresh of this index is under way"):
            await index_records(loaded(small), small.clock(), show=False)
    finally:
        await connection.close()


@asynccontextmanager
async def command(federation: Federation, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A real `simpul-node` beside the node that serves."""
    config = str(federation.folder(NODE).root / "node.toml")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "node.cli",
        *arguments,
        "--config",
        config,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def until(connection: asyncpg.Connection, statement: str) -> None:
    """Wait until a statement is true."""
    async with asyncio.timeout(SECONDS):
        while not await connection.fetchval(statement):  # noqa: ASYNC110 REASON: another process is waited for
            await asyncio.sleep(0.02)


async def test_a_refresh_killed_in_its_middle_is_gone_on_with_and_nothing_is_lost(small: Federation) -> None:
    async with clerk(small) as connection, clerk(small) as holder:
        await connection.execute(_MANY)
        await connection.execute("DELETE FROM agency.orang WHERE id = 'R-0003'")
        hold = holder.transaction()
        await hold.start()
        await holder.execute(  # not committed: whoever comes to this record must wait for it
            "INSERT INTO simpul_index.match_record SELECT -1, type, reference, $1, '', NULL, form, fields"
            " FROM simpul_index.match_record LIMIT 1",
            reference_digest("stay_permit", "N-02500", loaded(small).secret_file.read_bytes()),
        )
        async with command(small, "refresh") as process:
            await until(connection, "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted")
            process.send_signal(signal.SIGKILL)
            assert await process.wait() == -signal.SIGKILL
        await hold.rollback()
        await until(connection, "SELECT count(*) = 0 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        some = await connection.fetchval("SELECT records FROM simpul_index.match_state")
        assert 2 * 19 < some < 2 * 5019
        assert some == await connection.fetchval("SELECT count(*) FROM simpul_index.match_record")
        assert (await answer(small, HELD[0])).subjects[0].band == "strong"
        async with command(small, "refresh", "--json") as process:
            output, _ = await process.communicate()
            assert process.returncode == 0, output
        assert await connection.fetchval("SELECT records FROM simpul_index.match_state") == 2 * 5018
        assert await connection.fetchval(_RECORDS) == 2 * 5018
        assert await connection.fetchval(KEYS_OF_NO_RECORD) == 0


async def test_a_follower_waits_for_the_lock_then_sees_changes_within_seconds_and_ends_when_told(
    small: Federation,
) -> None:
    path = loaded(small).path
    path.write_text(path.read_text() + "[index]\nrefresh_s = 0.2\n")
    mapping = loaded(small).config.records.mapping_file
    mapping.write_text(mapping.read_text().replace('key = "id"', 'key = "id"\ncompare_s = 1'))
    holder = await asyncpg.connect(loaded(small).config.index_dsn)
    assert await lock(holder)
    before = await answer(small, ABSENT[1])
    await enter(small, ABSENT[1])
    async with command(small, "refresh", "--follow") as process:
        assert process.stderr is not None
        async with asyncio.timeout(SECONDS):
            assert b"refresh_waits" in await process.stderr.readline()
        assert (await answer(small, ABSENT[1])).index_as_of == before.index_as_of
        await holder.close()
        found = before
        async with asyncio.timeout(SECONDS):
            while found.subjects[0].band == "none":
                found = await until_as_of_moves(small, ABSENT[1], found)
        process.terminate()
        assert await process.wait() == 0


async def test_a_follower_outlives_the_database_of_its_index(small: Federation) -> None:
    path = loaded(small).path
    path.write_text(path.read_text() + "[index]\nrefresh_s = 0.2\n")
    mapping = loaded(small).config.records.mapping_file
    mapping.write_text(mapping.read_text().replace('key = "id"', 'key = "id"\ncompare_s = 1'))
    async with command(small, "refresh", "--follow") as process, clerk(small) as connection:
        await until(connection, _LOCKED)
        await connection.execute(_END_LOCKED)
        await enter(small, ABSENT[2])
        await until(connection, _LOCKED)
        await until(connection, "SELECT count(*) = 2 FROM simpul_index.match_record WHERE reference = 'R-9001'")
        assert process.returncode is None


async def test_the_commands_say_what_they_did_and_what_is_not_in_step(small: Federation) -> None:
    mapping = loaded(small).config.records.mapping_file
    async with command(small, "trigger") as process:
        _, error = await process.communicate()
        assert process.returncode == 3
        assert b'no record of the mapping has refresh = "notify"' in error
    mapping.write_text(mapping.read_text().replace('key = "id"', 'key = "id"\nrefresh = "notify"'))
    async with command(small, "trigger") as process, clerk(small) as connection:
        output, _ = await process.communicate()
        assert process.returncode == 0
        await connection.execute(output.decode())
        await connection.execute("UPDATE agency.orang SET nama = '--', paspor = NULL WHERE id = 'R-0004'")
        async with command(small, "refresh") as process:
            output, _ = await process.communicate()
            assert process.returncode == 0
        assert b"stay_permit: compared (0 added, 0 changed, 1 removed)" in output
        assert b"stay_permit R-0004: makes no record (person)" in output
        await connection.execute("ALTER TABLE agency.orang RENAME TO away")
        async with command(small, "refresh") as process:
            output, _ = await process.communicate()
            assert process.returncode == 1
        assert b"detention: the agency's database could not be read (UndefinedTableError)" in output
