"""Whether a log's tables agree with one another and with what the log has signed, row by row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from federation.errors import ConfigError, CorruptLog
from federation.tlog.checkpoint import Checkpoint, verify_checkpoint
from federation.tlog.merkle import HASH_BYTES, Frontier, fold, leaf_hash
from federation.tlog.note import NoteVerifier
from federation.tlog.rows import TileRow
from federation.tlog.tiles import HEIGHT, WIDTH, Tile, decode_tile, full_tiles, levels, open_width
from federation.tlog.tree import Tree, TreeReader

Connection = asyncpg.Connection | PoolConnectionProxy
RequestOf = Callable[[bytes], bytes]
"""The `request` that an entry's bytes stand for; what it raises means that the bytes are no entry."""

_PAGE: Final = 1_000
_STATE: Final = "SELECT size, frontier, edge FROM simpul.log_state"
_CHECKPOINT: Final = "SELECT size, note FROM simpul.log_checkpoint ORDER BY size DESC LIMIT 1"
_EDGE: Final = "SELECT leaf_hash FROM simpul.log_entry WHERE index >= $1 AND index < $2 ORDER BY index"
_TILES: Final = "SELECT n, hashes FROM simpul.log_tile WHERE level = $1 AND n >= $2 AND n < $3 ORDER BY n"
_LAST: Final = "SELECT max(index) FROM simpul.log_entry"
_ENTRIES: Final = """
SELECT index, request, leaf, leaf_hash FROM simpul.log_entry WHERE index >= $1 AND index < $2 ORDER BY index"""
_TILE: Final = "SELECT hashes FROM simpul.log_tile WHERE level = $1 AND n = $2"
_STRAY_TILE: Final = """
SELECT level, n FROM simpul.log_tile WHERE n >= CASE WHEN level < 8 THEN $1::bigint >> (8 * (level + 1)) ELSE 0 END
LIMIT 1"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A log as its tables have it: the tree, and the newest checkpoint with its note."""

    tree: Tree
    checkpoint: Checkpoint
    note: bytes


async def check(connection: Connection, verifier: NoteVerifier, request_of: RequestOf | None = None) -> Stored:
    """Check a log wholly: state, tiles, every entry, and the newest checkpoint's signature.

    `request_of` recomputes log_entry.request from the entry. Raises CorruptLog that names the table and the row, or
    ConfigError if there is no log. While a service appends, run it in one repeatable-read transaction.
    """
    stored = await load(connection, verifier)
    await check_entries(connection, stored.tree, request_of)
    return stored


async def load(connection: Connection, verifier: NoteVerifier) -> Stored:
    """Read the state and the open tiles; refuses what does not lead to the newest signed checkpoint (CorruptLog)."""
    row = await connection.fetchrow(_STATE)
    if row is None:
        raise ConfigError("this database holds no log; if it should have one, run create-log")
    size, frontier = row["size"], _hashes(row["frontier"], "frontier")
    newest = await _newest_checkpoint(connection, verifier)
    if newest.checkpoint.size != size:
        raise CorruptLog(
            f"simpul.log_state says {size} entries, but simpul.log_checkpoint ends at {newest.checkpoint.size}"
        )
    await _require_edge(connection, size, row["edge"])
    tiles = [Tile(_hashes(row["edge"], "edge"))]
    tiles += [await _open_tile(connection, level, size) for level in range(1, levels(size))]
    _require_frontier(frontier, tiles, newest.checkpoint)
    return Stored(tree=Tree(Frontier(size, frontier), tiles), checkpoint=newest.checkpoint, note=newest.note)


async def check_entries(connection: Connection, tree: Tree, request_of: RequestOf | None) -> None:
    """Hash every entry below the tree's size again; refuses a row that disagrees (CorruptLog)."""
    rebuilt = Tree()
    stray = await connection.fetchrow(_STRAY_TILE, tree.size)
    if stray is not None:
        raise CorruptLog(f"simpul.log_tile has a row (level {stray['level']}, n {stray['n']}) that no entries fill")
    while rebuilt.size < tree.size:
        rows = await connection.fetch(_ENTRIES, rebuilt.size, min(rebuilt.size + _PAGE, tree.size))
        if not rows:
            raise CorruptLog(f"simpul.log_entry has no row for index {rebuilt.size}, though the log is larger")
        for row in rows:
            _require_entry(row, rebuilt.size, request_of)
            for tile in rebuilt.append(row["leaf_hash"]):
                await _require_tile(connection, tile)
    if rebuilt.frontier != tree.frontier:
        raise CorruptLog("the rows of simpul.log_entry do not lead to the signed root; restore them from a mirror")


