"""The entries of one log by the query they are about: what a member says it asked, received, gave and accepted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cached_property

from auditor.opening import Opened
from auditor.reading import Line, Reading
from federation.entry import REPLY_KINDS
from federation.instant import SKEW
from federation.query import Query
from federation.seal import MAX_WINDOW

Lines = Mapping[tuple[bytes, str], Sequence[Line]]


class Docket:
    """One log, for reconciliation; `reading` is the copy, `opened` the statements that its evidence held."""

    def __init__(self, reading: Reading, opened: Opened) -> None:
        self.reading = reading
        self.opened = opened

    @property
    def member(self) -> str:
        """Whose log it is."""
        return self.reading.member

    def due(self, *kinds: str) -> Iterator[Line]:
        """The lines of some kinds that are judged."""
        return (line for line in self.reading.due if line.entry.kind in kinds)

    def queries(self, kind: str) -> Mapping[bytes, Line]:
        """Lines of query_asked or query_received, by query digest."""
        return self._asked if kind == "query_asked" else self._received

    @cached_property
    def given(self) -> Mapping[bytes, Sequence[Line]]:
        """Answers and refusals given, by query digest."""
        found: dict[bytes, list[Line]] = defaultdict(list)
        for line in self.reading.lines:
            if line.entry.kind in REPLY_KINDS:
                found[line.entry.query_digest].append(line)
        return dict(found)

    @cached_property
    def accepted(self) -> Lines:
        """Replies accepted, by query digest and node."""
        return self._by_node("reply_accepted")

    @cached_property
    def silences(self) -> Lines:
        """Silences, by query digest and node."""
        return self._by_node("silence")

    @cached_property
    def results(self) -> frozenset[bytes]:
        """Queries whose result was given."""
        return frozenset(x.entry.query_digest for x in self.reading.lines if x.entry.kind == "result_given")

    @cached_property
    def unanswered(self) -> frozenset[bytes]:
        """Queries that were logged as not answered."""
        return frozenset(x.entry.query_digest for x in self.reading.lines if x.entry.kind == "not_answered")

    def under_way(self, line: Line, until: datetime) -> bool:
        """Whether a query may still be answered: its window, as far as known, had not ended `until` then."""
        verified = self.opened.get(line.index)
        statement = None if verified is None else verified.statement
        end = statement.window.end if isinstance(statement, Query) else line.entry.instant + MAX_WINDOW
        return until < end + SKEW

    @cached_property
    def _asked(self) -> Mapping[bytes, Line]:
        return {x.entry.query_digest: x for x in self.reading.lines if x.entry.kind == "query_asked"}

    @cached_property
    def _received(self) -> Mapping[bytes, Line]:
        return {x.entry.query_digest: x for x in self.reading.lines if x.entry.kind == "query_received"}

    def _by_node(self, kind: str) -> Lines:
        found: dict[tuple[bytes, str], list[Line]] = defaultdict(list)
        for line in self.reading.lines:
            if line.entry.kind == kind:
                for node in line.entry.members:
                    found[line.entry.query_digest, node].append(line)
        return dict(found)
