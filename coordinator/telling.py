"""What an asker is told of a query, kept for them until they read it, as long as there is room."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from coordinator.acceptance import Accepted
from federation.envelope import Envelope
from federation.errors import TooBusy
from federation.result import Result, Silence
from federation.serving.shares import Shares


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """The query with the coordinator's signature is logged; nothing was sent before."""

    envelope: Envelope
    receipt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The merged result, signed and logged."""

    envelope: Envelope
    result: Result
    receipt: bytes


Told = Logged | Accepted | Silence | Given


class Telling:
    """One asker's: told without waiting for them, so that a query is carried to its end however slowly they read.

    What is unread takes room, in bytes, of their member's share; one who leaves no room is told so and no more, and
    goes on with the same bytes.
    """

    def __init__(self, room: Shares, member: str) -> None:
        self._room = room
        self._member = member
        self._waiting: asyncio.Queue[tuple[Told | Exception, int]] = asyncio.Queue()
        self._closed = False

    def tell(self, told: Told | Exception) -> None:
        """Keep what is told until it is read."""
        if self._closed:
            return
        size = _size(told)
        if size and not self._room.take(self._member, size):
            self.close()
            told, size = TooBusy("answers wait unread: ask again with the same bytes, and read as they come"), 0
        self._waiting.put_nowait((told, size))

    async def told(self) -> AsyncIterator[Told]:
        """All that is told, up to the result; raises what ended the query instead."""
        while True:
            told, size = await self._waiting.get()
            if size:
                self._room.give_back(self._member, size)
            if isinstance(told, Exception):
                raise told
            yield told
            if isinstance(told, Given):
                return

    def close(self) -> None:
        """Tell no more, and keep nothing."""
        self._closed = True
        while not self._waiting.empty():
            _, size = self._waiting.get_nowait()
            if size:
                self._room.give_back(self._member, size)


def _size(told: Told | Exception) -> int:
    """About how many bytes are kept."""
    match told:
        case Logged() | Given():
            return len(told.envelope.payload) + len(told.receipt)
        case Accepted():
            return len(told.reply.envelope.payload) + len(told.receipt.entry)
        case _:
            return 0
