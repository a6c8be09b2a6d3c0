"""The schema: applied once, in step with the program, and granted no further than its table says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from federation.errors import ConfigError
from federation.schema import LOG_MIGRATIONS, check_schema
from federation.serving.migrating import migrate
from tests.postgres import SERVICE, Database


def folder(path: Path, grants: str = 'extra = "SELECT"') -> Path:
    """Another owner's migrations."""
    path.mkdir()
    (path / "0001.extra.sql").write_text("CREATE TABLE simpul.extra (id bigint PRIMARY KEY);")
    (path / "grants.toml").write_text(grants)
    return path


async def checked(dsn: str, sources: list[Path]) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await check_schema(connection, sources, command="simpul-node")
    finally:
        await connection.close()


async def test_a_migrated_schema_fits(database: Database) -> None:
    await checked(database.service_dsn, [LOG_MIGRATIONS])


async def test_an_older_schema_is_refused_with_the_command_to_run(database: Database, tmp_path: Path) -> None:
    sources = [LOG_MIGRATIONS, folder(tmp_path / "extra")]
    with pytest.raises(ConfigError, match="run simpul-node migrate"):
        await checked(database.service_dsn, sources)
    migrate(database.owner_dsn, sources=sources, service_role=SERVICE)
    await checked(database.service_dsn, sources)


async def test_a_database_that_was_never_migrated_is_refused(database: Database) -> None:
    connection = await asyncpg.connect(database.admin_dsn)
    await connection.execute("DROP SCHEMA simpul CASCADE")
    await connection.close()
    with pytest.raises(ConfigError, match="run simpul-node migrate"):
        await checked(database.service_dsn, [LOG_MIGRATIONS])


async def test_a_newer_schema_is_refused_by_the_service_and_by_migrate(database: Database, tmp_path: Path) -> None:
    migrate(database.owner_dsn, sources=[LOG_MIGRATIONS, folder(tmp_path / "extra")], service_role=SERVICE)
    with pytest.raises(ConfigError, match="install a newer simpul"):
        await checked(database.service_dsn, [LOG_MIGRATIONS])
    with pytest.raises(ConfigError, match="install a newer simpul"):
        migrate(database.owner_dsn, sources=[LOG_MIGRATIONS], service_role=SERVICE)


async def test_two_migrations_at_once_wait_for_one_another(database: Database, tmp_path: Path) -> None:
    sources = [LOG_MIGRATIONS, folder(tmp_path / "extra")]
    await asyncio.gather(
        *[asyncio.to_thread(migrate, database.owner_dsn, sources=sources, service_role=SERVICE) for _ in range(3)]
    )
    await checked(database.service_dsn, sources)


async def test_a_grant_that_no_service_may_have_is_refused_and_one_withdrawn_is_gone(
    database: Database, tmp_path: Path
) -> None:
    sources = [LOG_MIGRATIONS, folder(tmp_path / "extra", 'extra = "SELECT, TRUNCATE"')]
    with pytest.raises(ConfigError, match="no service may have"):
        migrate(database.owner_dsn, sources=sources, service_role=SERVICE)
    for grants, allowed in (('extra = "SELECT, DELETE"', True), ('extra = "SELECT"', False)):
        (sources[1] / "grants.toml").write_text(grants)
        migrate(database.owner_dsn, sources=sources, service_role=SERVICE)
        connection = await asyncpg.connect(database.service_dsn)
        assert await connection.fetchval("SELECT has_table_privilege('simpul.extra', 'DELETE')") is allowed
        await connection.close()


def test_a_dsn_that_is_no_uri_is_refused(database: Database) -> None:
    with pytest.raises(ConfigError, match="a DSN is a URI"):
        migrate(f"dbname={database.name}", sources=[LOG_MIGRATIONS], service_role=SERVICE)
