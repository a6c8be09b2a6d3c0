"""The same bytes to every node of the audience, under one deadline; each outcome handed on as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from coordinator.acceptance import Accepted, accept, unacceptable
from coordinator.nodes import NodeLink, Question, question_of
from federation.calling.channels import TlsIdentity
from federation.errors import FederationError, MemberSuspended
from federation.query import Query
from federation.result import Silence
from federation.roster import Roster
from federation.seal import Opener, Verified
from federation.serving.faults import opaque
from federation.serving.metrics import Metrics, outcome_of
from federation.status import silence_reason
from federation.telemetry import telemetry

Outcome = Accepted | Silence


class Dispatch:
    """Links to the nodes of one roster."""

    def __init__(self, identity: TlsIdentity, deadline_seconds: float, metrics: Metrics) -> None:
        self._identity = identity
        self._metrics = metrics
        self._deadline_seconds = deadline_seconds
        self._links: dict[str, NodeLink] = {}
        self._retiring: dict[asyncio.Task[None], NodeLink] = {}
        self._roster: Roster | None = None

    async def outcomes(
        self, query: Verified[Query], receipt: bytes, opener: Opener
    ) -> AsyncIterator[Sequence[Outcome]]:
        """One outcome for each member of the audience, as they come; those that came together are given together."""
        self._follow(opener.roster)
        question = question_of(query.envelope, receipt)
        tasks = [asyncio.create_task(self._one(query, question, opener, member)) for member in query.statement.audience]
        waiting = set(tasks)
        try:
            while waiting:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                yield [task.result() for task in tasks if task in done]
        finally:
            for task in waiting:
                task.cancel()

    def streams(self) -> dict[str, float]:
        """How many streams are open to each node asked so far."""
        return {member: float(link.is_open) for member, link in tuple(self._links.items())}

    async def close(self) -> None:
        """Close every link."""
        links = [*self._links.values(), *self._retiring.values()]
        for task in self._retiring:
            task.cancel()
        await asyncio.gather(*(link.close() for link in links))
        self._links.clear()

    def _follow(self, roster: Roster) -> None:
        """Begin with new links when the roster is new: endpoints, CAs and log keys may have changed.

        What is in flight under the roster before is heard to its end.
        """
        if self._roster is roster:
            return
        old, self._links, self._roster = self._links, {}, roster
        for link in old.values():
            self._retire(link)

    def _retire(self, link: NodeLink) -> None:
        task = asyncio.create_task(link.retire())
        self._retiring[task] = link
        task.add_done_callback(self._retiring.pop)

    def _leave_if_dead(self, member: str, link: NodeLink) -> None:
        """Ask the next question over a new connection, where the one before carries nothing and does not end."""
        if link.is_dead and self._links.get(member) is link:
            del self._links[member]
            self._retire(link)

    async def _one(self, query: Verified[Query], question: Question, opener: Opener, member: str) -> Outcome:
        outcome = await self._asked(query, question, opener, member)
        self._metrics.replied(member, _kind(outcome))
        return outcome

    async def _asked(self, query: Verified[Query], question: Question, opener: Opener, member: str) -> Outcome:
        try:
            if opener.roster.member(member).standing != "good":
                raise MemberSuspended("the member is suspended", member=member)
            link = self._link(opener.roster, member)
            try:
                received = await link.ask(question, self._deadline_seconds)
            finally:
                self._leave_if_dead(member, link)
            return accept(received.envelope, received.receipt, opener=opener, query=query, member=member)
        except Exception as error:
            return _silence(member, opaque(error, "dispatch"))

    def _link(self, roster: Roster, member: str) -> NodeLink:
        found = self._links.get(member)
        if found is None:
            found = self._links[member] = NodeLink(roster.member(member), self._identity)
        return found


def _kind(outcome: Outcome) -> str:
    return f"silence_{outcome.reason}" if isinstance(outcome, Silence) else outcome_of(outcome.reply.statement)


def _silence(member: str, error: FederationError) -> Silence:
    reason = "unacceptable" if unacceptable(error) and "remote" not in error.facts else silence_reason(error)
    telemetry().warning("silence", peer=member, reason=reason, error=type(error).__name__)
    return Silence(member=member, reason=reason, detail=type(error).__name__)
