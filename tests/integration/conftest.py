"""A log to test on: created in a fresh database, opened, and closed after the test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from federation.keys import SigningKey
from federation.tlog.log import Log, create_log
from federation.tlog.note import NoteVerifier
from tests.postgres import Database

ORIGIN = "node.example/simpul/log1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSetting:
    """What it takes to open one log."""

    database: Database
    key: SigningKey
    anchor: Path

    @property
    def verifier(self) -> NoteVerifier:
        return NoteVerifier(ORIGIN, self.key.public)

    async def open(self, request_of: Callable[[bytes], bytes] | None = None) -> Log:
        return await Log.open(
            self.database.service_dsn, signer=self.key, origin=ORIGIN, anchor=self.anchor, request_of=request_of
        )


@pytest.fixture
async def setting(database: Database, tmp_path: Path) -> LogSetting:
    """A created log that nobody has opened yet."""
    made = LogSetting(database=database, key=SigningKey.from_seed(bytes([1]) * 32), anchor=tmp_path / "anchor")
    await create_log(database.owner_dsn, signer=made.key, origin=ORIGIN, anchor=made.anchor)
    return made


@pytest.fixture
async def opened(setting: LogSetting) -> AsyncIterator[Callable[[], Awaitable[Log]]]:
    """Opens the log as often as asked; closes what is still open when the test ends."""
    logs: list[Log] = []

    async def again(request_of: Callable[[bytes], bytes] | None = None) -> Log:
        logs.append(await setting.open(request_of))
        return logs[-1]

    yield again
    for log in logs:
        await log.close()


@pytest.fixture
async def log(opened: Callable[[], Awaitable[Log]]) -> Log:
    """The log, open."""
    return await opened()
