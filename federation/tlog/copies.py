"""What others may copy from a log: its rows, page by page, each table by its primary key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import asyncpg

from federation.tlog.rows import (
    Appended,
    CheckpointRow,
    CosignatureRow,
    EntryRow,
    EvidenceRow,
    ReceiptRow,
    TileRow,
    WrapRow,
)

_FIND: Final = "SELECT index, leaf FROM simpul.log_entry WHERE request = $1"
_CHECKPOINT_AT: Final = "SELECT note FROM simpul.log_checkpoint WHERE size = $1"
_TILE: Final = "SELECT hashes FROM simpul.log_tile WHERE level = $1 AND n = $2"
_ENTRIES: Final = """
SELECT index, leaf AS entry, leaf_hash FROM simpul.log_entry WHERE index >= $1 ORDER BY index LIMIT $2"""
_EVIDENCE: Final = """
SELECT digest, "group", envelope_sha256, ct FROM simpul.evidence WHERE digest > $1 ORDER BY digest LIMIT $2"""
_EVIDENCE_OF: Final = """
SELECT digest, "group", envelope_sha256, ct FROM simpul.evidence WHERE digest = ANY($1::bytea[]) ORDER BY digest"""
_WRAPS: Final = """
SELECT "group", recipient, key_id, wrap_sha256, wrap FROM simpul.evidence_wrap
WHERE ("group", recipient, key_id) > ($1, $2, $3) ORDER BY "group", recipient, key_id LIMIT $4"""
_WRAPS_OF: Final = """
SELECT "group", recipient, key_id, wrap_sha256, wrap FROM simpul.evidence_wrap
WHERE "group" = ANY($1::bytea[]) AND recipient = $2 ORDER BY "group", recipient, key_id"""
_WRAPS_OF_GROUPS: Final = """
SELECT "group", recipient, key_id, wrap_sha256, wrap FROM simpul.evidence_wrap
WHERE "group" = ANY($1::bytea[]) ORDER BY "group", recipient, key_id"""
_ENVELOPES_IN: Final = """
SELECT "group", count(*) AS envelopes FROM simpul.evidence
WHERE "group" = ANY($1::bytea[])
GROUP BY "group" """
_RECEIPTS: Final = """
SELECT statement_digest, member, proof FROM simpul.receipt
WHERE (statement_digest, member) > ($1, $2) ORDER BY statement_digest, member LIMIT $3"""
_TILES: Final = """
SELECT level, n, hashes FROM simpul.log_tile WHERE (level, n) > ($1, $2) ORDER BY level, n LIMIT $3"""
_CHECKPOINTS: Final = "SELECT size, note FROM simpul.log_checkpoint WHERE size > $1 ORDER BY size LIMIT $2"
_COSIGNATURES: Final = """
SELECT size, line FROM simpul.log_cosignature WHERE (size, line) > ($1, $2) ORDER BY size, line LIMIT $3"""


class Copies:
    """Reads of a log's tables: every row, whether or not an entry names it, so that an auditor sees all there is."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def checkpoint_at(self, size: int) -> bytes | None:
        """The signed checkpoint of `size`, if one was made."""
        note: bytes | None = await self._pool.fetchval(_CHECKPOINT_AT, size)
        return note

    async def find(self, request: bytes) -> Appended | None:
        """The entry that stands for a request, if the log has one."""
        row = await self._pool.fetchrow(_FIND, request)
        return None if row is None else Appended(index=row["index"], entry=row["leaf"], fresh=False)

    async def entries(self, start: int, limit: int) -> tuple[EntryRow, ...]:
        """At most `limit` entries from index `start` on, over any gap."""
        rows = await self._pool.fetch(_ENTRIES, start, limit)
        return tuple(EntryRow(**row) for row in rows)

    async def evidence(self, after: bytes, limit: int) -> tuple[EvidenceRow, ...]:
        """Evidence by digest, after `after`; b"" for the first page."""
        return tuple(EvidenceRow(**row) for row in await self._pool.fetch(_EVIDENCE, after, limit))

    async def evidence_of(self, digests: Sequence[bytes]) -> tuple[EvidenceRow, ...]:
        """The evidence of these digests, as far as the log has it."""
        return tuple(EvidenceRow(**row) for row in await self._pool.fetch(_EVIDENCE_OF, digests))

    async def wraps(self, after: tuple[bytes, str, str], limit: int) -> tuple[WrapRow, ...]:
        """Wraps by (group, recipient, key id), after `after`; (b"", "", "") for the first page."""
        return tuple(WrapRow(**row) for row in await self._pool.fetch(_WRAPS, *after, limit))

    async def wraps_of(self, groups: Sequence[bytes], recipient: str) -> tuple[WrapRow, ...]:
        """The wraps of these groups for one recipient."""
        return tuple(WrapRow(**row) for row in await self._pool.fetch(_WRAPS_OF, groups, recipient))

    async def wraps_of_groups(self, groups: Sequence[bytes]) -> tuple[WrapRow, ...]:
        """The wraps of these groups for every recipient. Handing them out is an opening: the caller logs it first."""
        return tuple(WrapRow(**row) for row in await self._pool.fetch(_WRAPS_OF_GROUPS, groups))

    async def envelopes_in(self, groups: Sequence[bytes]) -> Mapping[bytes, int]:
        """How many envelopes the wraps of each group open."""
        return {row["group"]: row["envelopes"] for row in await self._pool.fetch(_ENVELOPES_IN, groups)}

    async def receipts(self, after: tuple[bytes, str], limit: int) -> tuple[ReceiptRow, ...]:
        """Receipts by (statement digest, member), after `after`; (b"", "") for the first page."""
        return tuple(ReceiptRow(**row) for row in await self._pool.fetch(_RECEIPTS, *after, limit))

    async def tiles(self, after: tuple[int, int], limit: int) -> tuple[TileRow, ...]:
        """Full tiles by (level, n), after `after`; (0, -1) for the first page."""
        return tuple(TileRow(**row) for row in await self._pool.fetch(_TILES, *after, limit))

    async def checkpoints(self, after: int, limit: int) -> tuple[CheckpointRow, ...]:
        """Signed checkpoints by size, after `after`; -1 for the first page."""
        return tuple(CheckpointRow(**row) for row in await self._pool.fetch(_CHECKPOINTS, after, limit))

    async def cosignatures(self, after: tuple[int, bytes], limit: int) -> tuple[CosignatureRow, ...]:
        """Witnesses' lines by (size, line), after `after`; (-1, b"") for the first page."""
        return tuple(CosignatureRow(**row) for row in await self._pool.fetch(_COSIGNATURES, *after, limit))


async def load_tile(pool: asyncpg.Pool, level: int, n: int) -> bytes:
    """A full tile's bytes; none if the row is missing."""
    found: bytes | None = await pool.fetchval(_TILE, level, n)
    return found or b""
