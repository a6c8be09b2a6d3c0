"""Answers, refusals and silences merged into one result, in which every claim keeps the agency that made it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from coordinator.acceptance import Accepted
from coordinator.dispatch import Outcome
from federation.answer import Answer, SubjectAnswer
from federation.query import Query, new_nonce
from federation.result import Answered, Claim, MemberOutcome, Refused, Result, Silence, SubjectResult
from federation.seal import Verified


def merge(
    query: Verified[Query], outcomes: Sequence[Outcome], *, coordinator: str, roster_version: int, at: datetime
) -> Result:
    """The result of one outcome for each member of the audience; does not depend on the order they came in.

    Below the class `comparison` nothing but the subject asked about links two agencies' records, so that records
    claimed are never said to be told apart (`separable`).
    """
    ordered = sorted(outcomes, key=lambda outcome: outcome.member)
    return Result(
        federation=query.statement.federation,
        query_digest=query.digest,
        query_id=query.statement.query_id,
        nonce=new_nonce(),
        coordinator=coordinator,
        roster_version=roster_version,
        made=at,
        outcomes=tuple(_outcome(outcome) for outcome in ordered),
        subjects=tuple(_subject(place, ordered) for place in range(len(query.statement.subjects))),
    )


def _outcome(outcome: Outcome) -> MemberOutcome:
    if isinstance(outcome, Silence):
        return outcome
    statement = outcome.reply.statement
    if isinstance(statement, Answer):
        return Answered(
            member=outcome.member,
            statement_digest=outcome.reply.digest,
            disclosure_class=statement.disclosure_class,
        )
    return Refused(member=outcome.member, statement_digest=outcome.reply.digest, reason=statement.reason)


def _subject(place: int, outcomes: Sequence[Outcome]) -> SubjectResult:
    tallies: defaultdict[str, list[str]] = defaultdict(list)
    claims: list[Claim] = []
    for outcome in outcomes:
        answer = _answer(outcome)
        if answer is None:
            tallies["silent" if isinstance(outcome, Silence) else "refused"].append(outcome.member)
        elif not answer.subjects:
            tallies["notified"].append(outcome.member)
        else:
            said = answer.subjects[place]
            tallies[said.band].append(outcome.member)
            claims += _claims(outcome.member, said)
    return SubjectResult(
        subject=place,
        strong=tuple(tallies["strong"]),
        possible=tuple(tallies["possible"]),
        none=tuple(tallies["none"]),
        notified=tuple(tallies["notified"]),
        refused=tuple(tallies["refused"]),
        silent=tuple(tallies["silent"]),
        claims=tuple(claims),
        separable=False,
    )


def _answer(outcome: Outcome) -> Answer | None:
    if isinstance(outcome, Accepted) and isinstance(outcome.reply.statement, Answer):
        return outcome.reply.statement
    return None


def _claims(member: str, said: SubjectAnswer) -> list[Claim]:
    return [
        Claim(
            member=member,
            record_type=match.record_type,
            field=name,
            values=values,
            band=match.band,
            disclosure_class=match.disclosure_class,
            as_of=match.as_of,
            match=place,
        )
        for place, match in enumerate(said.matches)
        for name, values in match.fields
    ]
