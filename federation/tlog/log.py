"""A member's own log in PostgreSQL: what it acknowledges is never lost, never doubled and never changed."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Final

import asyncpg

from federation.errors import ConfigError, CorruptLog, FederationError, LogUnavailable, NotInLog
from federation.keys import Signer
from federation.tlog.anchor import Anchor
from federation.tlog.check import RequestOf, check, check_entries
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.copies import Copies, load_tile
from federation.tlog.drain import Call, Placed
from federation.tlog.merkle import EMPTY_ROOT
from federation.tlog.note import NoteSigner
from federation.tlog.receipt import Receipt
from federation.tlog.rows import Appended, Evidence, Leaf, ReceiptRow, Wrap
from federation.tlog.sequencer import Sequencer
from federation.tlog.session import Session, left_as_it_is
from federation.tlog.tree import Tree, TreeReader
from federation.tlog.write import Beside, BesideInsert

__all__ = [
    "Appended",
    "Beside",
    "BesideInsert",
    "Call",
    "Evidence",
    "Leaf",
    "Log",
    "Placed",
    "ReceiptRow",
    "RequestOf",
    "Wrap",
    "check",
    "create_log",
]

CHECKED_AT_START: Final = 100_000
_READERS: Final = 4
_READ_SECONDS: Final = 30.0
_NEW_STATE: Final = """
INSERT INTO simpul.log_state (epoch, size, frontier, edge) VALUES (0, 0, '', '') ON CONFLICT DO NOTHING"""
_NEW_CHECKPOINT: Final = "INSERT INTO simpul.log_checkpoint (size, note) VALUES (0, $1)"


async def create_log(dsn_owner: str, *, signer: Signer, origin: str, anchor: Path) -> None:
    """Make the log's state row, the checkpoint of size 0 and the anchor file; refuses an existing one (ConfigError)."""
    note_signer = NoteSigner(origin, signer)
    note = sign_checkpoint(Checkpoint(origin=origin, size=0, root=EMPTY_ROOT), note_signer)
    connection = await asyncpg.connect(dsn_owner)
    try:
        async with connection.transaction():
            if await connection.execute(_NEW_STATE) != "INSERT 0 1":
                raise ConfigError("this database holds a log already; a log is created once")
            await connection.execute(_NEW_CHECKPOINT, note)
            Anchor.create(anchor, note)
    finally:
        await connection.close()


