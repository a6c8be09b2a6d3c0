"""The replies to a group made: records looked up, candidates judged in slices, what is found disclosed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from federation.answer import Reply
from federation.errors import TooLate
from federation.query import Query
from federation.seal import Verified
from federation.serving.metrics import Metrics
from federation.terms import Terms
from matching.form import Form
from node import comparing, quota
from node.disclosure import Found, disclosing
from node.policy import Decision, Deny
from node.records.records import Candidate, Records
from node.replies import Replies
from node.slices import AllowanceSpent, Slices

_GROUP_SECONDS: Final = 0.5
_LEAST_SECONDS: Final = 0.05
_MOST_SUBJECTS: Final = 100  # looked up together: what they find is held at one time


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A query with what policy says of it and, where it is permitted, the forms of its subjects."""

    query: Verified[Query]
    decision: Decision
    forms: tuple[Form, ...]


@dataclass(slots=True, kw_only=True)
class Answering:
    """Makes the replies to one group of queries, at one instant."""

    records: Records
    terms: Terms
    metrics: Metrics
    replies: Replies
    roster_version: int
    at: datetime
    _slices: Slices = field(default_factory=Slices, init=False)

    async def replies_to(self, queries: Sequence[Decided], alone: timedelta | None) -> list[Reply | None]:
        """A reply to each query; None to one that takes longer than a group may wait for.

        `alone` is how long a query may take that is by itself; TooLate where it takes longer.
        """
        made: list[Reply | None] = []
        for part in _parts(queries):
            as_of = self.records.as_of  # before the look-up, which may then find what is newer, never what is older
            with self.metrics.step("records"):
                candidates = iter(await self.records.candidates([form for query in part for form in query.forms]))
            self._slices.begin()
            with self.metrics.step("compare"):
                for query in part:
                    held = [next(candidates) for _ in query.forms]
                    made.append(await self._reply(query, held, as_of, alone))
        return made

    async def _reply(
        self, query: Decided, held: Sequence[Sequence[Candidate]], as_of: datetime, alone: timedelta | None
    ) -> Reply | None:
        decision, version = query.decision, self.roster_version
        if isinstance(decision, Deny):
            wait = quota.until_next_hour(self.at) if decision.reason == "quota_exhausted" else None
            return self.replies.refusal(query.query, decision, roster_version=version, at=self.at, retry_after=wait)
        until = self._until(alone)
        try:
            found = await self._found(query.forms, held, decision.classes, until)
            subjects = await self._slices.run(disclosing(found, decision, self.terms), until)
        except AllowanceSpent:
            if alone is None:
                return None
            raise TooLate(
                "comparing takes longer than this node allows one query: ask about fewer subjects at a time,"
                " or with fewer names and dates of each"
            ) from None
        return self.replies.answer(
            query.query,
            decision,
            subjects,
            roster_version=version,
            at=self.at,
            index_as_of=as_of,
        )

    async def _found(
        self, forms: Sequence[Form], held: Sequence[Sequence[Candidate]], permitted: Mapping[str, str], until: float
    ) -> list[list[Found]]:
        model, population = self.records.model, self.records.population
        return [
            await self._slices.run(comparing.finding(form, candidates, permitted, model, population), until)
            for form, candidates in zip(forms, held, strict=True)
        ]

    def _until(self, alone: timedelta | None) -> float:
        """How much the slices may have spent before this query has had its time; each of a group has a little."""
        if alone is not None:
            return alone.total_seconds()
        return max(_GROUP_SECONDS, self._slices.spent + _LEAST_SECONDS)


def _parts(queries: Sequence[Decided]) -> Iterator[list[Decided]]:
    """The queries in their order, in parts of as many subjects as are looked up together."""
    part: list[Decided] = []
    subjects = 0
    for query in queries:
        if part and subjects + len(query.forms) > _MOST_SUBJECTS:
            yield part
            part, subjects = [], 0
        part.append(query)
        subjects += len(query.forms)
    if part:
        yield part
