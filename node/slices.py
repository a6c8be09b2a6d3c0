"""Long work done in slices, between which the node serves others, and no more of it than its allowance."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator
from typing import Final, TypeVar

SLICE_SECONDS: Final = 0.005

T = TypeVar("T")


class AllowanceSpent(Exception):
    """The work was not done within the seconds it was allowed."""


class Slices:
    """The slices of one group's work; `clock` tells seconds, as `time.perf_counter` does.

    What counts is the time for which the work itself had the loop, not what others did between its slices.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._began = clock()
        self.spent = 0.0

    def begin(self) -> None:
        """Begin a slice now: what went before was waiting, not work."""
        self._began = self._clock()

    async def between(self) -> None:
        """Let others have the loop, if the slice is used up."""
        if (used := self._clock() - self._began) >= SLICE_SECONDS:
            self.spent += used
            await asyncio.sleep(0)
            self._began = self._clock()

    async def run(self, work: Generator[None, None, T], until: float) -> T:
        """Do work that pauses wherever it may be left for a moment; returns what it comes to.

        Raises AllowanceSpent where `spent` passes `until` before that.
        """
        while True:
            try:
                next(work)
            except StopIteration as ended:
                done: T = ended.value
                return done
            if self._clock() - self._began >= SLICE_SECONDS:
                await self.between()
                if self.spent > until:
                    raise AllowanceSpent
