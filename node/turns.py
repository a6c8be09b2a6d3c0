"""Whose questions are next: callers begin their groups in turn, so that one who asks much holds up no other."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from typing import Final

MOST_AT_ONCE: Final = 8
MOST_ALONE: Final = 2

Begin = Callable[[], None]


class Turns:
    """Groups under way and those that wait, by caller.

    A caller who is alone has `alone` groups under way; while others have any, or wait, each has one. No more than
    `most` are under way together; of those who wait, the one who waits longest since their last turn begins next. No
    timer is involved: a group begins when it is asked for, or when another ends.
    """

    def __init__(self, most: int = MOST_AT_ONCE, alone: int = MOST_ALONE) -> None:
        self._most = most
        self._alone = alone
        self._waiting: dict[str, deque[Begin]] = {}
        self._under_way: Counter[str] = Counter()

    def wait(self, caller: str, begin: Begin) -> None:
        """Call `begin` at the caller's turn, at once if it is now; what begins is ended by `end`, once."""
        self._waiting.setdefault(caller, deque()).append(begin)
        self._go_on()

    def end(self, caller: str) -> None:
        """A group of this caller has ended."""
        self._under_way[caller] -= 1
        if not self._under_way[caller]:
            del self._under_way[caller]
        self._go_on()

    def is_alone(self, caller: str) -> bool:
        """Whether no other caller has a group under way, or waits."""
        return all(other == caller for at in (self._waiting, self._under_way) for other in at)

    def _go_on(self) -> None:
        while (caller := self._next()) is not None:
            begins = self._waiting.pop(caller)
            begin = begins.popleft()
            if begins:
                self._waiting[caller] = begins  # behind all who wait
            self._under_way[caller] += 1
            begin()

    def _next(self) -> str | None:
        if self._under_way.total() >= self._most:
            return None
        return next((caller for caller in self._waiting if self._may_begin(caller)), None)

    def _may_begin(self, caller: str) -> bool:
        if not self._under_way[caller]:
            del self._under_way[caller]  # a Counter may keep what it was asked for
            return True
        return self.is_alone(caller) and self._under_way[caller] < self._alone
