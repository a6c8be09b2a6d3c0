"""Who may ask now: the places for queries under way, shared among members, and for each officer a few."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Final

from coordinator.telling import Telling
from federation.errors import TooBusy
from federation.serving.shares import Shares
from federation.serving.tls import Peer

UNREAD_BYTES: Final = 64 * 1024 * 1024
_RETRY_AFTER: Final = timedelta(milliseconds=500)


class Places:
    """Places for `in_flight` queries of all members, and `of_an_officer` of any one officer.

    A query has its place until it came to its end and its asker has read, or left. No member may have more places
    than are left free for others.
    """

    def __init__(self, in_flight: int, of_an_officer: int, unread_bytes: int = UNREAD_BYTES) -> None:
        self._places = Shares(in_flight)
        self._room = Shares(unread_bytes)
        self._of_an_officer = of_an_officer
        self._officers: Counter[Peer] = Counter()

    def take(self, caller: Peer) -> Peer:
        """Take a place, before anything of the query is looked at; returns whom to give it back for (TooBusy)."""
        if caller.officer and self._officers[caller] >= self._of_an_officer:
            raise TooBusy("this officer has too many queries in flight: ask again later", retry_after=_RETRY_AFTER)
        if not self._places.take(caller.member):
            raise TooBusy("this member has too many queries in flight: ask again later", retry_after=_RETRY_AFTER)
        self._officers[caller] += 1
        return caller

    def give_back(self, caller: Peer) -> None:
        """Give a place back."""
        self._places.give_back(caller.member)
        self._officers[caller] -= 1
        if not self._officers[caller]:
            del self._officers[caller]

    def telling(self, caller: Peer) -> Telling:
        """What the caller of one query is told."""
        return Telling(self._room, caller.member)

    def held(self) -> dict[str, float]:
        """How many places each member has."""
        return {member: float(count) for member, count in tuple(self._places.held.items())}
