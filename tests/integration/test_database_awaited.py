"""A member that starts while its database starts, recovers or is full waits for it, and for nothing else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from federation.errors import ConfigError
from federation.serving.member import open_pool
from tests.postgres import Database

_SOCKET = ".s.PGSQL.5432"


def _elsewhere(database: Database, folder: Path) -> tuple[Path, str]:
    """The socket of the server, and the DSN of a folder that has none yet."""
    (room,) = parse_qs(urlsplit(database.service_dsn).query)["host"]
    return Path(room) / _SOCKET, database.service_dsn.replace(room, str(folder), 1)


async def test_a_database_that_comes_a_little_later_is_waited_for(database: Database, tmp_path: Path) -> None:
    socket, dsn = _elsewhere(database, tmp_path)
    opening = asyncio.create_task(open_pool(dsn, patience=60.0))
    await asyncio.wait([opening], timeout=1.0)
    assert not opening.done()
    (tmp_path / _SOCKET).symlink_to(socket)
    pool = await opening
    assert await pool.fetchval("SELECT 1") == 1
    await pool.close()


async def test_a_database_that_does_not_come_is_told_when_the_patience_ends(database: Database, tmp_path: Path) -> None:
    _, dsn = _elsewhere(database, tmp_path)
    with pytest.raises(ConfigError, match="cannot connect to the database: FileNotFoundError"):
        await open_pool(dsn, patience=1.0)


async def test_a_database_that_is_not_there_is_told_at_once(database: Database) -> None:
    with pytest.raises(ConfigError, match="InvalidCatalogNameError"):
        await asyncio.wait_for(open_pool(database.service_dsn.replace("/test_", "/gone_", 1), patience=600.0), 60.0)
