"""Queries that were asked and then left, by a crash or by a log that could not be written: carried to their end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from coordinator.inquiry import Inquiry
from federation.errors import LogUnavailable
from federation.serving.faults import opaque
from federation.telemetry import telemetry

_EVERY_SECONDS: Final = 5.0
_AT_ONCE: Final = 32


class Resuming:
    """Looks for queries that were left, at the start and then every five seconds.

    Nodes give the answers they gave before, so that nothing is asked twice; a node that was never reached is asked
    now, or its silence is logged. So the log says what became of every query, though its asker never come back.
    """

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry
        self._given_up: set[bytes] = set()

    async def watch(self) -> None:
        """Look again and again until cancelled."""
        while True:
            try:
                await self.once()
            except Exception as error:
                opaque(error, "resume")  # the database is away: the next look will tell
            await asyncio.sleep(_EVERY_SECONDS)

    async def once(self) -> None:
        """Carry on whatever was left and is not being carried."""
        found = await self._inquiry.results.open(self._inquiry.clock(), _AT_ONCE + len(self._given_up))
        left = [digest for digest in found if not self._inquiry.is_carried(digest) and digest not in self._given_up]
        await asyncio.gather(*(self._carry_on(digest) for digest in left[:_AT_ONCE]))

    async def _carry_on(self, digest: bytes) -> None:
        try:
            await self._inquiry.carry_on(digest)
            telemetry().info("query_resumed")
        except Exception as error:
            told = opaque(error, "resume")
            telemetry().warning("query_not_resumed", error=type(told).__name__)
            if not isinstance(told, LogUnavailable):
                self._given_up.add(digest)  # as one whose officer was revoked since


@asynccontextmanager
async def resumed(inquiry: Inquiry) -> AsyncIterator[None]:
    """Have queries that were left carried to their end, for as long as the block lasts."""
    task = asyncio.create_task(Resuming(inquiry).watch())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
