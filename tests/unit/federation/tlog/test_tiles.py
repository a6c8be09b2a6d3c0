"""Tiles: their arithmetic, their paths, and the tree that fills them."""

from __future__ import annotations

import pytest

from federation.errors import CorruptLog, MalformedStatement
from federation.tlog.merkle import Frontier, leaf_hash, node_hash
from federation.tlog.tiles import (
    Tile,
    bundle_path,
    decode_bundle,
    decode_tile,
    encode_bundle,
    full_tiles,
    levels,
    open_width,
    tile_path,
)
from federation.tlog.tree import Tree, TreeReader

LEAVES = [leaf_hash(str(n).encode()) for n in range(600)]


def test_paths_are_those_of_the_specification() -> None:
    assert tile_path(0, 1234067) == "tile/0/x001/x234/067"
    assert tile_path(2, 5, 17) == "tile/2/005.p/17"
    assert bundle_path(1000, 1) == "tile/entries/x001/000.p/1"
    for width in (0, 257):
        with pytest.raises(ValueError, match="1 to 256"):
            tile_path(0, 0, width)


def test_a_tree_of_70000_has_the_tiles_of_the_specification() -> None:
    assert [(full_tiles(level, 70_000), open_width(level, 70_000)) for level in range(3)] == [
        (273, 112),
        (1, 17),
        (0, 1),
    ]
    assert [levels(size) for size in (0, 1, 255, 256, 65_535, 65_536)] == [0, 1, 1, 2, 2, 3]


def test_a_bundle_reads_back() -> None:
    entries = (b"a", b"", b"x" * 65_535)
    assert decode_bundle(encode_bundle(entries)) == entries
    assert decode_bundle(b"") == ()
    with pytest.raises(ValueError, match="too large"):
        encode_bundle([b"x" * 65_536])


def test_a_bundle_that_ends_within_an_entry_is_refused() -> None:
    for data in (b"\x00", b"\x00\x02a", b"\x00\x01a\x00", b"\x00\x00" * 257):
        with pytest.raises(MalformedStatement):
            decode_bundle(data)


def test_a_tile_of_another_width_is_refused() -> None:
    assert decode_tile(b"".join(LEAVES[:3]), 3) == tuple(LEAVES[:3])
    for data, width in ((b"".join(LEAVES[:3]), 4), (b"".join(LEAVES[:3]), 2), (b"x" * 33, 1)):
        with pytest.raises(MalformedStatement):
            decode_tile(data, width)


def test_a_tile_knows_every_perfect_subtree_within_it() -> None:
    tile = Tile(LEAVES[:7])
    assert tile.node(1, 2) == node_hash(LEAVES[4], LEAVES[5])
    assert tile.frontier() == [tile.node(2, 0), tile.node(1, 2), LEAVES[6]]
    other = tile.copy()
    other.append(LEAVES[7])
    assert (tile.width, other.width) == (7, 8)


def test_a_tree_fills_tiles_and_reaches_the_root_of_its_leaves() -> None:
    tree, frontier, filled = Tree(), Frontier(), []
    for leaf in LEAVES:
        filled += tree.append(leaf)
        frontier.append(leaf)
        assert tree.root() == frontier.root()
    assert [(tile.level, tile.n, tile.hashes) for tile in filled] == [
        (0, 0, b"".join(LEAVES[:256])),
        (0, 1, b"".join(LEAVES[256:512])),
    ]
    assert tree.edge == tuple(LEAVES[512:])


def test_a_tree_whose_tiles_and_frontier_part_ways_names_no_root() -> None:
    tree = Tree(Frontier(2, [node_hash(LEAVES[0], LEAVES[1])]), [Tile([LEAVES[0], LEAVES[2]])])
    with pytest.raises(CorruptLog, match="do not fold"):
        tree.root()


def test_open_tiles_of_another_size_are_refused() -> None:
    with pytest.raises(CorruptLog, match="not as wide"):
        Tree(Frontier(2, [LEAVES[0]]), [Tile(LEAVES[:3])])


async def test_a_stored_tile_that_does_not_fold_to_its_parent_is_refused() -> None:
    tree = Tree()
    store: dict[tuple[int, int], bytes] = {}
    for leaf in LEAVES:
        store |= {(tile.level, tile.n): tile.hashes for tile in tree.append(leaf)}
    rotten = store | {(0, 1): bytes([store[0, 1][0] ^ 1]) + store[0, 1][1:]}

    async def load(level: int, n: int) -> bytes:
        return rotten[level, n]

    reader = TreeReader(load)
    assert len(await reader.inclusion(tree, 0, 600)) == 10
    with pytest.raises(CorruptLog, match="level 0, n 1"):
        await reader.inclusion(tree, 300, 600)
    rotten[0, 1] = store[0, 1]
    assert len(await reader.inclusion(tree, 300, 600)) == 10


async def test_a_missing_tile_is_refused() -> None:
    tree = Tree()
    for leaf in LEAVES:
        tree.append(leaf)

    async def load(level: int, n: int) -> bytes:
        return b""

    with pytest.raises(MalformedStatement, match="256 hashes wide"):
        await TreeReader(load).inclusion(tree, 0, 600)
