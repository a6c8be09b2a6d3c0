"""One transaction of the log: what waits goes in together, under one new checkpoint."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from federation.tlog.check import Stored
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.merkle import leaf_hash
from federation.tlog.note import NoteSigner
from federation.tlog.rows import Appended, Evidence, Leaf, ReceiptRow, TileRow, Wrap
from federation.tlog.session import Session
from federation.tlog.tree import Tree

Also = Callable[[asyncpg.Connection, Sequence[Appended]], Awaitable[None]]

_HOLD: Final = """
SELECT held.size, known.request, known.index, known.leaf
FROM (SELECT size FROM simpul.log_state WHERE epoch = $1 FOR UPDATE) AS held
LEFT JOIN (unnest($2::bytea[]) AS offered (request) JOIN simpul.log_entry AS known USING (request)) ON true"""
_ENTRIES: Final = """
INSERT INTO simpul.log_entry (index, request, leaf, leaf_hash)
SELECT * FROM unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[])"""
_EVIDENCE: Final = """
INSERT INTO simpul.evidence (digest, "group", envelope_sha256, ct)
SELECT * FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[]) ON CONFLICT DO NOTHING"""
_WRAPS: Final = """
INSERT INTO simpul.evidence_wrap ("group", recipient, key_id, wrap_sha256, wrap)
SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[], $5::bytea[]) ON CONFLICT DO NOTHING"""
_RECEIPTS: Final = """
INSERT INTO simpul.receipt (statement_digest, member, proof)
SELECT * FROM unnest($1::bytea[], $2::text[], $3::bytea[]) ON CONFLICT DO NOTHING"""
_TILES: Final = """
INSERT INTO simpul.log_tile (level, n, hashes) SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::bytea[])"""
_STATE: Final = """
WITH signed AS (INSERT INTO simpul.log_checkpoint (size, note) VALUES ($1, $2))
UPDATE simpul.log_state SET size = $1, frontier = $3, edge = $4 WHERE epoch = $5 AND size = $6"""


class Fenced(Exception):
    """Another process has taken hold of the log."""


class OutcomeUnknown(Exception):
    """COMMIT returned, but with a warning: a standby may not have what it committed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call:
    """One caller's append."""

    leaves: Sequence[Leaf]
    wraps: Sequence[Wrap]
    receipts: Sequence[ReceiptRow]
    also: Also | None


class CallFault(Exception):
    """What one caller's `also` raised; nothing of the transaction stands."""

    def __init__(self, call: Call, error: Exception) -> None:
        super().__init__()
        self.call = call
        self.error = error


async def drain(
    session: Session, before: Stored, signer: NoteSigner, calls: Sequence[Call]
) -> tuple[Stored, list[tuple[Appended, ...]]]:
    """Write all calls in one transaction; return only after COMMIT did: the log after it, and what each call appended.

    CallFault undoes the transaction and leaves the session usable; after anything else the outcome is unknown and the
    session must be dropped.
    """
    transaction = session.connection.transaction()
    await transaction.start()
    try:
        after = await _write(session, before, signer, calls)
    except CallFault:
        await transaction.rollback()
        raise
    session.warnings.clear()
    await transaction.commit()
    if session.warnings:
        # a wait for the standby was cancelled: committed here, perhaps not there
        raise OutcomeUnknown
    return after


async def _write(
    session: Session, before: Stored, signer: NoteSigner, calls: Sequence[Call]
) -> tuple[Stored, list[tuple[Appended, ...]]]:
    merged = _merge(calls, await _hold(session, before.tree.size, calls), before.tree.size)
    tree, tiles, hashes = _extend(before.tree, merged.fresh)
    await _insert(session.connection, before.tree.size, merged, hashes, tiles)
    for call, appended in zip(calls, merged.appended, strict=True):
        if call.also is not None:
            await _run_also(call.also, call, session.connection, appended)
    if not merged.fresh:
        # a transaction that a caller broke in silence would end in a rollback as silent; any statement finds it
        await session.connection.execute("SELECT")
        return before, merged.appended
    checkpoint = Checkpoint(origin=signer.name, size=tree.size, root=tree.root())
    after = Stored(tree=tree, checkpoint=checkpoint, note=sign_checkpoint(checkpoint, signer))
    await _update(session, before.tree.size, after)
    return after, merged.appended


