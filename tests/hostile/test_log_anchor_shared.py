"""A restored copy of the database is started beside the real one, over the same anchor."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from federation.errors import ConfigError
from federation.tlog.log import Leaf
from tests.integration.test_tlog_crash import copy_of
from tests.logs import LogSetting
from tests.postgres import Server


async def test_an_anchor_that_a_running_log_holds_is_refused(log_setting: LogSetting, postgres: Server) -> None:
    clone = replace(log_setting, database=copy_of(postgres, log_setting.database))
    real = await log_setting.open()
    with pytest.raises(ConfigError, match="another process has the anchor"):
        await clone.open()
    assert (await real.append([Leaf(request=hashlib.sha256(b"a").digest(), entry=b"a")]))[0].index == 0
    await real.close()


async def test_a_second_process_that_is_refused_leaves_the_anchor_alone(log_setting: LogSetting) -> None:
    last = log_setting.anchor.read_bytes()
    real = await log_setting.open()
    log_setting.anchor.write_bytes(last * (1 + 16 * 1024 * 1024 // len(last)) + b"unfinished")
    size = log_setting.anchor.stat().st_size
    with pytest.raises(ConfigError, match="another process"):
        await log_setting.open()
    assert log_setting.anchor.stat().st_size == size
    await real.close()
