"""The one statement by which a log grows, so that what belongs together stands or falls together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from federation.tlog.check import Stored
from federation.tlog.rows import Appended, Evidence, Leaf, ReceiptRow, TileRow, Wrap

# The fence: unless this session's epoch and size still stand, it is empty, and so is all that selects FROM it.
_HELD: Final = """
WITH held AS (
    UPDATE simpul.log_state SET size = $1, frontier = $2, edge = $3 WHERE epoch = $4 AND size = $5 RETURNING size
)"""
_FENCE_PARAMETERS: Final = 5
_SIZE: Final = "SELECT -1 AS beside, ''::text AS key, held.size AS number FROM held"


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


_ENTRIES: Final = BesideInsert(
    """
INSERT INTO simpul.log_entry (index, request, leaf, leaf_hash)
SELECT u.* FROM held, unnest($1::bigint[], $2::bytea[], $3::bytea[], $4::bytea[]) AS u""",
    parameters=4,
)
_CHECKPOINT: Final = BesideInsert(
    "INSERT INTO simpul.log_checkpoint (size, note) SELECT held.size, $1::bytea FROM held", parameters=1
)
_EVIDENCE: Final = BesideInsert(
    """
INSERT INTO simpul.evidence (digest, "group", envelope_sha256, ct)
SELECT u.* FROM held, unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bytea[]) AS u ON CONFLICT DO NOTHING""",
    parameters=4,
)
_WRAPS: Final = BesideInsert(
    """
INSERT INTO simpul.evidence_wrap ("group", recipient, key_id, wrap_sha256, wrap)
SELECT u.* FROM held, unnest($1::bytea[], $2::text[], $3::text[], $4::bytea[], $5::bytea[]) AS u
ON CONFLICT DO NOTHING""",
    parameters=5,
)
_RECEIPTS: Final = BesideInsert(
    """
INSERT INTO simpul.receipt (statement_digest, member, proof)
SELECT u.* FROM held, unnest($1::bytea[], $2::text[], $3::bytea[]) AS u ON CONFLICT DO NOTHING""",
    parameters=3,
)
_TILES: Final = BesideInsert(
    """
INSERT INTO simpul.log_tile (level, n, hashes)
SELECT u.* FROM held, unnest($1::smallint[], $2::bigint[], $3::bytea[]) AS u""",
    parameters=3,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Beside:
    """Rows that stand or fall with one append; `columns` makes them of the places that its leaves got.

    `clash` is raised to the caller where the database refuses the rows as they are.
    """

    insert: BesideInsert
    columns: Callable[[Sequence[Appended]], Sequence[Sequence[object]]]
    clash: Exception | None = None


Insert = tuple[BesideInsert, Sequence[object]]


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


def grow(growth: Growth, epoch: int, beside: Sequence[Insert]) -> tuple[str, list[object]]:
    """The statement for what there is to insert, and its parameters; rows of `beside` are numbered by their place."""
    before, after = growth.before.tree, growth.after.tree
    parameters: list[object] = [after.size, b"".join(after.frontier), b"".join(after.edge), epoch, before.size]
    inserts = [*beside, *_own(growth)]
    for _, columns in inserts:
        parameters += columns
    return _statement(tuple(insert for insert, _ in inserts)), parameters


def _own(growth: Growth) -> Iterator[Insert]:
    """The log's own rows, by the table; a table that gets none is left out."""
    fresh = growth.fresh
    if fresh:
        indexes = range(growth.before.tree.size, growth.after.tree.size)
        yield _ENTRIES, (indexes, [leaf.request for leaf in fresh], [leaf.entry for leaf in fresh], growth.hashes)
        yield _CHECKPOINT, (growth.after.note,)
    evidence = [leaf.evidence for leaf in fresh if leaf.evidence is not None]
    if evidence:
        yield _EVIDENCE, _columns(evidence, "digest", "group", "envelope_sha256", "ct")
    if growth.wraps:
        yield _WRAPS, _columns(growth.wraps, "group", "recipient", "key_id", "wrap_sha256", "wrap")
    if growth.receipts:
        yield _RECEIPTS, _columns(growth.receipts, "statement_digest", "member", "proof")
    if growth.tiles:
        yield _TILES, _columns(growth.tiles, "level", "n", "hashes")


@lru_cache(maxsize=128)
def _statement(inserts: tuple[BesideInsert, ...]) -> str:
    parts, ends, used = [_HELD], [_SIZE], _FENCE_PARAMETERS
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