async def _update(session: Session, size: int, after: Stored) -> None:
    frontier, edge = b"".join(after.tree.frontier), b"".join(after.tree.edge)
    status = await session.connection.execute(_STATE, after.tree.size, after.note, frontier, edge, session.epoch, size)
    if status != "UPDATE 1":
        raise Fenced


async def _hold(session: Session, size: int, calls: Sequence[Call]) -> dict[bytes, Appended]:
    """Lock the state row; return what the log already has of the requests offered."""
    requests = [leaf.request for call in calls for leaf in call.leaves]
    rows = await session.connection.fetch(_HOLD, session.epoch, requests)
    if not rows or rows[0]["size"] != size:
        raise Fenced
    return {
        row["request"]: Appended(index=row["index"], entry=row["leaf"], fresh=False)
        for row in rows
        if row["request"] is not None
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Merged:
    fresh: Sequence[Leaf]
    wraps: Sequence[Wrap]
    receipts: Sequence[ReceiptRow]
    appended: list[tuple[Appended, ...]]


def _merge(calls: Sequence[Call], known: dict[bytes, Appended], size: int) -> _Merged:
    """Give each leaf its place; of equal requests only the first is fresh."""
    fresh: list[Leaf] = []
    wraps: list[Wrap] = []
    receipts: list[ReceiptRow] = []
    appended: list[tuple[Appended, ...]] = []
    for call in calls:
        before, places = len(fresh), []
        for leaf in call.leaves:
            place = known.get(leaf.request)
            if place is None:
                place = Appended(index=size + len(fresh), entry=leaf.entry, fresh=True)
                known[leaf.request] = Appended(index=place.index, entry=place.entry, fresh=False)
                fresh.append(leaf)
            places.append(place)
        if len(fresh) > before:
            wraps += call.wraps
        receipts += call.receipts
        appended.append(tuple(places))
    return _Merged(fresh=fresh, wraps=wraps, receipts=receipts, appended=appended)


def _extend(before: Tree, fresh: Sequence[Leaf]) -> tuple[Tree, list[TileRow], list[bytes]]:
    tree, tiles, hashes = before.copy(), [], [leaf_hash(leaf.entry) for leaf in fresh]
    for found in hashes:
        tiles += tree.append(found)
    return tree, tiles, hashes


async def _insert(
    connection: asyncpg.Connection, size: int, merged: _Merged, hashes: Sequence[bytes], tiles: Sequence[TileRow]
) -> None:
    fresh = merged.fresh
    evidence = [leaf.evidence for leaf in fresh if leaf.evidence is not None]
    if fresh:
        indexes = range(size, size + len(fresh))
        requests, entries = [leaf.request for leaf in fresh], [leaf.entry for leaf in fresh]
        await connection.execute(_ENTRIES, indexes, requests, entries, hashes)
    if evidence:
        await connection.execute(_EVIDENCE, *_columns(evidence, "digest", "group", "envelope_sha256", "ct"))
    if merged.wraps:
        columns = _columns(merged.wraps, "group", "recipient", "key_id", "wrap_sha256", "wrap")
        await connection.execute(_WRAPS, *columns)
    if merged.receipts:
        await connection.execute(_RECEIPTS, *_columns(merged.receipts, "statement_digest", "member", "proof"))
    if tiles:
        await connection.execute(_TILES, *_columns(tiles, "level", "n", "hashes"))


def _columns(rows: Iterable[Evidence | Wrap | ReceiptRow | TileRow], *names: str) -> list[list[object]]:
    return [[getattr(row, name) for row in rows] for name in names]


async def _run_also(also: Also, call: Call, connection: asyncpg.Connection, appended: tuple[Appended, ...]) -> None:
    try:
        await also(connection, appended)
    except Exception as error:
        raise CallFault(call, error) from error
