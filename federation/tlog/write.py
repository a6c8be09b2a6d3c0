"""The one SQL statement by which a log grows, so that what belongs together stands or falls together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from federation.tlog.check import Stored
from federation.tlog.rows import Appended, Evidence, Leaf, ReceiptRow, TileRow, Wrap

# `held` is the fence: unless this session's epoch and size still stand, it is empty, and so is all that follows.
_GROW: Final = """
WITH held AS (
    UPDATE simpul.log_state SET size = $1, frontier = $2, edge = $3 WHERE epoch = $4 AND size = $5 RETURNING size
), entries AS (
    INSERT INTO simpul.log_entry (index, request, leaf, leaf_hash)
    SELECT u.* FROM held, unnest($6::bigint[], $7::bytea[], $8::bytea[], $9::bytea[]) AS u
), signed AS (
    INSERT INTO simpul.log_checkpoint (size, note) SELECT held.size, $10::bytea FROM held WHERE held.size > $5
), ciphertexts AS (
    INSERT INTO simpul.evidence (digest, "group", envelope_sha256, ct)
    SELECT u.* FROM held, unnest($11::bytea[], $12::bytea[], $13::bytea[], $14::bytea[]) AS u ON CONFLICT DO NOTHING
), wraps AS (
    INSERT INTO simpul.evidence_wrap ("group", recipient, key_id, wrap_sha256, wrap)
    SELECT u.* FROM held, unnest($15::bytea[], $16::text[], $17::text[], $18::bytea[], $19::bytea[]) AS u
    ON CONFLICT DO NOTHING
), receipts AS (
    INSERT INTO simpul.receipt (statement_digest, member, proof)
    SELECT u.* FROM held, unnest($20::bytea[], $21::text[], $22::bytea[]) AS u ON CONFLICT DO NOTHING
), tiles AS (
    INSERT INTO simpul.log_tile (level, n, hashes)
    SELECT u.* FROM held, unnest($23::smallint[], $24::bigint[], $25::bytea[]) AS u
)"""
_PARAMETERS: Final = 25
_HELD: Final = "SELECT -1 AS beside, ''::text AS key, held.size AS number FROM held"


@dataclass(frozen=True, slots=True)
class BesideInsert:
    """An INSERT that may go with an append: its parameters are arrays numbered from $1, its rows come FROM held.

    One that `returns` ends in RETURNING a text `key` and a bigint `number`.
    """

    sql: str
    parameters: int
    returns: bool = False

    def __post_init__(self) -> None:
        if "FROM held" not in self.sql:
            raise ValueError("what goes beside an append must be fenced with it: select FROM held")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beside:
    """Rows that stand or fall with one append; `columns` makes them of the places that its leaves got.

    `clash` is raised to the caller where the database refuses the rows as they are.
    """

    insert: BesideInsert
    columns: Callable[[Sequence[Appended]], Sequence[Sequence[object]]]
    clash: Exception | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """All that one drain adds to the log that was `before`."""

    before: Stored
    after: Stored
    fresh: Sequence[Leaf]
    hashes: Sequence[bytes]
    tiles: Sequence[TileRow]
    wraps: Sequence[Wrap]
    receipts: Sequence[ReceiptRow]


def grow(
    growth: Growth, epoch: int, inserts: Sequence[tuple[BesideInsert, Sequence[Sequence[object]]]]
) -> list[object]:
    """The statement for these inserts, and then its parameters."""
    fresh, before, after = growth.fresh, growth.before.tree, growth.after.tree
    evidence = [leaf.evidence for leaf in fresh if leaf.evidence is not None]
    parameters: list[object] = [after.size, b"".join(after.frontier), b"".join(after.edge), epoch, before.size]
    parameters += [range(before.size, after.size), [leaf.request for leaf in fresh], [leaf.entry for leaf in fresh]]
    parameters += [growth.hashes, growth.after.note]
    parameters += _columns(evidence, "digest", "group", "envelope_sha256", "ct")
    parameters += _columns(growth.wraps, "group", "recipient", "key_id", "wrap_sha256", "wrap")
    parameters += _columns(growth.receipts, "statement_digest", "member", "proof")
    parameters += _columns(growth.tiles, "level", "n", "hashes")
    for _, columns in inserts:
        parameters += columns
    return [_statement(tuple(insert for insert, _ in inserts)), *parameters]


@lru_cache(maxsize=64)
def _statement(inserts: tuple[BesideInsert, ...]) -> str:
    parts, ends, used = [_GROW], [_HELD], _PARAMETERS
    for place, insert in enumerate(inserts):
        parts.append(f", beside_{place} AS ({_renumbered(insert.sql, used)})")
        if insert.returns:
            ends.append(f"SELECT {place}, key, number FROM beside_{place}")  # noqa: S608  # REASON: a number of ours
        used += insert.parameters
    return "".join(parts) + "\n" + " UNION ALL ".join(ends)


def _renumbered(sql: str, by: int) -> str:
    return re.sub(r"\$(\d+)", lambda found: f"${int(found.group(1)) + by}", sql)


def _columns(rows: Iterable[Evidence | Wrap | ReceiptRow | TileRow], *names: str) -> list[list[object]]:
    return [[getattr(row, name) for row in rows] for name in names]
