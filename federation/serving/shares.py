"""Places that callers share: whoever holds many leaves room for whoever comes, before anything is looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping


class Shares:
    """So many places, of which one holder may have as many as are left free to others.

    One holder alone gets half of them, two a third each, and so on: whoever comes next is never turned away for what
    the others hold.
    """

    def __init__(self, places: int) -> None:
        self.places = places
        self._held: Counter[str] = Counter()

    @property
    def held(self) -> Mapping[str, int]:
        """How many places each holder has; those who have none are left out."""
        return self._held

    def take(self, holder: str, count: int = 1) -> bool:
        """Take `count` places, all or none; returns whether they were taken."""
        if count > self.left_to(holder):
            return False
        self._held[holder] += count
        return True

    def left_to(self, holder: str) -> int:
        """How many places a holder may take now."""
        return (self.places - self._held.total() - self._held.get(holder, 0)) // 2

    def give_back(self, holder: str, count: int = 1) -> None:
        """Give back `count` places taken before."""
        self._held[holder] -= count
        if not self._held[holder]:
            del self._held[holder]
