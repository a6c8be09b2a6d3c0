"""Trees of every small size against the definition in RFC 6962, written out."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.errors import CorruptLog
from federation.tlog.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_nodes,
    fold,
    inclusion_nodes,
    leaf_hash,
    node_hash,
    verify_consistency,
    verify_inclusion,
)
from federation.tlog.tree import Tree, TreeReader

LARGEST = 40
LEAVES = [leaf_hash(bytes([n])) for n in range(LARGEST)]


def root_of(leaves: list[bytes]) -> bytes:
    """SPEC: RFC 6962 2.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(root_of(leaves[:k]), root_of(leaves[k:]))


def path_of(groups: tuple[tuple[tuple[int, int], ...], ...]) -> tuple[bytes, ...]:
    """Hash each group of nodes from the leaves themselves."""
    return tuple(fold([root_of(LEAVES[i << h : (i + 1) << h]) for h, i in group]) for group in groups)


ROOTS = [root_of(LEAVES[:size]) for size in range(LARGEST + 1)]


def test_a_frontier_of_every_small_size_has_the_root_of_the_definition() -> None:
    frontier = Frontier()
    for size, leaf in enumerate(LEAVES):
        assert frontier.root() == ROOTS[size]
        frontier.append(leaf)


def test_every_entry_of_every_small_tree_is_proved_there_and_at_no_other_index() -> None:
    for size in range(1, LARGEST + 1):
        for index in range(size):
            path = path_of(inclusion_nodes(index, size))
            verify_inclusion(index=index, size=size, leaf=LEAVES[index], path=path, root=ROOTS[size])
            with pytest.raises(CorruptLog):
                verify_inclusion(
                    index=(index + 1) % (size + 1), size=size, leaf=LEAVES[index], path=path, root=ROOTS[size]
                )


def test_every_small_tree_is_proved_to_begin_with_every_smaller_one_and_no_other() -> None:
    for new in range(1, LARGEST + 1):
        for old in range(1, new + 1):
            path = path_of(consistency_nodes(old, new))
            verify_consistency(old=old, old_root=ROOTS[old], new=new, new_root=ROOTS[new], path=path)
            with pytest.raises(CorruptLog):
                verify_consistency(old=old, old_root=leaf_hash(b"fork"), new=new, new_root=ROOTS[new], path=path)


@given(st.data())
def test_a_path_with_any_one_bit_turned_proves_nothing(data: st.DataObject) -> None:
    size = data.draw(st.integers(2, LARGEST))
    index = data.draw(st.integers(0, size - 1))
    path = list(path_of(inclusion_nodes(index, size)))
    at, bit = data.draw(st.integers(0, len(path) - 1)), data.draw(st.integers(0, 255))
    path[at] = (int.from_bytes(path[at]) ^ 1 << bit).to_bytes(32)
    with pytest.raises(CorruptLog):
        verify_inclusion(index=index, size=size, leaf=LEAVES[index], path=path, root=ROOTS[size])


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.lists(st.binary(max_size=33), max_size=66))
def test_any_path_over_any_size_is_refused_in_one_way(old: int, new: int, path: list[bytes]) -> None:
    with pytest.raises(CorruptLog):
        verify_inclusion(index=old, size=new, leaf=LEAVES[0], path=path, root=ROOTS[7])
    with pytest.raises(CorruptLog):
        verify_consistency(old=old, old_root=ROOTS[3], new=new, new_root=ROOTS[7], path=path)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=4), st.data())
async def test_a_tree_read_from_its_tiles_proves_what_a_frontier_knows(steps: list[int], data: st.DataObject) -> None:
    tree, frontier, roots = Tree(), Frontier(), {0: EMPTY_ROOT}
    store: dict[tuple[int, int], bytes] = {}
    for step in steps:
        for _ in range(step):
            leaf = leaf_hash(tree.size.to_bytes(8))
            store |= {(tile.level, tile.n): tile.hashes for tile in tree.append(leaf)}
            frontier.append(leaf)
        roots[tree.size] = tree.root()
    assert (tree.root(), tree.frontier) == (frontier.root(), frontier.hashes)

    async def load(level: int, n: int) -> bytes:
        return store[level, n]

    reader = TreeReader(load)
    index = data.draw(st.integers(0, tree.size - 1))
    path = await reader.inclusion(tree, index, tree.size)
    verify_inclusion(index=index, size=tree.size, leaf=leaf_hash(index.to_bytes(8)), path=path, root=tree.root())
    for old, new in pairwise(sorted(roots)):
        assert await reader.root(tree, new) == roots[new]
        if old:
            path = await reader.consistency(tree, old, new)
            verify_consistency(old=old, old_root=roots[old], new=new, new_root=roots[new], path=path)
