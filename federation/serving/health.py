"""Whether a member is useful now: looked at once a second, and told to whoever asks the standard health service."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from federation.errors import LogUnavailable
from federation.serving.server import Serving
from federation.telemetry import telemetry
from federation.tlog.log import Log

EVERY_SECONDS: Final = 1.0
PROBE_SECONDS: Final = 4.0  # with a look each second, a stall is told within five
OLDEST_SECONDS: Final = 5.0
LOST_SECONDS: Final = 10.0  # a log that could not write just now, as on a full disk, may take an empty append

Probe = Callable[[], Awaitable[object]]


class Health:
    """Looks at a member's log and at its probes, and says SERVING only while all of them do what they are for.

    A member that recovers is SERVING again by itself. No query waits for a look, and no health check for a database.
    """

    def __init__(self, serving: Serving, log: Log, probes: Mapping[str, Probe]) -> None:
        self._serving = serving
        self._log = log
        self._probes = {"log": self._append_nothing, **probes}
        self._told = ""

    async def watch(self) -> None:
        """Look once a second until cancelled."""
        while True:
            await self._tell(await self._wrong())
            await asyncio.sleep(EVERY_SECONDS)

    async def _append_nothing(self) -> None:
        """Take the way of an append up to its COMMIT, with no entry; a session that was lost is opened anew."""
        try:
            await self._log.append(())
        except LogUnavailable:
            await self._log.append(())

    async def _wrong(self) -> str:
        """What keeps this member from being useful; empty where nothing does."""
        if self._log.fault is not None:
            return "log_fault"
        answers = await asyncio.gather(*(self._fails(name, probe) for name, probe in self._probes.items()))
        if self._log.oldest_unproved_seconds > OLDEST_SECONDS:
            return "log_stalled"
        if self._log.lost_seconds < LOST_SECONDS:
            return "log_not_written"
        return next((name for name in answers if name), "")

    async def _fails(self, name: str, probe: Probe) -> str:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                await probe()
        except Exception as error:
            if not self._told:
                telemetry().warning("probe_failed", reason=name, error=type(error).__name__)
            return name
        return ""

    async def _tell(self, reason: str) -> None:
        if bool(reason) != bool(self._told):
            await self._serving.healthy(not reason)
            if reason:
                telemetry().error("not_serving", reason=reason)
            else:
                telemetry().info("serving_again")
        self._told = reason
