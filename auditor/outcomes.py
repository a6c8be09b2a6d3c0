"""Results against the replies and silences that the coordinator logged before it gave them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from auditor.docket import Docket
from auditor.finding import Finding, about
from auditor.reading import Line
from federation.answer import Answer
from federation.result import Answered, MemberOutcome, Refused, Result, Silence


def check_results(docket: Docket) -> Iterator[Finding]:
    """Hold every result that could be opened against the coordinator's own entries and the replies in its evidence."""
    for line in docket.due("result_given"):
        verified = docket.opened.get(line.index)
        if verified is not None and isinstance(verified.statement, Result):
            for outcome in verified.statement.outcomes:
                yield from _outcome(docket, line, outcome)
            yield from _members(docket, line, verified.statement)
            yield from _bands(docket, line, verified.statement)


def _outcome(docket: Docket, line: Line, outcome: MemberOutcome) -> Iterator[Finding]:
    key = (line.entry.query_digest, outcome.member)
    match outcome:
        case Answered() | Refused():
            held = [found.entry.statement_digest for found in docket.accepted.get(key, ())]
            if outcome.statement_digest not in held:
                logged = ", ".join(digest.hex() for digest in held) or "no reply accepted"
                yield _contradicts(docket, line, outcome.member, logged, f"reply {outcome.statement_digest.hex()}")
            yield from _kind(docket, line, outcome)
        case Silence():
            yield from _silence(docket, line, outcome)
        case _:
            assert_never(outcome)


def _silence(docket: Docket, line: Line, outcome: Silence) -> Iterator[Finding]:
    """A silence is recorded. Its code is that of the first time, should a resumed query have met another."""
    codes = {found.entry.detail for found in docket.silences.get((line.entry.query_digest, outcome.member), ())}
    if not codes:
        yield _contradicts(docket, line, outcome.member, "no silence recorded", f"silence {outcome.reason}")
    elif outcome.reason not in codes:
        yield about(
            "silence_told_otherwise",
            docket.member,
            line.index,
            other=outcome.member,
            expected=f"logged: {', '.join(sorted(codes))}",
            found=outcome.reason,
        )


def _kind(docket: Docket, line: Line, outcome: Answered | Refused) -> Iterator[Finding]:
    """An answer is not told as a refusal, nor the other way round."""
    reply = _reply(docket, line, outcome)
    if reply is not None and isinstance(reply, Answer) != isinstance(outcome, Answered):
        yield _contradicts(docket, line, outcome.member, type(reply).__name__.lower(), type(outcome).__name__.lower())


def _members(docket: Docket, line: Line, result: Result) -> Iterator[Finding]:
    """A result speaks of every member of the audience, and of no other."""
    asked = docket.queries("query_asked").get(line.entry.query_digest)
    told = tuple(outcome.member for outcome in result.outcomes)
    if asked is not None and told != asked.entry.members:
        yield _contradicts(docket, line, "", f"outcomes of {', '.join(asked.entry.members)}", ", ".join(told))


def _bands(docket: Docket, line: Line, result: Result) -> Iterator[Finding]:
    """A band is told as the member gave it: no match is invented, none is hidden."""
    for outcome in result.outcomes:
        answer = _reply(docket, line, outcome) if isinstance(outcome, Answered) else None
        if not isinstance(answer, Answer) or answer.disclosure_class == "desk_notice":
            continue
        given = {subject.subject: subject.band for subject in answer.subjects}
        for subject in result.subjects:
            told = [band for band in ("strong", "possible", "none") if outcome.member in getattr(subject, band)]
            if told != [given.get(subject.subject)]:
                yield _contradicts(
                    docket,
                    line,
                    outcome.member,
                    f"subject {subject.subject} in one band, as the answer says",
                    f"subject {subject.subject} told otherwise",
                )


def _reply(docket: Docket, line: Line, outcome: Answered | Refused) -> object:
    """The accepted reply itself, as the evidence holds it; None where it was not opened."""
    for found in docket.accepted.get((line.entry.query_digest, outcome.member), ()):
        verified = docket.opened.get(found.index)
        if verified is not None and verified.digest == outcome.statement_digest:
            return verified.statement
    return None


def _contradicts(docket: Docket, line: Line, member: str, expected: str, found: str) -> Finding:
    return about(
        "result_contradicts", docket.member, line.index, other=member, expected=f"logged: {expected}", found=found
    )
