"""One growth of the log: what waits goes in together, in one transaction, under one new checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from federation.tlog.check import Stored
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.merkle import leaf_hash
from federation.tlog.note import NoteSigner
from federation.tlog.rows import Appended, Leaf, ReceiptRow, TileRow, Wrap
from federation.tlog.session import Session
from federation.tlog.tree import Tree
from federation.tlog.write import Beside, BesideInsert, Growth, grow

_KNOWN: Final = """
SELECT known.request, known.index, known.leaf
FROM unnest($1::bytea[]) AS offered (request) JOIN simpul.log_entry AS known USING (request)"""
_KNOWN_REQUEST: Final = "log_entry_request_key"
_REFUSED: Final = (
    asyncpg.CardinalityViolationError,
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    ValueError,  # what asyncpg cannot encode, and so never sent
)


class Fenced(Exception):
    """Another process has taken hold of the log."""


class OutcomeUnknown(Exception):
    """The commit returned, but with a warning: a standby may not have what it committed."""


class Refused(Exception):
    """The database refuses a drain for the rows of one of its calls; nothing of it stands."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Call:
    """One caller's append; `make` gives its leaves when their drain begins, and adds the wraps they need to its own."""

    make: Callable[[list[Wrap]], Sequence[Leaf]]
    size: int
    receipts: Sequence[ReceiptRow] = ()
    beside: Sequence[Beside] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What one call appended, and what its inserts beside returned, by insert, then key."""

    appended: tuple[Appended, ...]
    returned: Mapping[BesideInsert, Mapping[str, int]]


async def drain(
    session: Session, before: Stored, signer: NoteSigner, calls: Sequence[Call]
) -> tuple[Stored, list[Placed]]:
    """Write all calls in one statement; return once it is committed: the log after it, and what each call appended.

    That every request is new is supposed, and looked up only where the database says otherwise. Refused leaves the
    session usable; after anything else the outcome is unknown and the session must be dropped.
    """
    wraps: list[Wrap] = []
    leaves = [call.make(wraps) for call in calls]
    try:
        return await _write(session, before, signer, _merge(calls, leaves, wraps, {}, before.tree.size))
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != _KNOWN_REQUEST:
            raise Refused from error
        known = await _known(session, leaves)
    except _REFUSED as error:
        raise Refused from error
    try:
        return await _write(session, before, signer, _merge(calls, leaves, wraps, known, before.tree.size))
    except _REFUSED as error:
        raise Refused from error


async def _known(session: Session, leaves: Sequence[Sequence[Leaf]]) -> dict[bytes, Appended]:
    rows = await session.connection.fetch(_KNOWN, [leaf.request for one in leaves for leaf in one])
    return {row["request"]: Appended(index=row["index"], entry=row["leaf"], fresh=False) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Merged:
    calls: Sequence[Call]
    fresh: Sequence[Leaf]
    wraps: Sequence[Wrap]
    appended: list[tuple[Appended, ...]]


def _merge(
    calls: Sequence[Call],
    leaves: Sequence[Sequence[Leaf]],
    wraps: Sequence[Wrap],
    known: Mapping[bytes, Appended],
    size: int,
) -> _Merged:
    """Give each leaf its place; of equal requests only the first is fresh, and only fresh evidence needs wraps."""
    held, fresh, appended = dict(known), list[Leaf](), list[tuple[Appended, ...]]()
    for one in leaves:
        places = []
        for leaf in one:
            place = held.get(leaf.request)
            if place is None:
                place = Appended(index=size + len(fresh), entry=leaf.entry, fresh=True)
                held[leaf.request] = Appended(index=place.index, entry=place.entry, fresh=False)
                fresh.append(leaf)
            places.append(place)
        appended.append(tuple(places))
    groups = {leaf.evidence.group for leaf in fresh if leaf.evidence is not None}
    needed = [wrap for wrap in wraps if wrap.group in groups]
    return _Merged(calls=calls, fresh=fresh, wraps=needed, appended=appended)


async def _write(session: Session, before: Stored, signer: NoteSigner, merged: _Merged) -> tuple[Stored, list[Placed]]:
    tree, tiles, hashes = _extend(before.tree, merged.fresh)
    growth = Growth(
        before=before,
        after=_after(before, tree, signer),
        fresh=merged.fresh,
        hashes=hashes,
        tiles=tiles,
        wraps=merged.wraps,
        receipts=[receipt for call in merged.calls for receipt in call.receipts],
    )
    inserts = _inserts(merged)
    statement, parameters = grow(growth, session.epoch, list(inserts.items()))
    session.warnings.clear()
    rows = await session.connection.fetch(statement, *parameters)
    if session.warnings:
        # a wait for the standby was cancelled: committed here, perhaps not there
        raise OutcomeUnknown
    if not rows:
        raise Fenced
    return growth.after, _placed(merged, list(inserts), rows)


def _after(before: Stored, tree: Tree, signer: NoteSigner) -> Stored:
    if tree.size == before.tree.size:
        return before
    checkpoint = Checkpoint(origin=signer.name, size=tree.size, root=tree.root())
    return Stored(tree=tree, checkpoint=checkpoint, note=sign_checkpoint(checkpoint, signer))


def _extend(before: Tree, fresh: Sequence[Leaf]) -> tuple[Tree, list[TileRow], list[bytes]]:
    tree, tiles, hashes = before.copy(), list[TileRow](), [leaf_hash(leaf.entry) for leaf in fresh]
    for found in hashes:
        tiles += tree.append(found)
    return tree, tiles, hashes


def _inserts(merged: _Merged) -> dict[BesideInsert, list[list[object]]]:
    """The rows of all calls by their insert, each insert's columns joined."""
    joined: dict[BesideInsert, list[list[object]]] = {}
    for call, appended in zip(merged.calls, merged.appended, strict=True):
        for beside in call.beside:
            columns = joined.setdefault(beside.insert, [[] for _ in range(beside.insert.parameters)])
            for column, more in zip(columns, beside.columns(appended), strict=True):
                column += more
    return joined


def _placed(merged: _Merged, inserts: Sequence[BesideInsert], rows: Sequence[asyncpg.Record]) -> list[Placed]:
    returned: dict[BesideInsert, dict[str, int]] = {insert: {} for insert in inserts}
    for row in rows:
        if row["beside"] >= 0:
            returned[inserts[row["beside"]]][row["key"]] = row["number"]
    return [Placed(appended=appended, returned=returned) for appended in merged.appended]
