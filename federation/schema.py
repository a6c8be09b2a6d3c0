"""The tables of a member's database, as a service needs to find them: refused where they do not fit it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import asyncpg

from federation.errors import ConfigError

SCHEMA: Final = "simpul"
LOG_MIGRATIONS: Final = Path(__file__).with_name("tlog") / "migrations"
SERVING_MIGRATIONS: Final = Path(__file__).with_name("serving") / "migrations"
APPLIED: Final = "SELECT migration_id FROM simpul._yoyo_migration"


async def check_schema(
    connection: asyncpg.Connection | asyncpg.pool.PoolConnectionProxy, sources: Sequence[Path], *, command: str
) -> None:
    """Refuse a schema that is older or newer than `sources` (ConfigError); `command` is the process's own name."""
    try:
        rows = await connection.fetch(APPLIED)
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        rows = []
    applied, known = {row["migration_id"] for row in rows}, migration_ids(sources)
    refuse_newer(applied, known)
    if known - applied:
        raise ConfigError(f"the schema of the database is older than this program: run {command} migrate")


def refuse_newer(applied: set[str], known: set[str]) -> None:
    """Refuse a database that holds migrations this program does not know (ConfigError)."""
    if applied - known:
        raise ConfigError("the schema of the database is newer than this program: install a newer simpul")


def migration_ids(sources: Sequence[Path]) -> set[str]:
    """The ids of all migrations in some folders."""
    return {path.stem for source in sources for path in source.glob("*.sql")}
