"""The tree rebuilt from what was copied, each stretch of it settled by the signed checkpoint that ends it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Final

from federation.tlog.merkle import EMPTY_ROOT, Frontier

MAX_TRIES: Final = 1024
_MAX_UNSETTLED: Final = 32

Options = Sequence[tuple[bytes, ...]]
"""For each index the leaf hashes that something copied claims for it, the entry's own first; none if all is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """Leaf hashes, the first `settled` of them vouched for by a signed root; roots at the sizes that were asked for.

    `broken` is the size of the first signed root that could not be rebuilt, or None.
    """

    leaves: Sequence[bytes]
    settled: int
    roots: Mapping[int, bytes]
    broken: int | None


def rebuild(options: Options, anchors: Mapping[int, frozenset[bytes]]) -> Rebuilt:
    """Choose among `options` so that the tree has the signed roots of `anchors` (size to roots) at their sizes.

    A stretch that does not lead to its root is tried again up to the next one: so a checkpoint that lies, or lost
    rows, spoil no more than they must.
    """
    leaves: list[bytes] = []
    roots = {0: EMPTY_ROOT}
    frontier, unsettled = Frontier(), 0
    sizes = sorted(size for size in anchors if 0 < size <= len(options))
    for place, size in enumerate(sizes):
        if unsettled >= _MAX_UNSETTLED and place < len(sizes) - 1:
            continue
        passed = frozenset(sizes[place - unsettled : place])
        found = _settle(frontier, options[len(leaves) : size], anchors[size], passed)
        if found is None:
            unsettled += 1
            continue
        unsettled = 0
        frontier, chosen, between = found
        leaves += chosen
        roots |= between
    settled = len(leaves)
    leaves += [option[0] if option else b"" for option in options[settled:]]
    broken = next((size for size in sorted(anchors) if size > settled), None)
    return Rebuilt(leaves=leaves, settled=settled, roots=roots, broken=broken)


def root_at(leaves: Sequence[bytes], size: int) -> bytes:
    """The root of the first `size` leaves."""
    frontier = Frontier()
    for leaf in leaves[:size]:
        frontier.append(leaf)
    return frontier.root()


def _settle(
    before: Frontier, stretch: Options, wanted: frozenset[bytes], passed: frozenset[int]
) -> tuple[Frontier, list[bytes], dict[int, bytes]] | None:
    """The first choice that leads to a wanted root: the frontier after it, its leaves, its root and those passed."""
    if not all(stretch):
        return None
    for chosen in islice(_choices(stretch), MAX_TRIES):
        frontier = before.copy()
        for leaf in chosen:
            frontier.append(leaf)
        root = frontier.root()
        if root in wanted:
            return frontier, chosen, {frontier.size: root, **_roots(before, chosen, passed)}
    return None


def _choices(stretch: Options) -> Iterator[list[bytes]]:
    """Every way to choose one option for each index: the entries' own hashes first, then all others' at once."""
    unclear = [at for at, option in enumerate(stretch) if len(option) > 1]
    base = [option[0] for option in stretch]
    yield base
    yield [option[-1] for option in stretch]
    others = product(*(stretch[at] for at in unclear))
    next(others)
    for picks in others:
        chosen = list(base)
        for at, pick in zip(unclear, picks, strict=True):
            chosen[at] = pick
        yield chosen


def _roots(before: Frontier, chosen: Sequence[bytes], sizes: frozenset[int]) -> dict[int, bytes]:
    roots: dict[int, bytes] = {}
    if sizes:
        frontier = before.copy()
        for leaf in chosen:
            frontier.append(leaf)
            if frontier.size in sizes:
                roots[frontier.size] = frontier.root()
    return roots
