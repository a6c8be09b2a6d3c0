"""The statements a node makes: an answer of what is disclosed, or a refusal with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from federation.answer import Answer, Refusal, SubjectAnswer
from federation.query import Query, new_nonce
from federation.seal import Verified
from federation.terms import rank
from node.policy import Deny, Permit, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Replies:
    """Makes the replies of one member under one policy; `parameters` is the id of those by which it weighs."""

    member: str
    policy: Policy
    parameters: str

    def answer(
        self,
        query: Verified[Query],
        permit: Permit,
        subjects: Sequence[SubjectAnswer],
        *,
        roster_version: int,
        at: datetime,
        index_as_of: datetime | None,
    ) -> Answer:
        """An answer bound to the query: the notice alone, or what is disclosed of each subject.

        The desk to ring goes with it only where some subject is in a band and the class allows it.
        """
        highest = permit.highest
        notice_only = highest == "desk_notice"
        reachable = rank(highest) >= rank("contact_point") and any(s.band != "none" for s in subjects)
        return Answer(
            federation=query.statement.federation,
            query_digest=query.digest,
            query_id=query.statement.query_id,
            nonce=new_nonce(),
            member=self.member,
            roster_version=roster_version,
            answered=at,
            disclosure_class=highest,
            subjects=() if notice_only else tuple(subjects),
            notice=self.policy.notice if notice_only else None,
            contact=self.policy.contact if reachable else None,
            index_as_of=None if notice_only else index_as_of,
            parameters="" if notice_only else self.parameters,
        )

    def refusal(
        self,
        query: Verified[Query],
        deny: Deny,
        *,
        roster_version: int,
        at: datetime,
        retry_after: timedelta | None = None,
    ) -> Refusal:
        """A refusal bound to the query."""
        return Refusal(
            federation=query.statement.federation,
            query_digest=query.digest,
            query_id=query.statement.query_id,
            nonce=new_nonce(),
            member=self.member,
            roster_version=roster_version,
            refused=at,
            reason=deny.reason,
            detail=deny.detail,
            remedy=deny.remedy,
            retry_after=retry_after,
        )
