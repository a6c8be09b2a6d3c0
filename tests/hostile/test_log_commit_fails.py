"""COMMIT itself fails, or the database's disk is full: no byte of a new checkpoint leaves, and the log goes on."""

from __future__ import annotations

import hashlib

import asyncpg
import pytest

from federation.errors import LogUnavailable
from federation.tlog.log import Leaf, Log
from tests.logs import LogSetting

FAULTS = {
    "at_commit": "CREATE CONSTRAINT TRIGGER fault AFTER INSERT ON simpul.log_checkpoint DEFERRABLE INITIALLY DEFERRED",
    "disk_full_at_entries": "CREATE TRIGGER fault BEFORE INSERT ON simpul.log_entry",
    "disk_full_at_state": "CREATE TRIGGER fault BEFORE UPDATE OF size ON simpul.log_state",
}


async def run(log_setting: LogSetting, statement: str) -> None:
    connection = await asyncpg.connect(log_setting.database.admin_dsn)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


def leaf(name: str) -> Leaf:
    return Leaf(request=hashlib.sha256(name.encode()).digest(), entry=name.encode())


@pytest.mark.parametrize("where", FAULTS)
async def test_nothing_leaves_before_commit_returned(where: str, log: Log, log_setting: LogSetting) -> None:
    await log.append([leaf("a")])
    promised, checkpoint = log_setting.anchor.read_bytes(), log.checkpoint
    await run(
        log_setting,
        "CREATE FUNCTION public.fault() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END $$; "
        f"{FAULTS[where]} FOR EACH ROW EXECUTE FUNCTION public.fault()",
    )
    for _ in range(2):
        with pytest.raises(LogUnavailable):
            await log.append([leaf("b")])
    assert (log_setting.anchor.read_bytes(), log.checkpoint) == (promised, checkpoint)
    assert log.fault is None
    await run(log_setting, "DROP FUNCTION public.fault() CASCADE")
    (place,) = await log.append([leaf("b")])
    assert (place.index, place.fresh) == (1, True)
