"""The one direct session through which a process writes its log: locked, fenced and loaded before use."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from federation.errors import ConfigError
from federation.tlog.check import Stored, load
from federation.tlog.note import NoteVerifier

LOCK: Final = 0x53494D50_4C4F4731
_CONNECT_SECONDS: Final = 10.0
_SETTINGS: Final = {
    "application_name": "simpul-log",
    "statement_timeout": "0",  # a timeout within COMMIT would leave its outcome unknown
    "lock_timeout": "0",
    "enable_seqscan": "off",  # a plan made while the log was small must not live on when it is large
    "jit": "off",
}
_DURABLE: Final = {"fsync": {"on"}, "full_page_writes": {"on"}, "synchronous_commit": {"on", "remote_apply"}}
_FENCE: Final = "UPDATE simpul.log_state SET epoch = epoch + 1 RETURNING epoch"


class LogHeld(ConfigError):
    """Another session holds this log."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A connection that holds the log under `epoch`, and the log as it was when it took hold."""

    connection: asyncpg.Connection
    epoch: int
    stored: Stored
    warnings: list[str] = field(default_factory=list)

    def hear(self, _connection: object, message: asyncpg.PostgresLogMessage) -> None:
        """Keep a warning of the server; that COMMIT did not wait for a standby is told by no other sign."""
        if message.severity_en == "WARNING":
            self.warnings.append(message.message)

    @classmethod
    async def open(cls, dsn: str, verifier: NoteVerifier) -> Session:
        """Connect, lock, fence, load.

        Refuses a server that may lose what it acknowledged, and a standby (ConfigError); a log that another process
        holds (LogHeld); tables that contradict one another (CorruptLog). Connection errors pass through.
        """
        connection = await asyncpg.connect(dsn, timeout=_CONNECT_SECONDS, server_settings=_SETTINGS)
        try:
            await require_durable(connection)
            await _lock(connection)
            # waits out a transaction that a lost session of ours may still be committing
            epoch = await connection.fetchval(_FENCE)
            session = cls(connection=connection, epoch=epoch or 0, stored=await load(connection, verifier))
            connection.add_log_listener(session.hear)
            return session
        except BaseException:
            connection.terminate()
            raise


async def require_durable(connection: asyncpg.Connection | PoolConnectionProxy) -> None:
    """Refuse a server that may lose what it acknowledged, and a standby (ConfigError)."""
    if await connection.fetchval("SELECT pg_is_in_recovery()"):
        raise ConfigError("the log's DSN leads to a standby; it must lead to the primary (target_session_attrs)")
    for setting, allowed in _DURABLE.items():
        value = await connection.fetchval("SELECT current_setting($1)", setting)
        if value not in allowed:
            raise ConfigError(f"PostgreSQL runs with {setting} = {value}; set it on, or a crash may lose entries")


async def _lock(connection: asyncpg.Connection) -> None:
    """Take the log's advisory lock; waits a moment for a session that is just ending."""
    await connection.execute("SET lock_timeout = '1s'")
    try:
        await connection.execute("SELECT pg_advisory_lock($1)", LOCK)
    except asyncpg.LockNotAvailableError:
        raise LogHeld(
            "another process, or a lost session of this one that the server has not noticed, has this log; "
            "stop it before you start this one"
        ) from None
    await connection.execute("SET lock_timeout = 0")


async def left_as_it_is(_connection: object) -> None:
    """What a pool does with a connection that comes back: nothing, for no statement of ours leaves any state in it."""
