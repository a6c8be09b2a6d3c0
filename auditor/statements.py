"""How the statement behind each kind of entry is opened, and under which roster: the one then in force."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from auditor.reading import Line, Reading
from auditor.rosters import Rosters
from federation.envelope import Envelope
from federation.errors import MalformedStatement
from federation.instant import SKEW
from federation.seal import Opener, Verified

_ON_ITS_WAY: Final[timedelta] = 2 * SKEW  # a statement may have met a roster that changed so shortly before or after

_Open = Callable[[Opener, Envelope, Line, str], Verified[Any]]


class InForce:
    """The rosters that one log says it accepted, one after another."""

    def __init__(self, reading: Reading, rosters: Rosters) -> None:
        self._rosters = rosters
        self._accepted = [line.entry for line in reading.lines if line.entry.kind == "roster_accepted"]
        self._held = 0

    def step(self) -> None:
        """Go on to the roster that the log accepted next."""
        self._held += 1

    def openers(self, at: datetime) -> Sequence[Opener]:
        """What opens a statement logged `at`: the roster held, and one accepted shortly before or after.

        All rosters, newest first, where the log has not said which it held, or holds one that is not known here.
        """
        near = [
            entry
            for place, entry in enumerate(self._accepted, start=1)
            if place == self._held or (abs(place - self._held) == 1 and self._changed_near(place, at))
        ]
        known = [self._rosters.opener(entry.statement_digest) for entry in near]
        return [opener for opener in known if opener is not None] or self._rosters.openers

    def _changed_near(self, place: int, at: datetime) -> bool:
        """Whether the log went from the roster held to that one, or came from it, shortly before or after."""
        changed = self._accepted[max(place, self._held) - 1].instant
        return abs(at - changed) <= _ON_ITS_WAY


def _query(opener: Opener, envelope: Envelope, line: Line, member: str) -> Verified[Any]:
    return opener.query(envelope, countersigned=True)


def _given(opener: Opener, envelope: Envelope, line: Line, member: str) -> Verified[Any]:
    return opener.reply(envelope, member)


def _accepted(opener: Opener, envelope: Envelope, line: Line, member: str) -> Verified[Any]:
    if len(line.entry.members) != 1:
        raise MalformedStatement("the entry does not name the one node whose reply it is")
    return opener.reply(envelope, line.entry.members[0])


def _result(opener: Opener, envelope: Envelope, line: Line, member: str) -> Verified[Any]:
    return opener.result(envelope, member)


def _request(opener: Opener, envelope: Envelope, line: Line, member: str) -> Verified[Any]:
    return opener.evidence_request(envelope)


OPEN: Final[Mapping[str, _Open]] = {
    "query_asked": _query,
    "query_received": _query,
    "answer_given": _given,
    "refusal_given": _given,
    "reply_accepted": _accepted,
    "result_given": _result,
    "evidence_opened": _request,
}
