"""Coordinator against nodes: each query asked was received or met silence, each reply accepted is the one given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from auditor.docket import Docket
from auditor.facts import OF_QUERY, text
from auditor.finding import Finding, about
from auditor.outcomes import check_results
from auditor.reading import Line

_ABOUT_A_QUERY: Final = ("answer_given", "refusal_given", "not_answered", "reply_accepted", "silence", "result_given")


def reconcile(dockets: Mapping[str, Docket]) -> list[Finding]:
    """Hold every log against the others. SPEC: 07-audit 5.

    What one log says happened before something in another is exact, for each log was looked at once more after all
    had been copied. What should follow is judged once the query's window is over; until then it is pending.
    """
    return [finding for docket in dockets.values() for finding in _Reconciliation(docket, dockets).run()]


class _Reconciliation:
    """One member's log against the others."""

    def __init__(self, own: Docket, dockets: Mapping[str, Docket]) -> None:
        self._own = own
        self._dockets = dockets
        self._missed: set[str] = set()

    def run(self) -> Iterator[Finding]:
        yield from self._about_queries()
        for line in self._own.due("query_asked"):
            for node in line.entry.members:
                yield from self._asked(line, node)
        for line in self._own.due("query_received"):
            yield from self._received(line)
        for line in self._own.due("reply_accepted"):
            yield from self._accepted(line)
        for line in self._own.due("answer_given", "refusal_given"):
            yield from self._given(line)
        yield from self._two_replies()
        yield from check_results(self._own)

    def _about_queries(self) -> Iterator[Finding]:
        """A log speaks of a query only after it logged the query, and always of the same one."""
        for line in self._own.due(*_ABOUT_A_QUERY):
            digest = line.entry.query_digest
            query = self._own.queries("query_asked").get(digest) or self._own.queries("query_received").get(digest)
            if query is None or query.index > line.index:
                yield self._finding("query_unlogged", line, expected=f"query {digest.hex()} before it")
            else:
                yield from self._differs(line, query, self._own.member)

    def _asked(self, line: Line, node: str) -> Iterator[Finding]:
        """Each query asked is in the node's log, or a recorded silence, or still under way."""
        other = self._other(node)
        if other is None:
            yield from self._not_judged(line, node)
            return
        received = other.queries("query_received").get(line.entry.query_digest)
        if received is not None:
            yield from self._differs(line, received, node)
            yield from self._left_open(line, node)
        elif (line.entry.query_digest, node) in self._own.silences:
            return
        elif self._pending(line, self._own, self._own):
            yield self._finding("query_pending", line, other=node)
        else:
            yield self._finding("query_not_received", line, other=node, found="neither received nor silence")

    def _left_open(self, line: Line, node: str) -> Iterator[Finding]:
        """A query that was received comes to a reply or a silence in its coordinator's log."""
        key = (line.entry.query_digest, node)
        told = key in self._own.accepted or key in self._own.silences
        if not told and not self._pending(line, self._own, self._own):
            yield self._finding("query_left_open", line, other=node, found="neither a reply accepted nor silence")

    def _received(self, line: Line) -> Iterator[Finding]:
        """Each query received is in the log of the coordinator that brought it, and was dealt with."""
        digest, via = line.entry.query_digest, line.entry.via
        other = self._other(via)
        if other is None:
            yield from self._not_judged(line, via)
            return
        asked = other.queries("query_asked").get(digest)
        if asked is None:
            yield self._finding("query_not_asked", line, other=via, found="no query_asked of that digest")
        else:
            yield from self._differs(line, asked, via)
        dealt_with = digest in self._own.given or digest in self._own.unanswered
        if not dealt_with and not self._own.under_way(line, self._own.reading.copy.ended):
            yield self._finding("query_left_open", line, other=via)

    def _accepted(self, line: Line) -> Iterator[Finding]:
        """Each reply accepted is in the node's log as given, with the same digest."""
        for node in line.entry.members:
            other = self._other(node)
            if other is None:
                yield from self._not_judged(line, node)
                continue
            given = [found.entry.statement_digest for found in other.given.get(line.entry.query_digest, ())]
            if line.entry.statement_digest not in given:
                yield self._finding(
                    "reply_differs" if given else "reply_not_given",
                    line,
                    other=node,
                    expected=", ".join(digest.hex() for digest in given) or "a reply to that query",
                    found=line.entry.statement_digest.hex(),
                )

    def _given(self, line: Line) -> Iterator[Finding]:
        """Each reply given was accepted, or came to a recorded silence, or is still under way."""
        key = (line.entry.query_digest, self._own.member)
        other = self._other(line.entry.via)
        if other is None:
            yield from self._not_judged(line, line.entry.via)
            return
        accepted = [found.entry.statement_digest for found in other.accepted.get(key, ())]
        if line.entry.statement_digest in accepted:
            return
        if accepted:
            found = ", ".join(digest.hex() for digest in accepted)
            expected = line.entry.statement_digest.hex()
            yield self._finding("reply_differs", line, other=other.member, expected=expected, found=found)
        elif key in other.silences:
            yield self._finding("reply_late", line, other=other.member)
        else:
            asked = other.queries("query_asked").get(line.entry.query_digest)
            pending = self._pending(asked or line, other if asked else self._own, other)
            kind = "query_pending" if pending else "reply_unaccounted"
            yield self._finding(kind, line, other=other.member, found="neither accepted nor silence")

    def _two_replies(self) -> Iterator[Finding]:
        """One node gives one reply to one query."""
        groups = [*self._own.given.values(), *self._own.accepted.values()]
        for lines in groups:
            for line in lines[1:]:
                if line.entry.statement_digest != lines[0].entry.statement_digest:
                    yield self._finding(
                        "two_replies",
                        line,
                        expected=f"{lines[0].entry.statement_digest.hex()}, as at index {lines[0].index}",
                        found=line.entry.statement_digest.hex(),
                    )

    def _differs(self, line: Line, query: Line, member: str) -> Iterator[Finding]:
        """A line about a query, held against the query's own line in a log."""
        names: Iterable[str] = OF_QUERY if line.entry.kind in _ABOUT_A_QUERY else (*OF_QUERY, "members")
        for name in names:
            found, expected = getattr(line.entry, name), getattr(query.entry, name)
            if found != expected:
                yield self._finding(
                    "query_differs",
                    line,
                    other=member,
                    expected=f"{name}: {text(expected)}, as at index {query.index} of the log of {member}",
                    found=f"{name}: {text(found)}",
                )

    def _pending(self, line: Line, own: Docket, coordinator: Docket) -> bool:
        """Whether the coordinator may still record what became of a query: it gave no result, in a window not over."""
        over = line.entry.query_digest in coordinator.results
        return not over and own.under_way(line, coordinator.reading.copy.ended)

    def _other(self, member: str) -> Docket | None:
        return self._dockets.get(member)

    def _not_judged(self, line: Line, member: str) -> Iterator[Finding]:
        """Say once for each member whose copy is missing that its side was not judged."""
        if member not in self._missed:
            self._missed.add(member)
            yield self._finding("not_judged", line, other=member, found="from this entry on")

    def _finding(self, kind: str, line: Line, *, other: str = "", expected: str = "", found: str = "") -> Finding:
        return about(kind, self._own.member, line.index, other=other, expected=expected, found=found)
