"""A PostgreSQL of one's own to harm: killed, filled, held still, made read-only, and started again."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest

from tests.postgres import ROOM, Server

_MIB = 1024 * 1024
_SIZE = 400 * _MIB
_RESTARTS = 100


class Volume:
    """A small file system in memory, which can be full."""

    def __init__(self, folder: Path) -> None:
        """Take over a mounted folder."""
        self.folder = folder
        self._ballast = folder / "ballast"

    def fill(self) -> None:
        """Leave not one byte free."""
        with self._ballast.open("ab", buffering=0) as file:
            for size in (_MIB, 4096, 1):
                with suppress(OSError):
                    while file.write(bytes(size)):
                        pass

    def free(self) -> None:
        """Give the room back."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def volume() -> Iterator[Volume]:
    """A file system of its own; skips the test where none may be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="simpul-volume-", dir=ROOM))
    command = ["mount", "-t", "tmpfs", "-o", f"size={_SIZE},mode=0755", "none", str(folder)]
    done = subprocess.run(command, capture_output=True, check=False)
    if done.returncode:
        folder.rmdir()
        pytest.skip("no file system may be mounted here: run as root, with leave to mount, to see a disk fill up")
    try:
        yield Volume(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)
        folder.rmdir()


class Harmed:
    """What may be done to a server, and what undoes it."""

    def __init__(self, server: Server) -> None:
        """Take a server that belongs to this test alone."""
        self.server = server

    def kill(self) -> None:
        """End the whole server as a power cut would."""
        os.kill(self.server.pid, signal.SIGKILL)

    def kill_backend(self, database: str) -> None:
        """End the process of one session of a database as the kernel does when memory is short."""
        rows = self.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = %s AND application_name = 'simpul-log'", database
        )
        os.kill(rows[0][0], signal.SIGKILL)

    async def start(self) -> None:
        """Start the server again, if it is down, as its supervisor would: until it stays up."""
        for _ in range(_RESTARTS):
            try:
                await self._until_buried()
                await asyncio.to_thread(self.server.restart)
                return
            except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
                await asyncio.sleep(0.1)
        raise AssertionError("the server does not start again")

    async def _until_buried(self) -> None:
        """Wait while a server that was killed still has its number, of which its lock file makes much."""
        said = Path(f"/proc/{self.server.pid}/cmdline")
        with suppress(FileNotFoundError, ProcessLookupError):
            while not said.read_bytes():  # noqa: ASYNC110, ASYNC240  REASON: no disk is read
                await asyncio.sleep(0.05)

    def read_only(self, value: bool) -> None:
        """Let no transaction write, or let them write again."""
        self.execute(f"ALTER SYSTEM SET default_transaction_read_only = {'on' if value else 'off'}")
        self.execute("SELECT pg_reload_conf()")

    def deadlocks(self) -> int:
        """How many deadlocks the server has broken."""
        return self.execute("SELECT sum(deadlocks)::int FROM pg_stat_database")[0][0]

    def execute(self, statement: str, *arguments: object) -> list[tuple[int, ...]]:
        """Run a statement as the superuser."""
        with psycopg.connect(self.server.dsn("postgres", "postgres"), autocommit=True) as connection:
            connection.execute("SET default_transaction_read_only = off")
            found = connection.execute(statement.encode(), arguments)
            return found.fetchall() if found.description else []
