"""What it takes to open one log in a test, as often as the test likes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from federation.keys import SigningKey
from federation.tlog.log import Log, create_log
from federation.tlog.note import NoteVerifier
from tests.postgres import Database

ORIGIN = "node.example/simpul/log1"


class OpenLog(Protocol):
    """Opens the test's log; the fixture closes it."""

    async def __call__(self, request_of: Callable[[bytes], bytes] | None = None) -> Log:
        """Another opening of the same log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogSetting:
    """A created log: its database, its key, its anchor."""

    database: Database
    key: SigningKey
    anchor: Path

    @classmethod
    async def create(cls, database: Database, anchor: Path) -> LogSetting:
        """Create the log, as `create-log` does."""
        made = cls(database=database, key=SigningKey.from_seed(bytes([1]) * 32), anchor=anchor)
        await create_log(database.owner_dsn, signer=made.key, origin=ORIGIN, anchor=anchor)
        return made

    @property
    def verifier(self) -> NoteVerifier:
        """The verifier of the log's own key."""
        return NoteVerifier(ORIGIN, self.key.public)

    async def open(self, request_of: Callable[[bytes], bytes] | None = None) -> Log:
        """Open the log; the caller closes it."""
        return await Log.open(
            self.database.service_dsn, signer=self.key, origin=ORIGIN, anchor=self.anchor, request_of=request_of
        )
