"""The tables of a member's database: brought up to date by its owner, refused by a service that does not fit them."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg
import psycopg
import yoyo  # type: ignore[import-untyped]  # REASON: it brings no types
from psycopg import sql

from federation.errors import ConfigError

SCHEMA: Final = "simpul"
LOG_MIGRATIONS: Final = Path(__file__).with_name("tlog") / "migrations"
_PRIVILEGES: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
_APPLIED: Final = "SELECT migration_id FROM simpul._yoyo_migration"
_LOCK: Final = 0x53494D50_53434845  # one migration at a time; released with its session, so a crash leaves nothing


def migrate(owner_dsn: str, *, sources: Sequence[Path], service_role: str) -> None:
    """Bring the schema `simpul` up to date with every folder of migrations, in their order, and grant its tables.

    A folder holds `<id>.sql` files, ids unique over all folders, and `grants.toml`: table = "SELECT, INSERT". The
    service's role gets these and no more. Waits for another migration under way. Refuses a DSN that is no URI, or a
    schema newer than these folders (ConfigError).
    """
    if urlsplit(owner_dsn).scheme not in {"postgresql", "postgres"}:
        raise ConfigError("a DSN is a URI: postgresql://role@host/database?passfile=...")
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(SCHEMA)))
        _apply(owner_dsn, sources)
        with connection.transaction():
            _grant(connection, sources, service_role)


async def check_schema(
    connection: asyncpg.Connection | asyncpg.pool.PoolConnectionProxy, sources: Sequence[Path], *, command: str
) -> None:
    """Refuse a schema that is older or newer than `sources` (ConfigError); `command` is the process's own name."""
    try:
        rows = await connection.fetch(_APPLIED)
    except (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError):
        rows = []
    applied, known = {row["migration_id"] for row in rows}, _ids(sources)
    _refuse_newer(applied, known)
    if known - applied:
        raise ConfigError(f"the schema of the database is older than this program: run {command} migrate")


def _apply(owner_dsn: str, sources: Sequence[Path]) -> None:
    with yoyo.get_backend(_yoyo_uri(owner_dsn)) as backend:
        backend.ensure_internal_schema_updated()
        _refuse_newer({row[0] for row in backend.execute(_APPLIED).fetchall()}, _ids(sources))
        for source in sources:
            backend.apply_migrations(backend.to_apply(yoyo.read_migrations(str(source))))


def _refuse_newer(applied: set[str], known: set[str]) -> None:
    if applied - known:
        raise ConfigError("the schema of the database is newer than this program: install a newer simpul")


def _yoyo_uri(dsn: str) -> str:
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query)) | {"schema": SCHEMA}
    return urlunsplit(("postgresql+psycopg", parts.netloc, parts.path, urlencode(query), ""))


def _grant(connection: psycopg.Connection, sources: Sequence[Path], service_role: str) -> None:
    role, schema = sql.Identifier(service_role), sql.Identifier(SCHEMA)
    connection.execute(sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {} FROM {}").format(schema, role))
    connection.execute(sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(schema, role))
    for table, privileges in (("_yoyo_migration", ["SELECT"]), *_grants(sources)):
        granted = sql.SQL(", ").join(sql.SQL(one) for one in privileges)
        target = sql.Identifier(SCHEMA, table)
        connection.execute(sql.SQL("GRANT {} ON {} TO {}").format(granted, target, role))


def _grants(sources: Sequence[Path]) -> Iterator[tuple[str, list[str]]]:
    for source in sources:
        for table, text in tomllib.loads((source / "grants.toml").read_text()).items():
            privileges = [one.strip() for one in text.split(",")]
            if not _PRIVILEGES.issuperset(privileges):
                raise ConfigError(f"grants.toml names a privilege for {table} that no service may have")
            yield table, privileges


def _ids(sources: Sequence[Path]) -> set[str]:
    return {path.stem for source in sources for path in source.glob("*.sql")}
