"""The match index kept in step from the command line: one pass, or pass after pass until told to end."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import asyncpg

from federation import telemetry
from federation.errors import ConfigError
from federation.instant import Clock
from node.config import LoadedConfig
from node.records.build import lock, secret_of
from node.records.mapping import load_mapping
from node.records.notices import Listener
from node.records.refresh import Refresher, Told
from node.records.shape import AgencyMapping
from node.records.source import Source
from node.records.state import IndexLost

_LOCK_AGAIN: Final = timedelta(seconds=1)

Tell = Callable[[list[Told], Mapping[str, int], list[str]], None]


async def refresh_once(loaded: LoadedConfig, clock: Clock, *, compare: bool) -> dict[str, Any]:
    """Bring the index in step in one pass; refuses to run beside another writer of it (ConfigError)."""
    mapping = load_mapping(loaded.config.records.mapping_file)
    source = Source(loaded.config.database.source_dsn, mapping)
    connection = await _connected(loaded)
    try:
        if not await lock(connection):
            raise ConfigError("another build or refresh of this index is under way; wait for it to end, or stop it")
        told = await Refresher(connection, secret_of(loaded.secret_file), source, clock).run(compare=compare)
    finally:
        await connection.close()
    return report(told, source)


def report(told: list[Told], source: Source) -> dict[str, Any]:
    """What a pass did, for a person or a program to read."""
    types = [
        {
            "record_type": each.record_type,
            "done": each.done,
            "added": each.written.added,
            "changed": each.written.changed,
            "removed": each.written.removed,
            "why": each.why,
        }
        for each in told
    ]
    return {"types": types, "not_understood": dict(sorted(source.faults.items())), "unread": list(source.unread)}


async def follow(loaded: LoadedConfig, clock: Clock) -> None:
    """Refresh pass after pass until SIGTERM or SIGINT; waits while another process writes the index."""
    settings = loaded.config
    telemetry.configure("node", settings.member.id, level=settings.telemetry.level)
    mapping = load_mapping(settings.records.mapping_file)
    passes = asyncio.create_task(_follow(loaded, mapping, clock))
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(sign, passes.cancel)
    try:
        await passes
    except asyncio.CancelledError:
        telemetry.telemetry().info("refresh_ended")


async def _follow(loaded: LoadedConfig, mapping: AgencyMapping, clock: Clock) -> None:
    while True:
        try:
            await _with_lock(loaded, mapping, clock)
        except IndexLost as error:
            telemetry.telemetry().error("index_lost", error=type(error).__name__)
        await asyncio.sleep(loaded.config.index.refresh_s)


async def _with_lock(loaded: LoadedConfig, mapping: AgencyMapping, clock: Clock) -> None:
    """Make passes as long as the session that holds the lock of the index lasts."""
    try:
        connection = await _connected(loaded)
    except (OSError, asyncpg.PostgresError) as error:
        raise IndexLost("the database of the match index does not answer") from error
    listener = Listener(loaded.config.database.source_dsn, mapping.mapping.member)
    listens = any(record.way == "notify" for record in mapping.record)
    try:
        await _locked(connection)
        while True:
            if listens:
                await listener.catch_up()
            source = Source(loaded.config.database.source_dsn, mapping)
            refresher = Refresher(connection, secret_of(loaded.secret_file), source, clock)
            _tell(await refresher.run(listener.notices), source)
            await _until_due(listener, loaded.config.index.refresh_s)
    finally:
        await listener.close()
        connection.terminate()


async def _locked(connection: asyncpg.Connection) -> None:
    waited = False
    while not await lock(connection):
        if not waited:
            telemetry.telemetry().warning("refresh_waits", reason="another process writes the index")
        waited = True
        await asyncio.sleep(_LOCK_AGAIN.total_seconds())


async def _until_due(listener: Listener, seconds: float) -> None:
    """Wait for the next pass: so long, or until a trigger tells of a change."""
    try:
        async with asyncio.timeout(seconds):
            await listener.notices.came.wait()
    except TimeoutError:
        return


def _tell(told: list[Told], source: Source) -> None:
    for each in told:
        count = each.written.added + each.written.changed + each.written.removed
        if count:
            telemetry.telemetry().info("refreshed", record_type=each.record_type, reason=each.done, count=count)
    if source.unread:
        telemetry.telemetry().warning("rows_unread", count=len(source.unread))


async def _connected(loaded: LoadedConfig) -> asyncpg.Connection:
    return await asyncpg.connect(loaded.config.index_dsn)
