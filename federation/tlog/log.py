"""A member's own log in PostgreSQL: what it acknowledges is never lost, never doubled and never changed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import asyncpg

from federation.keys import Signer
from federation.tlog.checkpoint import Checkpoint
from federation.tlog.receipt import Receipt
from federation.tlog.rows import (
    Appended,
    CheckpointRow,
    CosignatureRow,
    EntryRow,
    Evidence,
    EvidenceRow,
    Leaf,
    ReceiptRow,
    TileRow,
    Wrap,
    WrapRow,
)

__all__ = ["Also", "Appended", "Evidence", "Leaf", "Log", "ReceiptRow", "Wrap", "create_log"]

Also = Callable[[asyncpg.Connection, Sequence[Appended]], Awaitable[None]]


async def create_log(dsn_owner: str, *, signer: Signer, origin: str, anchor: Path) -> None:
    """Make the log's state row, the checkpoint of size 0 and the anchor file; refuses an existing one (ConfigError)."""
    raise NotImplementedError


class Log:
    """One process's hold on its member's log: one sequencer, many readers."""

    @classmethod
    async def open(
        cls, dsn: str, *, signer: Signer, origin: str, anchor: Path, request_of: Callable[[bytes], bytes] | None = None
    ) -> Log:
        """Lock, fence and check the log, then start its sequencer; refuses on any inconsistency."""
        raise NotImplementedError

    async def append(
        self,
        leaves: Sequence[Leaf],
        *,
        wraps: Sequence[Wrap] = (),
        receipts: Sequence[ReceiptRow] = (),
        also: Also | None = None,
    ) -> tuple[Appended, ...]:
        """Append entries and all that belongs to them in one transaction; returns once they are durable and anchored.

        A leaf whose request is known gets the stored index and the stored entry, and adds nothing. `also` runs inside
        the transaction; what it raises undoes this append alone and is raised here. LogUnavailable means that the
        outcome is unknown: ask again with the same request.
        """
        raise NotImplementedError

    @property
    def size(self) -> int:
        """How many entries the newest checkpoint covers."""
        raise NotImplementedError

    @property
    def checkpoint(self) -> tuple[Checkpoint, bytes]:
        """The newest checkpoint, and its signed note."""
        raise NotImplementedError

    @property
    def edge(self) -> tuple[bytes, ...]:
        """The leaf hashes of the open tile of the newest checkpoint."""
        raise NotImplementedError

    async def inclusion(self, index: int, size: int) -> tuple[bytes, ...]:
        """The inclusion path of entry `index` in the tree of `size`; refuses what the log does not have (NotInLog)."""
        raise NotImplementedError

    async def consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        """The consistency path between two sizes; refuses what the log does not have (NotInLog)."""
        raise NotImplementedError

    async def receipt(self, appended: Appended) -> Receipt:
        """The receipt of an entry against the newest checkpoint."""
        raise NotImplementedError

    async def checkpoint_at(self, size: int) -> bytes | None:
        """The signed checkpoint of `size`, if one was made."""
        raise NotImplementedError

    async def find(self, request: bytes) -> Appended | None:
        """The entry that answers a request, if there is one."""
        raise NotImplementedError

    async def entries(self, start: int, limit: int) -> tuple[EntryRow, ...]:
        """Entries from index `start` on."""
        raise NotImplementedError

    async def evidence(self, after: bytes, limit: int) -> tuple[EvidenceRow, ...]:
        """Evidence by digest, after `after` (b"" for the first page)."""
        raise NotImplementedError

    async def wraps(self, after: tuple[bytes, str, str], limit: int) -> tuple[WrapRow, ...]:
        """Wraps by (group, recipient, key id), after `after` ((b"", "", "") for the first page)."""
        raise NotImplementedError

    async def wraps_of(self, groups: Sequence[bytes], recipient: str) -> tuple[WrapRow, ...]:
        """The wraps of some groups for one recipient."""
        raise NotImplementedError

    async def receipts(self, after: tuple[bytes, str], limit: int) -> tuple[ReceiptRow, ...]:
        """Receipts by (statement digest, member), after `after` ((b"", "") for the first page)."""
        raise NotImplementedError

    async def tiles(self, after: tuple[int, int], limit: int) -> tuple[TileRow, ...]:
        """Full tiles by (level, n), after `after` ((0, -1) for the first page)."""
        raise NotImplementedError

    async def checkpoints(self, after: int, limit: int) -> tuple[CheckpointRow, ...]:
        """Checkpoints by size, after `after` (-1 for the first page)."""
        raise NotImplementedError

    async def cosignatures(self, after: tuple[int, bytes], limit: int) -> tuple[CosignatureRow, ...]:
        """Witnesses' lines by (size, line), after `after` ((-1, b"") for the first page)."""
        raise NotImplementedError

    async def close(self) -> None:
        """Finish what waits, then let the log go."""
        raise NotImplementedError
