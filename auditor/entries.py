"""Entries and tiles as copied, held against the tree that the signed checkpoints vouch for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from auditor.copies import Copy
from auditor.finding import Finding, about, row
from auditor.heads import Heads
from auditor.rebuild import Rebuilt
from federation.tlog.merkle import HASH_BYTES, leaf_hash
from federation.tlog.rows import EntryRow
from federation.tlog.tiles import TILE_BYTES, WIDTH, Tile, full_tiles, levels

_MAX_LOST: Final = 1000  # so many rows may be missing before the tail is named as one


@dataclass(frozen=True, slots=True)
class Found:
    """An entry's row, and the leaf hash of what it holds."""

    kept: EntryRow
    leaf: bytes = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "leaf", leaf_hash(self.kept.entry))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Every copied entry by its index, and the leaf hashes that tiles and edges claim; `size` indexes are judged."""

    size: int
    rows: Mapping[int, Sequence[Found]]
    claimed: Mapping[int, Sequence[bytes]]

    def options(self) -> list[tuple[bytes, ...]]:
        """For each index every leaf hash that is claimed for it, the entry's own first, the tiles' last."""
        return [self._options(index) for index in range(self.size)]

    def _options(self, index: int) -> tuple[bytes, ...]:
        found = self.rows.get(index, ())
        own = [row.leaf for row in found] + [row.kept.leaf_hash for row in found]
        return tuple(h for h in dict.fromkeys((*own, *self.claimed.get(index, ()))) if len(h) == HASH_BYTES)


def shelve(copy: Copy, heads: Heads) -> Shelf:
    """Sort entries by index; a signed size far beyond all that was copied is cut to what could be there."""
    size = heads.size
    rows: dict[int, list[Found]] = defaultdict(list)
    for kept in copy.entries:
        rows[kept.index].append(Found(kept))
    claimed: dict[int, list[bytes]] = defaultdict(list)
    for index, leaf in _claims(copy, heads):
        if index < size:
            claimed[index].append(leaf)
    known = sum(index < size for index in rows.keys() | claimed.keys())
    return Shelf(size=min(size, known + _MAX_LOST), rows=rows, claimed=claimed)


def compare_entries(member: str, shelf: Shelf, tree: Rebuilt, signed: int) -> list[Finding]:
    """Find entries that are missing, changed, or at another index than the tree has them at.

    SPEC: 07-audit 3: every entry is hashed again; neither its stored leaf hash nor a tile is believed.
    """
    findings: list[Finding] = []
    places = {leaf: index for index, leaf in enumerate(tree.leaves[: tree.settled])}
    for index in range(shelf.size):
        rows = shelf.rows.get(index, ())
        if not rows:
            findings.append(about("entry_missing", member, index, expected="an entry", found="no row"))
        for found in rows:
            findings += _compare(member, found, tree, places)
    if shelf.size < signed:
        lost = f"index={shelf.size}..{signed - 1}"
        findings.append(Finding(kind="entry_missing", member=member, table="log_entry", row=lost, found="no rows"))
    return findings + _broken(member, tree) + _beyond(member, shelf, signed, places)


def compare_tiles(copy: Copy, tree: Rebuilt, judged: int, size: int) -> list[Finding]:
    """Find tiles that are not those of the tree, are missing, or that it cannot have."""
    wanted = dict(_tiles(tree.leaves[: tree.settled]))
    kept = {(tile.level, tile.n) for tile in copy.tiles}
    findings: list[Finding] = []
    for tile in copy.tiles:
        key = row(level=tile.level, n=tile.n)
        right = wanted.get((tile.level, tile.n))
        if right is not None and right != tile.hashes:
            findings.append(_altered_tile(copy.member, tile.level, key, tile.n, (right, tile.hashes)))
        if not 0 <= tile.n < full_tiles(tile.level, size):
            findings.append(
                Finding(
                    kind="tile_unexpected",
                    member=copy.member,
                    table="log_tile",
                    row=key,
                    expected=f"{full_tiles(tile.level, size)} full tiles at level {tile.level}",
                )
            )
    findings += [
        Finding(kind="tile_missing", member=copy.member, table="log_tile", row=row(level=level, n=n), found="no row")
        for level in range(levels(judged))
        for n in range(full_tiles(level, min(judged, tree.settled)))
        if (level, n) not in kept
    ]
    return findings


def compare_edges(copy: Copy, heads: Heads, tree: Rebuilt) -> list[Finding]:
    """Find an edge that was handed out and is not that of the tree."""
    findings = []
    for head, edge in ((heads.first, copy.edge), (heads.newest, copy.newest_edge)):
        if head is None or head.size > tree.settled:
            continue
        right = b"".join(tree.leaves[head.size // WIDTH * WIDTH : head.size])
        if edge != right:
            at = _first_difference(right, edge) // HASH_BYTES + head.size // WIDTH * WIDTH
            findings.append(
                Finding(
                    kind="edge_differs", member=copy.member, table="log_state", entry=at, found=f"at size {head.size}"
                )
            )
    return findings


def _claims(copy: Copy, heads: Heads) -> Iterator[tuple[int, bytes]]:
    for tile in copy.tiles:
        if tile.level == 0:
            yield from _numbered(tile.n * WIDTH, tile.hashes)
    for head, edge in ((heads.first, copy.edge), (heads.newest, copy.newest_edge)):
        if head is not None:
            yield from _numbered(head.size // WIDTH * WIDTH, edge)


def _numbered(start: int, hashes: bytes) -> Iterator[tuple[int, bytes]]:
    for at in range(0, min(len(hashes), TILE_BYTES), HASH_BYTES):
        yield start + at // HASH_BYTES, hashes[at : at + HASH_BYTES]


def _compare(member: str, found: Found, tree: Rebuilt, places: Mapping[bytes, int]) -> list[Finding]:
    index, right = found.kept.index, tree.leaves[found.kept.index]
    if found.leaf == right:
        if found.kept.leaf_hash == right:
            return []
        return [about("leaf_hash_altered", member, index, expected=right.hex(), found=found.kept.leaf_hash.hex())]
    elsewhere = places.get(found.leaf)
    if elsewhere is not None:
        return [about("entry_misplaced", member, index, expected=f"index {elsewhere}", found=f"index {index}")]
    also = " (its stored leaf hash was changed with it)" if found.kept.leaf_hash == found.leaf else ""
    seen = f"leaf hash {found.leaf.hex()}{also}"
    return [about("entry_altered", member, index, expected=f"leaf hash {right.hex()}", found=seen)]


def _broken(member: str, tree: Rebuilt) -> list[Finding]:
    if tree.broken is None:
        return []
    return [
        Finding(
            kind="tree_not_rebuilt",
            member=member,
            table="log_entry",
            row=f"index={tree.settled}..{tree.broken - 1}",
            entry=tree.settled,
            expected=f"the root that was signed at size {tree.broken}",
            found=f"another; all before index {tree.settled} is vouched for",
        )
    ]


def _beyond(member: str, shelf: Shelf, signed: int, places: Mapping[bytes, int]) -> list[Finding]:
    """Rows past the newest checkpoint were added since it was taken, if they follow one another."""
    findings, following = [], signed
    for index in sorted(index for index in shelf.rows if index >= signed):
        for found in shelf.rows[index]:
            if index != following or found.leaf in places or found.leaf != found.kept.leaf_hash:
                own = places.get(found.leaf)
                expected = f"index {own}" if own is not None else f"an index below {signed}"
                findings.append(about("entry_misplaced", member, index, expected=expected, found=f"index {index}"))
        following = index + 1
    return findings


def _tiles(leaves: Sequence[bytes]) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Every full tile of a tree, as (level, n) and its bytes."""
    layer, level = leaves, 0
    while len(layer) >= WIDTH:
        blocks = [layer[at : at + WIDTH] for at in range(0, len(layer) // WIDTH * WIDTH, WIDTH)]
        yield from (((level, n), b"".join(block)) for n, block in enumerate(blocks))
        layer, level = [Tile(block).node(8, 0) for block in blocks], level + 1


def _altered_tile(member: str, level: int, key: str, n: int, hashes: tuple[bytes, bytes]) -> Finding:
    at = _first_difference(*hashes) // HASH_BYTES
    part = slice(at * HASH_BYTES, (at + 1) * HASH_BYTES)
    return Finding(
        kind="tile_altered",
        member=member,
        table="log_tile",
        row=key,
        entry=n * WIDTH + at if level == 0 else None,
        expected=f"hash {at}: {hashes[0][part].hex()}",
        found=f"hash {at}: {hashes[1][part].hex()}",
    )


def _first_difference(one: bytes, other: bytes) -> int:
    """Where two byte strings part; the shorter one's length if one begins the other."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
