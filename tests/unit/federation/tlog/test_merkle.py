"""Trees, paths and what they prove."""

from __future__ import annotations

import hashlib

import pytest

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

A, B, C = (leaf_hash(entry) for entry in (b"a", b"b", b"c"))
AB = node_hash(A, B)
ABC = node_hash(AB, C)


def test_hashes_are_those_of_rfc_6962() -> None:
    assert EMPTY_ROOT == hashlib.sha256(b"").digest() == fold([])
    assert leaf_hash(b"") == hashlib.sha256(b"\x00").digest()
    assert node_hash(A, B) == hashlib.sha256(b"\x01" + A + B).digest()


def test_a_frontier_grows_to_the_root_of_its_leaves() -> None:
    frontier = Frontier()
    roots = [frontier.root()]
    for leaf in (A, B, C):
        frontier.append(leaf)
        roots.append(frontier.root())
    assert roots == [EMPTY_ROOT, A, AB, ABC]
    assert frontier.hashes == (AB, C)


def test_a_copied_frontier_grows_apart() -> None:
    first = Frontier(1, [A])
    second = first.copy()
    second.append(B)
    assert (first.size, first.root(), second.size, second.root()) == (1, A, 2, AB)


def test_a_frontier_of_another_size_is_refused() -> None:
    for size, hashes in ((3, [AB]), (2, [A, B]), (0, [A]), (-1, [A])):
        with pytest.raises(CorruptLog, match="cannot be of a tree"):
            Frontier(size, hashes)


def test_an_inclusion_path_names_the_siblings_from_leaf_to_root() -> None:
    assert inclusion_nodes(1, 3) == (((0, 0),), ((0, 2),))
    assert inclusion_nodes(2, 3) == (((1, 0),),)
    assert inclusion_nodes(0, 1) == ()
    assert inclusion_nodes(0, 7) == (((0, 1),), ((1, 1),), ((1, 2), (0, 6)))


def test_nodes_of_a_path_that_cannot_be_are_refused() -> None:
    for index, size in ((3, 3), (-1, 3), (0, 0)):
        with pytest.raises(ValueError, match="no such leaf"):
            inclusion_nodes(index, size)
    for old, new in ((0, 3), (4, 3), (-1, 3)):
        with pytest.raises(ValueError, match="a consistency path runs"):
            consistency_nodes(old, new)


def test_a_path_proves_its_leaf_at_its_index_and_nowhere_else() -> None:
    verify_inclusion(index=1, size=3, leaf=B, path=(A, C), root=ABC)
    faults: dict[str, dict[str, object]] = {
        "wrong leaf": {"leaf": A},
        "wrong index": {"index": 0},
        "index outside": {"index": 3},
        "index below": {"index": -1},
        "wrong size": {"size": 5},
        "empty tree": {"size": 0},
        "path too short": {"path": (A,)},
        "path too long": {"path": (A, C, C)},
        "path turned round": {"path": (C, A)},
        "wrong root": {"root": AB},
        "hash too short": {"path": (A, C[:31])},
        "root too short": {"root": ABC[:31]},
    }
    for fault in faults.values():
        with pytest.raises(CorruptLog):
            verify_inclusion(**({"index": 1, "size": 3, "leaf": B, "path": (A, C), "root": ABC} | fault))  # type: ignore[arg-type]


def test_a_path_proves_that_a_tree_begins_with_another() -> None:
    verify_consistency(old=2, old_root=AB, new=3, new_root=ABC, path=(C,))
    verify_consistency(old=3, old_root=ABC, new=3, new_root=ABC, path=())
    faults: dict[str, dict[str, object]] = {
        "wrong old root": {"old_root": A},
        "wrong new root": {"new_root": AB},
        "wrong old size": {"old": 1},
        "path too short": {"path": ()},
        "path too long": {"path": (C, C)},
        "turned round": {"old": 3, "new": 2},
        "hash too short": {"path": (C[:31],)},
        "one size, two roots": {"old": 3, "path": ()},
    }
    for fault in faults.values():
        with pytest.raises(CorruptLog):
            verify_consistency(**({"old": 2, "old_root": AB, "new": 3, "new_root": ABC, "path": (C,)} | fault))  # type: ignore[arg-type]


def test_a_consistency_path_from_the_empty_tree_is_refused() -> None:
    for path in ((), (ABC,)):
        with pytest.raises(CorruptLog, match="that is not empty"):
            verify_consistency(old=0, old_root=EMPTY_ROOT, new=3, new_root=ABC, path=path)
    with pytest.raises(CorruptLog, match="that is not empty"):
        verify_consistency(old=0, old_root=EMPTY_ROOT, new=0, new_root=EMPTY_ROOT, path=())