async def require_promised(promised: Checkpoint, stored: Stored, reader: TreeReader) -> None:
    """Refuse a log below, or beside, the newest checkpoint that its anchor has promised (CorruptLog)."""
    has = stored.checkpoint.size
    if promised.size > has:
        raise CorruptLog(
            f"the anchor has promised {promised.size} entries and the database has {has}: it was rolled back. "
            "Do not let it grow. Take the missing entries from a mirror, or begin a new log under a new key"
        )
    if promised.size and await reader.root(stored.tree, promised.size) != promised.root:
        raise CorruptLog(
            f"the log's root at {promised.size} entries is not the one that the anchor has promised: this is "
            "another history. Restore the database that belongs to the anchor"
        )


def _require_entry(row: asyncpg.Record, index: int, request_of: RequestOf | None) -> None:
    if row["index"] != index:
        raise CorruptLog(f"simpul.log_entry has no row for index {index}, but one for {row['index']}")
    if leaf_hash(row["leaf"]) != row["leaf_hash"]:
        raise CorruptLog(f"simpul.log_entry, index {index}: leaf_hash is not the hash of leaf")
    if request_of is None:
        return
    try:
        request = request_of(row["leaf"])
    except Exception as error:
        raise CorruptLog(f"simpul.log_entry, index {index}: leaf cannot be read") from error
    if request != row["request"]:
        raise CorruptLog(f"simpul.log_entry, index {index}: request is not what leaf stands for")


async def _require_tile(connection: Connection, tile: TileRow) -> None:
    stored = await connection.fetchval(_TILE, tile.level, tile.n)
    if stored != tile.hashes:
        wrong = "is missing" if stored is None else "does not hold the hashes of its entries"
        raise CorruptLog(f"simpul.log_tile, level {tile.level}, n {tile.n}: the row {wrong}")


async def _newest_checkpoint(connection: Connection, verifier: NoteVerifier) -> Stored:
    row = await connection.fetchrow(_CHECKPOINT)
    if row is None:
        raise CorruptLog("simpul.log_checkpoint is empty, though a log begins with a signed checkpoint of size 0")
    try:
        checkpoint = verify_checkpoint(row["note"], verifier)
    except Exception as error:
        raise CorruptLog(
            f"simpul.log_checkpoint, size {row['size']}: the note is not signed by the configured log key for the "
            f"origin {verifier.name}"
        ) from error
    if checkpoint.size != row["size"]:
        raise CorruptLog(f"simpul.log_checkpoint, size {row['size']}: the note speaks of size {checkpoint.size}")
    return Stored(tree=Tree(), checkpoint=checkpoint, note=row["note"])


async def _require_edge(connection: Connection, size: int, edge: bytes) -> None:
    """Refuse a log whose last entries are not those of log_state.edge, or that has entries beyond its size."""
    last = await connection.fetchval(_LAST)
    if (last is None and size) or (last is not None and last != size - 1):
        raise CorruptLog(f"simpul.log_state says {size} entries, but the last row of simpul.log_entry is index {last}")
    rows = await connection.fetch(_EDGE, size - size % WIDTH, size)
    if b"".join(row["leaf_hash"] for row in rows) != edge:
        raise CorruptLog("simpul.log_state.edge is not the leaf hashes of the last rows of simpul.log_entry")


async def _open_tile(connection: Connection, level: int, size: int) -> Tile:
    """The open tile of a level above 0, from the full tiles below it."""
    end = full_tiles(level - 1, size)
    start = end - open_width(level, size)
    rows = await connection.fetch(_TILES, level - 1, start, end)
    if [row["n"] for row in rows] != list(range(start, end)):
        raise CorruptLog(f"simpul.log_tile lacks a row of level {level - 1} between n {start} and n {end - 1}")
    return Tile(Tile(decode_tile(row["hashes"])).node(HEIGHT, 0) for row in rows)


def _require_frontier(frontier: Sequence[bytes], tiles: Sequence[Tile], checkpoint: Checkpoint) -> None:
    folded = [found for tile in reversed(tiles) for found in tile.frontier()]
    if fold(folded) != checkpoint.root:
        raise CorruptLog(
            f"simpul.log_state.edge and simpul.log_tile do not lead to the root signed for size {checkpoint.size}"
        )
    if list(frontier) != folded:
        raise CorruptLog(f"simpul.log_state.frontier does not lead to the root signed for size {checkpoint.size}")


def _hashes(data: bytes, column: str) -> list[bytes]:
    if len(data) % HASH_BYTES:
        raise CorruptLog(f"simpul.log_state.{column} is not whole hashes")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]
