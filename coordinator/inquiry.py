"""How the coordinator carries a query, step by step."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from coordinator.acceptance import Accepted
from coordinator.dispatch import Dispatch, Outcome
from coordinator.intake import take_in
from coordinator.merge import merge
from coordinator.places import Places
from coordinator.results import Results, held
from coordinator.telling import Given, Logged, Told
from federation.append import Draft, MemberLog, query_entry
from federation.envelope import Envelope
from federation.errors import FederationError
from federation.instant import Clock
from federation.keys import Signer
from federation.query import Query, require_in_window
from federation.result import Silence
from federation.seal import Opener, Verified, seal
from federation.serving.faults import opaque
from federation.serving.membership import Membership
from federation.serving.metrics import Metrics
from federation.serving.tls import Peer
from federation.tlog.rows import ReceiptRow

STEPS: Final = ("take_in", "log_query", "nodes", "give")


@dataclass(slots=True, kw_only=True)
class Inquiry:
    """Carries queries for one coordinator."""

    membership: Membership
    log: MemberLog
    dispatch: Dispatch
    results: Results
    signer: Signer
    clock: Clock
    places: Places
    metrics: Metrics
    _carried: set[asyncio.Task[None]] = field(default_factory=set, init=False)
    _under_way: Counter[bytes] = field(default_factory=Counter, init=False)

    async def ask(self, envelope: Envelope, caller: Peer) -> AsyncIterator[Told]:
        """Carry one query and yield what happens to it; the same bytes again resume it, whatever the window.

        Once taken in, a query is carried to its end whether or not its asker still listens: what was asked is
        answered for in the log.
        """
        place = self.places.take(caller)
        telling = self.places.telling(caller)
        task = asyncio.create_task(self._carry(envelope, caller, telling.tell))
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)
        try:
            async for told in telling.told():
                yield told
        finally:
            telling.close()
            task.add_done_callback(lambda _: self.places.give_back(place))

    async def finish(self) -> None:
        """Wait for the queries that are being carried."""
        await asyncio.gather(*self._carried, return_exceptions=True)

    async def _carry(self, envelope: Envelope, caller: Peer, tell: Callable[[Told | Exception], None]) -> None:
        try:
            # 1 may it set out?
            with self.metrics.step("take_in"):
                self.membership.require_in_force(self.clock())
                opener = self.membership.opener
                query = take_in(envelope, opener, coordinator=self.log.member, caller=caller)
                await self._require_timely_or_known(query)
            with self._being_carried(query.digest):
                # 2 countersign, and LOG before anything is sent
                with self.metrics.step("log_query"):
                    countersigned = self._countersign(query, opener)
                    receipt = await self._log_asked(countersigned)
                tell(Logged(envelope=countersigned.envelope, receipt=receipt))
                await self._carry_on(countersigned, receipt, opener, tell)
        except Exception as error:
            fault = opaque(error, "carry")
            self.metrics.replied(caller.member, f"fault_{type(fault).__name__}")
            tell(fault)

    async def _carry_on(
        self, query: Verified[Query], receipt: bytes, opener: Opener, tell: Callable[[Told | Exception], None]
    ) -> None:
        # 3 the same bytes to every node; 4 each reply verified, logged, handed on as it comes
        outcomes: list[Outcome] = []
        with self.metrics.step("nodes"):
            async for group in self.dispatch.outcomes(query, receipt, opener):
                await self._log_outcomes(query, group)
                outcomes += group
                for outcome in group:
                    tell(outcome)
        # 5 merge, sign, LOG, give
        with self.metrics.step("give"):
            given = await self._give(query, outcomes)
        tell(given)

    async def carry_on(self, query_digest: bytes) -> None:
        """Carry a query to its end that was logged as asked and then left, as by a crash; nobody need listen.

        Raises what stands in the way: the log, the evidence, or a roster under which the query no longer opens.
        """
        with self._being_carried(query_digest):
            opener = self.membership.opener
            envelope, appended = await self.results.asked(query_digest)
            query = opener.query(envelope, countersigned=True)
            await self._carry_on(query, await self.log.receipt(appended), opener, _nobody_listens)

    def is_carried(self, query_digest: bytes) -> bool:
        """Whether a query is being carried now."""
        return self._under_way[query_digest] > 0

    @contextmanager
    def _being_carried(self, query_digest: bytes) -> Iterator[None]:
        self._under_way[query_digest] += 1
        try:
            yield
        finally:
            self._under_way[query_digest] -= 1
            if not self._under_way[query_digest]:
                del self._under_way[query_digest]

    async def _require_timely_or_known(self, query: Verified[Query]) -> None:
        """SPEC: 03-node 2: a query that was asked before is resumed whatever the window."""
        try:
            require_in_window(query.statement, self.clock())
        except FederationError:
            if await self.results.digest_asked(query.statement.query_id) != query.digest:
                raise

    def _countersign(self, query: Verified[Query], opener: Opener) -> Verified[Query]:
        """Add the coordinator's signature, and open the envelope as a node will."""
        return opener.query(query.envelope.signed_by(self.signer), countersigned=True)

    async def _log_asked(self, query: Verified[Query]) -> bytes:
        draft = Draft(entry=query_entry("query_asked", query, self.clock()), envelope=query.envelope)
        (appended,) = await self.log.append([draft], beside=[held(query)])
        return await self.log.receipt(appended)

    async def _log_outcomes(self, query: Verified[Query], group: Sequence[Outcome]) -> None:
        """Log replies with their receipts, and silences, in one transaction.

        A silence is logged once for a node: if the query is resumed and the node replies then, both entries stand.
        """
        now = self.clock()
        accepted = [outcome for outcome in group if isinstance(outcome, Accepted)]
        await self.log.append(
            [_draft(query, outcome, now) for outcome in group],
            receipts=[
                ReceiptRow(statement_digest=one.reply.digest, member=one.member, proof=one.receipt.encode())
                for one in accepted
            ],
        )

    async def _give(self, query: Verified[Query], outcomes: Sequence[Outcome]) -> Given:
        now = self.clock()
        result = merge(
            query,
            outcomes,
            coordinator=self.log.member,
            roster_version=self.membership.roster.version,
            at=now,
        )
        envelope = seal(result, self.signer)
        requester = query.officers[0].statement.member

        entry = query_entry(
            "result_given", query, now, statement_digest=envelope.statement_digest, members=(requester,)
        )
        (appended,) = await self.log.append(
            [Draft(entry=entry, envelope=envelope)], beside=[self.results.kept(query, now)]
        )
        return Given(envelope=envelope, result=result, receipt=await self.log.receipt(appended))


def _nobody_listens(_told: Told | Exception) -> None:
    """What becomes of a query that was left is for the log alone."""


def _draft(query: Verified[Query], outcome: Outcome, at: datetime) -> Draft:
    if isinstance(outcome, Silence):
        return Draft(entry=query_entry("silence", query, at, members=(outcome.member,), detail=outcome.reason))
    digest = outcome.reply.digest
    entry = query_entry("reply_accepted", query, at, statement_digest=digest, members=(outcome.member,))
    return Draft(entry=entry, envelope=outcome.reply.envelope)
