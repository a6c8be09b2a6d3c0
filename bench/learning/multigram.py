"""Which letters of one script stand for which of another, learned from pairs of names by expectation-maximisation.

A pair of names is taken for a row of joint groups, each some letters of the one (perhaps none) beside some of the
other; the shares of the groups that make the pairs likeliest are found in a few rounds (Deligne and Bimbot 1995).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import log2
from typing import Final

NamePair = tuple[str, str]
Shares = dict[tuple[str, str], float]
Sizes = Sequence[tuple[int, int]]

ALPHABETIC: Final[Sizes] = (
    (0, 1), (1, 0), (1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (2, 3), (3, 1), (3, 2), (0, 2), (2, 0),
)  # fmt: skip
BY_CHARACTER: Final[Sizes] = (*((1, length) for length in range(7)), (0, 1))
_ROUNDS: Final = 7
_EQUAL: Final = 20.0
_UNEQUAL: Final = 1.0
_ONE_SIDED: Final = 0.3
_LONGER: Final = 0.1
_OFF_DIAGONAL: Final = 2
_LEAST_COUNT: Final = 0.3
_LEAST_SEEN: Final = 1.5  # in the end: a group seen once is an accident of one pair
_LEAST_SHARE: Final = 1e-4


def learn(pairs: Sequence[NamePair], sizes: Sizes = ALPHABETIC, rounds: int = _ROUNDS) -> Shares:
    """The share of each joint group in `pairs`; groups that are hardly used are dropped on the way."""
    shares = _first(pairs, sizes)
    for least in (*(rounds - 1) * (_LEAST_COUNT,), _LEAST_SEEN):
        counts: Shares = defaultdict(float)
        for one, other in pairs:
            _expect(one, other, shares, sizes, counts)
        total = sum(counts.values())
        shares = {group: count / total for group, count in counts.items() if count > least}
    return shares


def _first(pairs: Iterable[NamePair], sizes: Sizes) -> Shares:
    """Where to begin: groups near the diagonal, equal letters before others, short groups before long ones."""
    counts: Shares = defaultdict(float)
    for one, other in pairs:
        for mine, theirs in sizes:
            weight = _LONGER ** (mine + theirs - 1) * (_ONE_SIDED if not mine or not theirs else 1.0)
            for start in range(len(one) - mine + 1):
                middle = int(start * len(other) / max(1, len(one)))
                last = min(len(other) - theirs, middle + _OFF_DIAGONAL)
                for at in range(max(0, middle - _OFF_DIAGONAL), last + 1):
                    group = one[start : start + mine], other[at : at + theirs]
                    counts[group] += weight * (_EQUAL if group[0] == group[1] else _UNEQUAL)
    total = sum(counts.values())
    return {group: count / total for group, count in counts.items()}


_Step = tuple[int, int, int, int, float]


def _expect(one: str, other: str, shares: Shares, sizes: Sizes, counts: Shares) -> None:
    """Add to `counts` how often each group is expected in the pair, over all ways to cut it into groups."""
    forward, steps = _forward(one, other, shares, sizes)
    whole = forward[-1][-1]
    if whole <= 0:
        return
    backward = [[0.0] * (len(other) + 1) for _ in range(len(one) + 1)]
    backward[-1][-1] = 1.0
    for start, at, mine, theirs, share in reversed(steps):
        backward[start][at] += share * backward[start + mine][at + theirs]
    for start, at, mine, theirs, share in steps:
        expected = forward[start][at] * share * backward[start + mine][at + theirs] / whole
        if expected > _LEAST_SHARE:
            counts[one[start : start + mine], other[at : at + theirs]] += expected


def _forward(one: str, other: str, shares: Shares, sizes: Sizes) -> tuple[list[list[float]], list[_Step]]:
    reached = [[0.0] * (len(other) + 1) for _ in range(len(one) + 1)]
    reached[0][0] = 1.0
    steps: list[_Step] = []
    for start in range(len(one) + 1):
        for at in range(len(other) + 1):
            so_far = reached[start][at]
            if not so_far:
                continue
            for mine, theirs in sizes:
                share = shares.get((one[start : start + mine], other[at : at + theirs]))
                if share and start + mine <= len(one) and at + theirs <= len(other):
                    reached[start + mine][at + theirs] += so_far * share
                    steps.append((start, at, mine, theirs, share))
    return reached, steps


def letter_bits(names: Iterable[str]) -> dict[str, float]:
    """-log2 of the share of each letter in `names`."""
    counts = Counter("".join(names))
    total = sum(counts.values())
    return {letter: -log2(count / total) for letter, count in counts.items()}


def weigh_groups(shares: Shares, pairs: Sequence[NamePair]) -> dict[str, dict[str, float]]:
    """Bits by which each group is likelier than its letters by chance, in eighths."""
    ours, theirs = letter_bits(one for one, _ in pairs), letter_bits(other for _, other in pairs)
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for (one, other), share in shares.items():
        by_chance = sum(ours[letter] for letter in one) + sum(theirs[letter] for letter in other)
        found[one][other] = round((log2(share) + by_chance) * 8) / 8
    return found
