"""Places for questions, and readers who wait for one: a caller for whom there is none is listened to no further."""

from __future__ import annotations

import asyncio
from collections import deque

from federation.serving.shares import Shares


class Room(Shares):
    """Shares whose holders may wait, without a timer, until there is a place for them again."""

    def __init__(self, places: int) -> None:
        super().__init__(places)
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    async def wait(self, holder: str) -> None:
        """Return once the holder may take a place; of those who wait, as many as there are places for, in order."""
        if self.left_to(holder) > 0:
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(holder, deque()).append(future)
        await future

    def give_back(self, holder: str, count: int = 1) -> None:
        """Give back places, and let those read on who waited for them."""
        super().give_back(holder, count)
        for waiter, waiting in tuple(self._waiting.items()):
            # who is let go on may have nothing to ask: nobody waits on where none of theirs is left to come back
            most = self.left_to(waiter) if self.held.get(waiter) else len(waiting)
            _let_go_on(waiting, most)
            if not waiting:
                del self._waiting[waiter]


def _let_go_on(waiting: deque[asyncio.Future[None]], most: int) -> None:
    while waiting and most > 0:
        future = waiting.popleft()
        if not future.done():  # as that of a stream which was ended meanwhile
            future.set_result(None)
            most -= 1
