"""Queries that were asked and then left, by a crash or by a log that could not be written: carried to their end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from coordinator.inquiry import Inquiry
from federation.errors import LogUnavailable
from federation.seal import MAX_WINDOW
from federation.serving.faults import opaque
from federation.telemetry import telemetry

_EVERY_SECONDS: Final = 5.0
_AT_ONCE: Final = 32
_ASKED_WITHIN: Final = MAX_WINDOW + timedelta(minutes=5)  # of its making, or a query is not taken in


class Resuming:
    """Looks for queries that were left, at the start and then every five seconds.

    Nodes give the answers they gave before, so that nothing is asked twice; a node that was never reached is asked
    now, or its silence is logged. So the log says what became of every query, though its asker never come back.
    """

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry
        self._given_up: set[bytes] = set()
        self._back = timedelta.max

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
        left = [digest for digest in await self._open() if not self._inquiry.is_carried(digest)]
        # one that came to its result between the two questions was carried when the first was put
        still = set(await self._open()) if left else ()
        carried = await asyncio.gather(*(self._carry_on(digest) for digest in left if digest in still))
        if all(carried) and len(left) < _AT_ONCE:
            self._back = _ASKED_WITHIN  # all that is older has come to its end

    async def _open(self) -> list[bytes]:
        limit = _AT_ONCE + len(self._given_up)
        found = await self._inquiry.results.open(self._inquiry.clock(), limit, self._back)
        return [digest for digest in found if digest not in self._given_up]

    async def _carry_on(self, digest: bytes) -> bool:
        """Carry one; false if it is to be tried again."""
        try:
            await self._inquiry.carry_on(digest)
        except Exception as error:
            told = opaque(error, "resume")
            telemetry().warning("query_not_resumed", error=type(told).__name__)
            if isinstance(told, LogUnavailable):
                return False
            self._given_up.add(digest)  # as one whose officer was revoked since
        else:
            telemetry().info("query_resumed")
        return True


@asynccontextmanager
async def resumed(inquiry: Inquiry) -> AsyncIterator[None]:
    """Have queries that were left carried to their end, for as long as the block lasts."""
    task = asyncio.create_task(Resuming(inquiry).watch())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
