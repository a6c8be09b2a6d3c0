"""The one writer of a log: drains what waits, promises it to the anchor, and only then tells those who wait."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from federation.errors import CorruptLog, FederationError, LogUnavailable
from federation.tlog.anchor import Anchor
from federation.tlog.check import Stored, require_promised
from federation.tlog.drain import Call, Placed, Refused, drain
from federation.tlog.note import NoteSigner
from federation.tlog.session import Session
from federation.tlog.tree import TreeReader

MAX_DRAIN: Final = 256
_QUICK_SECONDS: Final = 0.005


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    call: Call
    done: asyncio.Future[Placed]
    since: float = field(default_factory=time.monotonic)

    def give(self, placed: Placed) -> None:
        if not self.done.done():
            self.done.set_result(placed)

    def fail(self, error: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(error)

    def fault(self, refused: Refused) -> Exception:
        """What its caller is told: its own word for a clash, or what the database said."""
        clashes = [beside.clash for beside in self.call.beside if beside.clash is not None]
        return (
            clashes[0]
            if clashes
            else LogUnavailable(f"the database refuses what was to be logged ({type(refused.__cause__).__name__})")
        )


class Sequencer:
    """Gives entries their places, one drain after another; no timer ever delays one."""

    def __init__(self, *, dsn: str, signer: NoteSigner, anchor: Anchor, session: Session, reader: TreeReader) -> None:
        """Take over an opened session; nothing is written before `start`."""
        self.published = session.stored
        self.fault: FederationError | None = None
        self.observe: Callable[[float], None] = _unobserved
        self.lost_at: float | None = None
        self._dsn = dsn
        self._signer = signer
        self._anchor = anchor
        self._session: Session | None = session
        self._stored = session.stored
        self._reader = reader
        self._queue: deque[_Waiting] = deque()
        self._in_hand: list[_Waiting] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._sync_seconds = _QUICK_SECONDS
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to drain."""
        self._task = asyncio.create_task(self._run())

    @property
    def oldest_seconds(self) -> float:
        """For how long the call that waits longest has waited to be promised; 0 where none waits."""
        waiting = self._in_hand or self._queue
        return time.monotonic() - waiting[0].since if waiting else 0.0

    async def append(self, call: Call) -> Placed:
        """Queue a call and return its places once they are promised; LogUnavailable if that is not known."""
        if self.fault is not None:
            raise LogUnavailable("the log contradicts itself and takes nothing more; see its fault") from self.fault
        if self._closing:
            raise LogUnavailable("the log is closing")
        done: asyncio.Future[Placed] = asyncio.get_running_loop().create_future()
        self._queue.append(_Waiting(call, done))
        self._wake.set()
        return await done

    async def close(self) -> None:
        """Finish what waits, then let the session and the anchor go; a second call finds nothing left to do."""
        if self._closing:
            return
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task
        if self._session is not None:
            await self._session.connection.close()
        self._anchor.close()

    async def _run(self) -> None:
        while self._queue or not self._closing:
            if self._queue:
                self._in_hand = self._take()
                await self._settle(self._in_hand)
                self._in_hand = []
            else:
                self._wake.clear()
                await self._wake.wait()

    def _take(self) -> list[_Waiting]:
        """The calls that waited longest, of at most 256 leaves; a larger call goes alone."""
        taken: list[_Waiting] = []
        leaves = 0
        while self._queue:
            waiting = self._queue[0]
            leaves += waiting.call.size
            if taken and leaves > MAX_DRAIN:
                break
            self._queue.popleft()
            if not waiting.done.cancelled():
                taken.append(waiting)
        return taken

    async def _settle(self, waiting: Sequence[_Waiting]) -> None:
        """Drain, so that every call has its places or its error; what is refused together is tried one by one."""
        try:
            placed = await self._drain([one.call for one in waiting])
        except Refused as refused:
            await self._settle_refused(waiting, refused)
        except BaseException as error:
            self._lose(waiting, error)
            if not isinstance(error, Exception):
                raise
        else:
            for one, places in zip(waiting, placed, strict=True):
                one.give(places)

    async def _settle_refused(self, waiting: Sequence[_Waiting], refused: Refused) -> None:
        if len(waiting) == 1:
            waiting[0].fail(waiting[0].fault(refused))
            return
        for one in waiting:
            await self._settle([one])

    async def _drain(self, calls: Sequence[Call]) -> Sequence[Placed]:
        session = self._session or await self._reopen()
        began = time.monotonic()
        after, placed = await drain(session, self._stored, self._signer, calls)
        if after is not self._stored:
            await self._promise(after)
            self._stored = self.published = after
            self.lost_at = None
            self.observe(time.monotonic() - began)
        return placed

    async def _promise(self, stored: Stored) -> None:
        """Promise in this thread where the disk was quick last time; a slow disk must not hold up the event loop."""
        began = time.monotonic()
        if self._sync_seconds < _QUICK_SECONDS:
            self._anchor.append(stored.note, stored.checkpoint)
        else:
            await asyncio.to_thread(self._anchor.append, stored.note, stored.checkpoint)
        self._sync_seconds = time.monotonic() - began

    def _lose(self, waiting: Sequence[_Waiting], error: BaseException) -> None:
        """Drop the session and all memory of the tree: what it holds may not be what the database does."""
        if self._session is not None:
            self._session.connection.terminate()
            self._session = None
        if any(one.call.size for one in waiting):
            self.lost_at = time.monotonic()
        if isinstance(error, CorruptLog):
            self.fault = error
        told = LogUnavailable("the log could not be written, or not for certain: ask again with the same request")
        told.__cause__ = error
        for one in waiting:
            one.fail(told)

    async def _reopen(self) -> Session:
        """Reconnect, fence and reload, after a session was lost."""
        session = await Session.open(self._dsn, self._signer.verifier)
        try:
            await self.agree_with_anchor(session.stored)
        except BaseException:
            session.connection.terminate()
            raise
        self._session = session
        self._stored = self.published = session.stored
        return session

    async def agree_with_anchor(self, stored: Stored) -> None:
        """Refuse a log below, or beside, what the anchor has promised (CorruptLog); promise what it has not yet."""
        await require_promised(self._anchor.newest, stored, self._reader)
        if self._anchor.newest.size < stored.checkpoint.size:
            await self._promise(stored)


def _unobserved(_seconds: float) -> None:
    """What is measured goes nowhere until somebody asks for it."""
