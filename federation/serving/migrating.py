"""The tables of a member's database, brought up to date by their owner; no service does this, or imports it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import psycopg
import yoyo  # type: ignore[import-untyped]  # REASON: it brings no types
from psycopg import sql

from federation.errors import ConfigError
from federation.schema import APPLIED, LOG_MIGRATIONS, SCHEMA, SERVING_MIGRATIONS, migration_ids, refuse_newer
from federation.serving.member import require_no_password, role_of

_PRIVILEGES: Final = frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})
_LOCK: Final = 0x53494D50_53434845  # one migration at a time; released with its session, so a crash leaves nothing


def migrate_member(owner_dsn: str, log_dsn: str, migrations: tuple[Path, ...]) -> None:
    """Bring the member's tables up to date, as their owner, and grant them to the role of `log_dsn`."""
    require_no_password(owner_dsn)
    migrate(owner_dsn, sources=(LOG_MIGRATIONS, SERVING_MIGRATIONS, *migrations), service_role=role_of(log_dsn))


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


def _apply(owner_dsn: str, sources: Sequence[Path]) -> None:
    with yoyo.get_backend(_yoyo_uri(owner_dsn)) as backend:
        backend.ensure_internal_schema_updated()
        refuse_newer({row[0] for row in backend.execute(APPLIED).fetchall()}, migration_ids(sources))
        for source in sources:
            backend.apply_migrations(backend.to_apply(yoyo.read_migrations(str(source))))


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
