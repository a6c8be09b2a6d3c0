"""Merkle trees as RFC 6962 hashes them: roots, paths, and what a path proves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

from federation.errors import CorruptLog

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()

Node = tuple[int, int]
"""A perfect subtree: (height, i) covers the 2**height leaves from i * 2**height on."""

_sha256 = hashlib.sha256


def leaf_hash(entry: bytes) -> bytes:
    """Hash an entry. SPEC: RFC 6962 2.1."""
    return _sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash two subtrees into their parent. SPEC: RFC 6962 2.1."""
    return _sha256(b"\x01" + left + right).digest()


def fold(hashes: Sequence[bytes]) -> bytes:
    """Fold subtree hashes, large to small, left to right, into one; the empty tree's root for none."""
    if not hashes:
        return EMPTY_ROOT
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = node_hash(left, root)
    return root


class Frontier:
    """The roots of the perfect subtrees of a growing tree, large to small: all that is needed to append to it."""

    __slots__ = ("_hashes", "size")

    def __init__(self, size: int = 0, hashes: Iterable[bytes] = ()) -> None:
        """Take up the frontier of a tree of `size`; refuses a number of hashes that is not that tree's (CorruptLog)."""
        self.size = size
        self._hashes = list(hashes)
        if size < 0 or len(self._hashes) != size.bit_count():
            raise CorruptLog(f"a frontier of {len(self._hashes)} hashes cannot be of a tree of {size} entries")

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The subtree roots, large to small."""
        return tuple(self._hashes)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        size = self.size
        while size & 1:
            leaf = node_hash(self._hashes.pop(), leaf)
            size >>= 1
        self._hashes.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of the tree."""
        return fold(self._hashes)

    def copy(self) -> Frontier:
        """A frontier that grows apart from this one."""
        return Frontier(self.size, self._hashes)


def subtrees(start: int, end: int) -> tuple[Node, ...]:
    """The perfect subtrees of a right edge, [start, end), large to small; `start` is a multiple of the largest."""
    found = []
    while start < end:
        height = (end - start).bit_length() - 1
        found.append((height, start >> height))
        start += 1 << height
    return tuple(found)


def inclusion_nodes(index: int, size: int) -> tuple[tuple[Node, ...], ...]:
    """For each hash of an inclusion path, the nodes that fold into it. SPEC: RFC 6962 2.1.1; refuses index >= size."""
    if not 0 <= index < size:
        raise ValueError("no such leaf in a tree of that size")
    path: list[tuple[Node, ...]] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            path.append(subtrees(middle, end))
            end = middle
        else:
            path.append(subtrees(start, middle))
            start = middle
    return tuple(reversed(path))


def consistency_nodes(old: int, new: int) -> tuple[tuple[Node, ...], ...]:
    """For each hash of a consistency path, the nodes that fold into it. SPEC: RFC 6962 2.1.2; refuses old = 0."""
    if not 0 < old <= new:
        raise ValueError("a consistency path runs from a tree that is not empty to one at least as large")
    path: list[tuple[Node, ...]] = []
    start, end, whole = 0, new, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            path.append(subtrees(middle, end))
            end = middle
        else:
            path.append(subtrees(start, middle))
            start, whole = middle, False
    if not whole:
        path.append(subtrees(start, end))
    return tuple(reversed(path))


def verify_inclusion(*, index: int, size: int, leaf: bytes, path: Sequence[bytes], root: bytes) -> None:
    """Return if `path` proves the leaf hash `leaf` at `index` of the tree of `size` and `root`; else raise CorruptLog.

    SPEC: RFC 9162 2.1.3.2.
    """
    _require_hashes((leaf, root, *path))
    if not 0 <= index < size:
        raise CorruptLog("an inclusion path speaks of an entry outside the tree", index=index, size=size)
    at, last, found = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise CorruptLog("an inclusion path is too long", index=index, size=size)
        if at & 1 or at == last:
            found = node_hash(sibling, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        at, last = at >> 1, last >> 1
    if last or found != root:
        raise CorruptLog("an inclusion path does not lead to the root", index=index, size=size)


def verify_consistency(*, old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> None:
    """Return if `path` proves that the tree of `new` begins with that of `old`; else raise CorruptLog.

    SPEC: RFC 9162 2.1.4.2. A proof from the empty tree is refused: it would prove nothing.
    """
    _require_hashes((old_root, new_root, *path))
    if not 0 < old <= new:
        raise CorruptLog(
            "a consistency path must run from a tree that is not empty to no smaller one", old=old, new=new
        )
    if old == new:
        if path or old_root != new_root:
            raise CorruptLog("two trees of one size are not the same", old=old, new=new)
        return
    hashes = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not hashes or _climb(hashes, old, new) != (old_root, new_root):
        raise CorruptLog("a consistency path does not lead to both roots", old=old, new=new)


def _climb(hashes: Sequence[bytes], old: int, new: int) -> tuple[bytes, bytes] | None:
    """The two roots that a consistency path leads to, or None if its length is wrong."""
    at, last = old - 1, new - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    first = second = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            first, second = node_hash(sibling, first), node_hash(sibling, second)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, sibling)
        at, last = at >> 1, last >> 1
    return None if last else (first, second)


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def _require_hashes(hashes: Iterable[bytes]) -> None:
    if any(len(found) != HASH_BYTES for found in hashes):
        raise CorruptLog(f"a hash in a proof is not of {HASH_BYTES} bytes")
