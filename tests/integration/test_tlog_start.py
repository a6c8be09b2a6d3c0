"""What a log checks before it takes an entry, and what it refuses to start with."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from federation.errors import ConfigError, CorruptLog, LogUnavailable
from federation.keys import SigningKey
from federation.tlog.check import check
from federation.tlog.log import Leaf, create_log
from tests.logs import ORIGIN, LogSetting, OpenLog
from tests.postgres import Database, Server


def request_of(entry: bytes) -> bytes:
    return hashlib.sha256(entry).digest()


def leaves(start: int, end: int) -> list[Leaf]:
    entries = [str(n).encode() for n in range(start, end)]
    return [Leaf(request=request_of(entry), entry=entry) for entry in entries]


async def filled(open_log: OpenLog, count: int) -> None:
    log = await open_log()
    await log.append(leaves(0, count))
    await log.close()


async def harm(database: Database, statement: str, *args: object) -> None:
    """Do to the tables what only a superuser, or bit rot, can."""
    connection = await asyncpg.connect(database.admin_dsn)
    try:
        await connection.execute(statement, *args)
    finally:
        await connection.close()


async def test_a_log_goes_on_where_it_ended(open_log: OpenLog) -> None:
    await filled(open_log, 700)
    log = await open_log(request_of)
    assert log.size == 700
    places = await log.append([*leaves(699, 701)])
    assert [(place.index, place.fresh) for place in places] == [(699, False), (700, True)]


async def test_a_log_is_created_once(log_setting: LogSetting) -> None:
    with pytest.raises(ConfigError, match="holds a log already"):
        await create_log(
            log_setting.database.owner_dsn, signer=log_setting.key, origin=ORIGIN, anchor=log_setting.anchor
        )


async def test_a_new_log_does_not_take_another_logs_anchor(database: Database, tmp_path: Path) -> None:
    (tmp_path / "anchor").write_text("another log's\n")
    with pytest.raises(ConfigError, match="is of another log"):
        await LogSetting.create(database, tmp_path / "anchor")


async def test_creating_a_log_again_after_a_crash_between_anchor_and_commit_succeeds(
    log_setting: LogSetting, database: Database
) -> None:
    await harm(database, "DELETE FROM simpul.log_checkpoint; DELETE FROM simpul.log_state")
    log = await (await LogSetting.create(database, log_setting.anchor)).open()
    assert log.size == 0
    await log.close()


async def test_another_logs_anchor_is_refused(log_setting: LogSetting) -> None:
    for content in ("", "\n", "bm9kZS5leGFtcGxl\n", "\u2014\n"):
        log_setting.anchor.write_text(content)
        with pytest.raises(CorruptLog, match="is it another log's"):
            await log_setting.open()


async def test_a_large_log_is_checked_while_it_serves_and_takes_nothing_once_found_wrong(
    open_log: OpenLog, log_setting: LogSetting
) -> None:
    await filled(open_log, 100_001)
    await harm(log_setting.database, TAMPERING["request"][0])
    log = await open_log(request_of)
    while log.fault is None:
        await log.checkpoint_at(0)
    assert "index 5: request" in log.fault.message
    with pytest.raises(LogUnavailable, match="see its fault"):
        await log.append(leaves(100_001, 100_002))


async def test_a_service_does_not_create_a_log(database: Database, log_setting: LogSetting) -> None:
    await harm(database, "DELETE FROM simpul.log_state")
    with pytest.raises(ConfigError, match="run create-log"):
        await log_setting.open()


async def test_a_second_sequencer_is_refused_and_the_first_goes_on(open_log: OpenLog, log_setting: LogSetting) -> None:
    first = await open_log()
    with pytest.raises(ConfigError, match="another process"):
        await log_setting.open()
    assert (await first.append(leaves(0, 1)))[0].index == 0


async def test_another_key_than_the_logs_own_is_refused(open_log: OpenLog, log_setting: LogSetting) -> None:
    await filled(open_log, 3)
    with pytest.raises(CorruptLog, match="not signed by the configured log key"):
        await replace(log_setting, key=SigningKey.generate()).open()


async def test_a_missing_anchor_is_refused(log_setting: LogSetting) -> None:
    log_setting.anchor.unlink()
    with pytest.raises(ConfigError, match="put it back"):
        await log_setting.open()


async def test_a_database_that_cannot_be_reached_is_no_fault_of_the_log(
    log_setting: LogSetting, postgres: Server
) -> None:
    nowhere = replace(log_setting.database, service_dsn=postgres.dsn("simpul_service", "nowhere"))
    with pytest.raises(LogUnavailable):
        await replace(log_setting, database=nowhere).open()


async def test_a_server_that_may_lose_what_it_acknowledged_is_refused(log_setting: LogSetting) -> None:
    await harm(log_setting.database, f'ALTER DATABASE "{log_setting.database.name}" SET synchronous_commit = off')
    with pytest.raises(ConfigError, match="synchronous_commit = off"):
        await log_setting.open()


FLIP = "set_byte({0}, 0, get_byte({0}, 0) # 1)"
UNCHECKED = "ALTER TABLE simpul.log_entry DROP CONSTRAINT log_entry_check; "
TAMPERING = {
    "size_down": ("UPDATE simpul.log_state SET size = size - 256", "log_checkpoint ends at"),
    "frontier": (f"UPDATE simpul.log_state SET frontier = {FLIP.format('frontier')}", "log_state.frontier"),
    "edge": (f"UPDATE simpul.log_state SET edge = {FLIP.format('edge')}", "log_state.edge"),
    "checkpoint_dropped": ("DELETE FROM simpul.log_checkpoint WHERE size > 0", "log_checkpoint ends at"),
    "checkpoints_all_dropped": ("DELETE FROM simpul.log_checkpoint", "log_checkpoint is empty"),
    "checkpoint_text": (
        "UPDATE simpul.log_checkpoint SET note = overlay(note placing 'X' from 30) WHERE size > 0",
        "not signed by the configured log key",
    ),
    "checkpoint_of_other_size": (
        "UPDATE simpul.log_checkpoint SET size = size + 1 WHERE size > 0",
        "speaks of size 700",
    ),
    "request": (
        "UPDATE simpul.log_entry SET request = sha256('x') WHERE index = 5",
        "index 5: request is not what leaf stands for",
    ),
    "entry_and_its_hash": (
        "UPDATE simpul.log_entry SET request = sha256('x'), leaf = 'x', leaf_hash = sha256('\\x0078') WHERE index = 5",
        "level 0, n 0: the row does not hold the hashes of its entries",
    ),
    "entry_alone": (UNCHECKED + "UPDATE simpul.log_entry SET leaf = 'x' WHERE index = 5", "index 5: leaf_hash is not"),
    "last_entry_and_its_hash": (
        "UPDATE simpul.log_entry SET leaf = 'x', leaf_hash = sha256('\\x0078') WHERE index = 699",
        "log_state.edge is not the leaf hashes",
    ),
    "entry_dropped": ("DELETE FROM simpul.log_entry WHERE index = 5", "no row for index 5"),
    "last_entry_dropped": ("DELETE FROM simpul.log_entry WHERE index = 699", "is index 698"),
    "entry_added": (
        "INSERT INTO simpul.log_entry VALUES (700, sha256('x'), 'x', sha256('\\x0078'))",
        "is index 700",
    ),
    "tile": (f"UPDATE simpul.log_tile SET hashes = {FLIP.format('hashes')} WHERE n = 1", "do not lead to the root"),
    "tile_dropped": ("DELETE FROM simpul.log_tile WHERE n = 1", "lacks a row of level 0"),
    "tile_added": (
        "INSERT INTO simpul.log_tile SELECT 0, 2, hashes FROM simpul.log_tile WHERE n = 1",
        "level 0, n 2.* that no entries fill",
    ),
    "tile_of_another_level_added": (
        "INSERT INTO simpul.log_tile SELECT 9, 0, hashes FROM simpul.log_tile WHERE n = 1",
        "level 9, n 0.* that no entries fill",
    ),
}


@pytest.mark.parametrize("what", TAMPERING)
async def test_tables_that_were_tampered_with_are_refused_by_name(
    what: str, open_log: OpenLog, log_setting: LogSetting
) -> None:
    await filled(open_log, 700)
    statement, told = TAMPERING[what]
    await harm(log_setting.database, statement)
    with pytest.raises(CorruptLog, match=told):
        await log_setting.open(request_of)


async def test_an_entry_that_cannot_be_read_is_refused(open_log: OpenLog, log_setting: LogSetting) -> None:
    await filled(open_log, 3)

    def unreadable(entry: bytes) -> bytes:
        raise LookupError

    with pytest.raises(CorruptLog, match="index 0: leaf cannot be read"):
        await log_setting.open(unreadable)


async def test_the_check_can_run_alone_and_beside_a_writer(open_log: OpenLog, log_setting: LogSetting) -> None:
    log = await open_log()
    await log.append(leaves(0, 300))
    connection = await asyncpg.connect(log_setting.database.service_dsn)
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            stored = await check(connection, log_setting.verifier, request_of)
            await log.append(leaves(300, 301))
        assert (stored.checkpoint.size, log.size) == (300, 301)
    finally:
        await connection.close()


KEPT_FOR_EVER = (
    "log_entry",
    "log_tile",
    "log_checkpoint",
    "log_cosignature",
    "evidence",
    "evidence_wrap",
    "receipt",
)


async def test_the_services_role_cannot_change_what_was_logged(log_setting: LogSetting, open_log: OpenLog) -> None:
    await filled(open_log, 300)
    connection = await asyncpg.connect(log_setting.database.service_dsn)
    try:
        for table in KEPT_FOR_EVER:
            for statement in (f"DELETE FROM simpul.{table}", f"TRUNCATE simpul.{table}"):
                with pytest.raises(asyncpg.InsufficientPrivilegeError):
                    await connection.execute(statement)
            assert not await connection.fetchval("SELECT has_any_column_privilege($1, 'UPDATE')", f"simpul.{table}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute("DELETE FROM simpul.log_state")
    finally:
        await connection.close()


async def test_what_a_crash_left_of_a_line_in_the_anchor_is_dropped(open_log: OpenLog, log_setting: LogSetting) -> None:
    await filled(open_log, 3)
    whole = log_setting.anchor.read_bytes()
    log_setting.anchor.write_bytes(whole + b"bm9kZS5leG")
    log = await open_log()
    await log.append(leaves(3, 4))
    assert log_setting.anchor.read_bytes().startswith(whole)
    assert log_setting.anchor.read_bytes().count(b"\n") == whole.count(b"\n") + 1


async def test_an_anchor_behind_the_log_catches_up(open_log: OpenLog, log_setting: LogSetting) -> None:
    await filled(open_log, 3)
    promised = log_setting.anchor.read_bytes()
    log = await open_log()
    await log.append(leaves(3, 6))
    newest = log_setting.anchor.read_bytes()
    await log.close()
    log_setting.anchor.write_bytes(promised)
    await (await open_log()).close()
    assert log_setting.anchor.read_bytes() == newest


async def test_a_large_anchor_keeps_its_last_line(open_log: OpenLog, log_setting: LogSetting) -> None:
    await filled(open_log, 3)
    last = log_setting.anchor.read_bytes().splitlines(keepends=True)[-1]
    log_setting.anchor.write_bytes(last * (1 + 16 * 1024 * 1024 // len(last)))
    log = await open_log()
    assert (log.size, log_setting.anchor.read_bytes()) == (3, last)
