"""Chance that is the same on every machine: a stream of draws made from a seed and a label."""

from __future__ import annotations

import hashlib
from bisect import bisect
from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from itertools import accumulate, chain, count
from struct import Struct
from typing import Generic, TypeVar

T = TypeVar("T")
LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"


def seed_of(*labels: int | str) -> int:
    """Make one 64-bit seed of labels; the same labels give the same seed everywhere."""
    text = "\x1f".join(map(str, labels)).encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")


_WORDS = Struct(">16I").unpack


def _block(seed: int, number: int) -> list[float]:
    """Sixteen shares from 0 up to, not including, 1."""
    octets = (seed << 32 | number).to_bytes(16, "big")
    return [word * 2**-32 for word in _WORDS(hashlib.blake2b(octets, digest_size=64).digest())]


class Weighted(Generic[T]):
    """Things to choose among, each with a weight."""

    __slots__ = ("last", "steps", "things", "total")

    def __init__(self, pairs: Sequence[tuple[T, float]]) -> None:
        self.things = tuple(thing for thing, _ in pairs)
        self.steps = tuple(accumulate(weight for _, weight in pairs))
        self.total = self.steps[-1]
        self.last = len(self.things) - 1


class Draw:
    """One stream of draws, cut from BLAKE2b digests of the seed and a counter, so that no library can change it."""

    __slots__ = ("seed", "share")

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.share = chain.from_iterable(map(partial(_block, seed), count())).__next__

    def happens(self, probability: float) -> bool:
        """Say yes with `probability` (0..1)."""
        return self.share() < probability

    def between(self, first: int, last: int) -> int:
        """Draw a whole number, both ends included."""
        return first + int(self.share() * (last - first + 1))

    def one(self, things: Sequence[T]) -> T:
        """Draw one of `things`, all alike."""
        return things[int(self.share() * len(things))]

    def weighted(self, things: Weighted[T]) -> T:
        """Draw one of `things` by weight."""
        return things.things[bisect(things.steps, self.share() * things.total, 0, things.last)]

    def letter(self) -> str:
        """Draw a capital letter that is not mistaken for a digit."""
        return LETTERS[int(self.share() * 23)]

    def day(self, first: date, last: date) -> date:
        """Draw a day, both ends included."""
        return first + timedelta(days=self.between(0, (last - first).days))
