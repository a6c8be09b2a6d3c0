"""The tree rebuilt from entries, tiles and signed roots."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from auditor.rebuild import rebuild, root_at
from federation.tlog.merkle import leaf_hash


@given(
    sizes=st.sets(st.integers(1, 40), min_size=1, max_size=12),
    faults=st.sets(st.integers(0, 39), max_size=3),
    last=st.booleans(),
)
def test_a_leaf_that_anything_copied_claims_rightly_is_chosen(sizes: set[int], faults: set[int], last: bool) -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(40)]
    wrong = leaf_hash(b"wrong")
    options = [
        ((wrong, leaf) if last else (leaf, wrong)) if at in faults else (leaf,) for at, leaf in enumerate(leaves)
    ]
    tree = rebuild(options, {size: frozenset({root_at(leaves, size)}) for size in sizes})
    assert tree.settled == max(sizes)
    assert tree.broken is None
    assert list(tree.leaves[: tree.settled]) == leaves[: tree.settled]
    assert all(tree.roots[size] == root_at(leaves, size) for size in sizes)


@given(sizes=st.sets(st.integers(1, 40), min_size=2, max_size=12), lie=st.integers(0, 10))
def test_a_root_that_lies_is_passed_over_for_the_next_one(sizes: set[int], lie: int) -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(40)]
    ordered = sorted(sizes)
    false = ordered[lie % (len(ordered) - 1)]
    anchors = {size: frozenset({root_at(leaves, size)}) for size in sizes} | {false: frozenset({bytes(32)})}
    tree = rebuild([(leaf,) for leaf in leaves], anchors)
    assert tree.settled == ordered[-1]
    assert tree.roots[false] == root_at(leaves, false)


@given(lost=st.integers(0, 19), sizes=st.sets(st.integers(1, 20), min_size=1, max_size=20))
def test_what_is_lost_for_good_settles_nothing_past_it(lost: int, sizes: set[int]) -> None:
    leaves = [leaf_hash(bytes([n])) for n in range(20)]
    options = [() if at == lost else (leaf,) for at, leaf in enumerate(leaves)]
    tree = rebuild(options, {size: frozenset({root_at(leaves, size)}) for size in sizes})
    assert tree.settled == max((size for size in sizes if size <= lost), default=0)
    assert tree.broken == min((size for size in sizes if size > lost), default=None)
