"""Kills while others work: a node, the coordinator, a database session or a whole backend of PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg

from deploy.demo.cluster import Cluster
from deploy.demo.founding import Founded
from deploy.demo.processes import Processes

EVERY: Final = 15.0
QUIET: Final = 20.0  # before the end, so that what was killed last is seen to come back
_KINDS: Final = ("node", "coordinator", "session", "node", "backend")
_SESSION: Final = "SELECT pid FROM pg_stat_activity WHERE application_name = 'simpul-log' AND datname = $1"
_END: Final = "SELECT pg_terminate_backend($1)"


@dataclass(slots=True)
class Killer:
    """Kills at random times, each kind in its turn, and starts again what it killed; PostgreSQL starts itself."""

    founded: Founded
    processes: Processes
    cluster: Cluster
    chance: random.Random
    marks: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    async def go_on(self, began: float, until: float) -> None:
        """Kill every quarter of a minute or so, until a little before the end."""
        for number in itertools.count():
            pause = EVERY * self.chance.uniform(0.5, 1.2)
            if time.perf_counter() + pause > until - QUIET:
                return
            await asyncio.sleep(pause)
            kind = _KINDS[number % len(_KINDS)]
            self.marks.append(time.perf_counter() - began)
            if await self._kill(kind):
                self.counts[f"killed_{kind}"] += 1

    async def _kill(self, kind: str) -> bool:
        config = self.founded.coordinator if kind == "coordinator" else self.chance.choice(self.founded.nodes)
        if kind in ("session", "backend"):
            return await self._end_session(config, whole=kind == "backend")
        self.processes.kill(config)
        await asyncio.sleep(self.chance.uniform(0.0, 2.0))
        self.processes.start(kind, config)
        return True

    async def _end_session(self, config: Path, *, whole: bool) -> bool:
        """End a member's log session; `whole`: by SIGKILL, upon which PostgreSQL throws out everybody and recovers."""
        try:
            connection = await asyncpg.connect(self.cluster.admin_dsn(config.parent.name))
        except (OSError, asyncpg.PostgresError):
            return False  # it recovers from the one before
        try:
            number = await connection.fetchval(_SESSION, config.parent.name)
            if number is not None and whole:
                os.kill(number, signal.SIGKILL)
            elif number is not None:
                await connection.execute(_END, number)
        finally:
            connection.terminate()
        return number is not None