class Log(Copies):
    """One process's hold on its member's log: one sequencer that writes, many readers."""

    def __init__(self, *, sequencer: Sequencer, reader: TreeReader, pool: asyncpg.Pool) -> None:
        """Take over what `open` made."""
        super().__init__(pool)
        self._sequencer = sequencer
        self._reader = reader
        self._checking: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, dsn: str, *, signer: Signer, origin: str, anchor: Path, request_of: RequestOf | None = None
    ) -> Log:
        """Lock, fence and check the log, then start its sequencer.

        Every entry is hashed again, of a log of more than 100,000 in the background (see `fault`). Refuses a database
        without a log, held by another process, or that may lose what it acknowledged (ConfigError); tables that
        contradict one another or the anchor, as after a roll-back (CorruptLog); no database (LogUnavailable).
        """
        note_signer = NoteSigner(origin, signer)
        async with AsyncExitStack() as undo:
            session, pool = await _connect(dsn, note_signer, undo)
            held = Anchor.open(anchor, note_signer.verifier)
            undo.callback(held.close)
            reader = TreeReader(partial(load_tile, pool))
            sequencer = Sequencer(dsn=dsn, signer=note_signer, anchor=held, session=session, reader=reader)
            log = cls(sequencer=sequencer, reader=reader, pool=pool)
            await sequencer.agree_with_anchor(session.stored)
            await log._check_entries(request_of)
            sequencer.start()
            undo.pop_all()
        return log

    async def append(
        self,
        leaves: Sequence[Leaf],
        *,
        wraps: Sequence[Wrap] = (),
        receipts: Sequence[ReceiptRow] = (),
        beside: Sequence[Beside] = (),
    ) -> tuple[Appended, ...]:
        """Append entries and all that belongs to them in one transaction; return once they are durable and anchored.

        A leaf whose request is known gets the stored index and the stored entry, and adds nothing; the wraps of
        evidence that no fresh leaf has add nothing either. What is `beside` goes in whether leaves are fresh or not;
        where the database refuses it, this append alone is undone, and its `clash` raised. LogUnavailable means that
        the outcome is unknown: ask again with the same request.
        """

        def make(needed: list[Wrap]) -> Sequence[Leaf]:
            needed += wraps
            return leaves

        return (await self.place(Call(make=make, size=len(leaves), receipts=receipts, beside=beside))).appended

    async def place(self, call: Call) -> Placed:
        """Append as `append` does, of leaves that are made only when their drain begins."""
        return await self._sequencer.append(call)

    @property
    def size(self) -> int:
        """How many entries the newest checkpoint covers."""
        return self._sequencer.published.checkpoint.size

    @property
    def checkpoint(self) -> tuple[Checkpoint, bytes]:
        """The newest checkpoint, and its signed note."""
        return self._sequencer.published.checkpoint, self._sequencer.published.note

    @property
    def edge(self) -> tuple[bytes, ...]:
        """The leaf hashes of the newest checkpoint's open tile, by which an auditor finds a changed entry."""
        return self._sequencer.published.tree.edge

    @property
    def fault(self) -> FederationError | None:
        """Why this log takes no more entries, if so; the process should end and a person should look."""
        return self._sequencer.fault

    @property
    def oldest_unproved_seconds(self) -> float:
        """For how long the append that waits longest has waited to be durable and anchored; 0 where none waits."""
        return self._sequencer.oldest_seconds

    @property
    def lost_seconds(self) -> float:
        """Since when the last append of entries could not be written; infinity where it was, or where none came."""
        lost_at = self._sequencer.lost_at
        return math.inf if lost_at is None else time.monotonic() - lost_at

    def observe_commits(self, observe: Callable[[float], None]) -> None:
        """Have `observe` told the seconds that each batch took to be durable and anchored."""
        self._sequencer.observe = observe

    async def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """The inclusion path of entry `index` in the tree of `size`; refuses what the log does not have (NotInLog)."""
        if not 0 <= index < size <= self.size:
            raise NotInLog("no such entry in a tree of that size", index=index, size=size)
        return await self._reader.inclusion(self._sequencer.published.tree, index, size)

    async def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """The consistency path between two sizes, the old above 0; refuses what the log does not have (NotInLog)."""
        if not 0 < old <= new <= self.size:
            raise NotInLog("no consistency path between such sizes", old=old, new=new)
        return await self._reader.consistency(self._sequencer.published.tree, old, new)

    async def receipt(self, appended: Appended) -> Receipt:
        """The receipt of an entry against the newest checkpoint."""
        published = self._sequencer.published
        path = await self._reader.inclusion(published.tree, appended.index, published.checkpoint.size)
        return Receipt(entry=appended.entry, index=appended.index, path=path, checkpoint=published.note)

    async def close(self) -> None:
        """Finish what waits, then let the log go."""
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.gather(self._checking, return_exceptions=True)
        await self._sequencer.close()
        await self._pool.close()

    async def _check_entries(self, request_of: RequestOf | None) -> None:
        """Hash every entry again, at once or in the background."""
        tree = self._sequencer.published.tree
        if tree.size > CHECKED_AT_START:
            self._checking = asyncio.create_task(self._watch(tree, request_of))
            return
        async with self._pool.acquire() as connection:
            await check_entries(connection, tree, request_of)

    async def _watch(self, tree: Tree, request_of: RequestOf | None) -> None:
        try:
            async with self._pool.acquire() as connection:
                await check_entries(connection, tree, request_of)
        except CorruptLog as error:
            self._sequencer.fault = error


async def _connect(dsn: str, signer: NoteSigner, undo: AsyncExitStack) -> tuple[Session, asyncpg.Pool]:
    try:
        session = await Session.open(dsn, signer.verifier)
        undo.callback(session.connection.terminate)
        pool = await asyncpg.create_pool(
            dsn, min_size=1, max_size=_READERS, command_timeout=_READ_SECONDS, reset=left_as_it_is
        )
        undo.callback(pool.terminate)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        raise LogUnavailable(f"cannot use the log's database ({type(error).__name__})") from error
    return session, pool
