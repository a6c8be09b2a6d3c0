"""How a node answers the queries of one frame, step by step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from federation.answer import Answer, Reply, Text
from federation.append import Draft, MemberLog, id_reused, query_entry
from federation.envelope import Envelope
from federation.errors import FederationError, QueryIdReused, RosterMismatch, TooLate
from federation.instant import Clock
from federation.keys import Signer
from federation.query import Query, require_in_window
from federation.roster import Roster
from federation.seal import Verified, seal
from federation.serving.member import log_roster
from federation.serving.membership import Membership
from federation.serving.metrics import Metrics, outcome_of
from federation.terms import Terms
from federation.tlog.rows import ReceiptRow
from matching.form import Form
from node import comparing, quota
from node.admission import Admission
from node.answering import Answering, Decided
from node.policy import Decision, Deny, Permit, Policy, decide
from node.question import Question, Replied, still_open
from node.records.records import Records
from node.replay import Replay, received, replied
from node.replies import Replies
from node.slices import Slices

STEPS: Final = ("admit", "answer_again", "log_query", "decide", "records", "compare", "log_reply", "all")
_LEAST_TIME: Final = timedelta(milliseconds=50)
_SAY_MORE: Final = Text(
    indonesian="Sebutkan nomor dokumen, atau nama dan sekurangnya tahun lahir.",
    english="Give a document number, or a name and at least a birth year.",
)


@dataclass(slots=True, kw_only=True)
class Responder:
    """Answers the queries that coordinators bring; SPEC: 03-node 2 gives the order of the steps."""

    membership: Membership
    log: MemberLog
    pool: asyncpg.Pool
    records: Records
    policy: Policy
    terms: Terms
    signer: Signer
    clock: Clock
    metrics: Metrics
    longest: timedelta
    _admission: Admission | None = field(default=None, init=False)

    async def respond(self, questions: Sequence[Question], caller: str, deadline: datetime | None) -> list[Question]:
        """Reply to every question of a group, or say what was wrong with it; one bad question hurts no other.

        Returns those, still open, that name a newer roster than the one held, to which `catch_up` replies, and those
        set aside because they take long, to which `answer_alone` does.
        """
        with self.metrics.step("all"):
            behind = await self._respond(questions, caller, deadline)
        self._count_faults(questions, caller)
        return behind

    async def catch_up(self, questions: Sequence[Question], caller: str, deadline: datetime | None) -> list[Question]:
        """Fetch the newest roster that questions name from their coordinator, then reply to them.

        Returns those set aside because they take long; no other is left open.
        """
        newest = max(int(question.named_roster) for question in questions)
        try:
            await self.membership.at_least(newest, caller, self._roster_accepted)
            behind = await self.respond(questions, caller, deadline)
            missing: FederationError = RosterMismatch("the query names a newer roster than its coordinator has")
        except FederationError as error:
            behind, missing = still_open(questions), error
        aside = [question for question in behind if question.set_aside is not None]
        for question in behind:
            if question.set_aside is None:
                question.fail(missing, "roster")
        self._count_faults(behind, caller)
        return aside

    async def answer_alone(self, question: Question, caller: str, deadline: datetime | None) -> None:
        """Reply to a question that was set aside; where even alone it takes too long, it is not answered (TooLate)."""
        if question.set_aside is None:
            raise LookupError("the question was not set aside")
        left = self.longest if deadline is None else min(self.longest, deadline - self.clock())
        try:
            await self._answer([question], [question.set_aside], left)
        except Exception as error:
            await self._not_answered([question], error)
        self._count_faults([question], caller)

    def _count_faults(self, questions: Sequence[Question], caller: str) -> None:
        for question in questions:
            if isinstance(question.told, FederationError):
                self.metrics.replied(caller, f"fault_{type(question.told).__name__}")

    async def _respond(self, questions: Sequence[Question], caller: str, deadline: datetime | None) -> list[Question]:
        with self.metrics.step("admit"):
            slices = Slices()
            for question in questions:  # 1 to 3: genuine, brought by its coordinator, ours
                self._admit(question, caller)
                await slices.between()
        admitted = [question for question in still_open(questions) if question.admitted is not None]
        timely, untimely = self._by_window(admitted, deadline)  # 4: timely
        with self.metrics.step("log_query"):
            seen = await self._log_received(timely)  # 5: LOG, before any record is looked at
        with self.metrics.step("answer_again"):  # 6: known with its reply: that reply, whatever the window
            await self._answer_again([*seen, *untimely])
        for question, error in untimely.items():
            if question.told is None:
                question.fail(error, "window")
        await self._reply(still_open(admitted))  # 7 to 12
        return still_open(questions)

    def _admit(self, question: Question, caller: str) -> None:
        """Admit a question, or leave it open without, where its roster is newer than the one held."""
        with question.guarded("admit"):
            if not isinstance(question.content, Envelope):
                raise question.content
            self.membership.require_in_force(self.clock())
            try:
                question.admitted = self._admissions().admit(question.content, question.receipt, caller)
            except RosterMismatch as error:
                question.named_roster = int(error.facts["named"])

    def _admissions(self) -> Admission:
        if self._admission is None or self._admission.roster is not self.membership.roster:
            self._admission = Admission(self.membership.opener, self.log.member)
        return self._admission

    async def _roster_accepted(self, held: Verified[Roster]) -> None:
        await log_roster(self.log, held, self.clock())

    def _by_window(
        self, questions: Sequence[Question], deadline: datetime | None
    ) -> tuple[list[Question], dict[Question, FederationError]]:
        """The questions that come in time, and those that do not with the reason."""
        now = self.clock()
        timely: list[Question] = []
        untimely: dict[Question, FederationError] = {}
        for question in questions:
            try:
                require_in_window(question.query.statement, now)
                if deadline is not None and deadline - now < _LEAST_TIME:
                    raise TooLate("too little time is left before the deadline; ask again with more")
                timely.append(question)
            except FederationError as error:
                untimely[question] = error
        return timely, untimely

    async def _answer_again(self, questions: Sequence[Question]) -> None:
        """Give those that were replied to before the reply they got; refuse an id known with other bytes."""
        if not questions:
            return
        replay = Replay(self.pool, self.log)
        known = await replay.known([question.query for question in questions])
        for question in questions:
            with question.guarded("answer_again"):
                found = known.get(question.query.statement.query_id)
                if found is not None and found.query_digest != question.query.digest:
                    raise id_reused(question.query)
                if found is not None and found.reply is not None:
                    envelope = await replay.envelope(found.reply)
                    question.told = Replied(envelope=envelope, appended=found.reply)

    async def _log_received(self, questions: Sequence[Question]) -> list[Question]:
        """Log a frame's queries as one group, and count them; return those that had been logged before.

        Where an id is held by other bytes, each is logged by itself.
        """
        if not questions:
            return []
        now = self.clock()
        queries = [question.query for question in questions]
        try:
            placed = await self.log.place(
                [Draft(entry=query_entry("query_received", query, now), envelope=query.envelope) for query in queries],
                receipts=[
                    ReceiptRow(statement_digest=q.query.digest, member=q.query.statement.via, proof=q.receipt)
                    for q in questions
                ],
                beside=[received(queries), quota.counted([(_requester(q), _subjects(q)) for q in questions], now)],
            )
        except QueryIdReused as error:
            if len(questions) > 1:
                return [again for question in questions for again in await self._log_received([question])]
            questions[0].fail(error, "log_received")
            return []
        except Exception as error:
            for question in questions:
                question.fail(error, "log_received")
            return []
        counts = quota.counts(placed)
        for question in questions:
            question.asked_this_hour = counts.get(_requester(question))
        return [question for question, place in zip(questions, placed.appended, strict=True) if not place.fresh]

    async def _reply(self, questions: Sequence[Question]) -> None:
        """Decide, look up, disclose, sign, LOG; what cannot be replied to is logged as not answered."""
        if not questions:
            return
        try:
            with self.metrics.step("decide"):
                decisions = await self._decide(questions)  # 7 quota, 8 policy, 9 breadth
            await self._answer(questions, decisions)  # 10 records, 11 disclosure, 12 LOG
        except Exception as error:
            await self._not_answered(questions, error)

    async def _decide(self, questions: Sequence[Question]) -> list[tuple[Decision, tuple[Form, ...]]]:
        """Each question's decision, and the forms of its subjects where it is permitted.

        The subjects of a frame are allowed in their order, as far as the hour's count reaches.
        """
        now = self.clock()
        asked: Counter[str] = Counter()
        for question in questions:
            if question.asked_this_hour is None:  # logged before, and counted then
                question.asked_this_hour = await quota.so_far(self.pool, _requester(question), now)
                continue
            asked[_requester(question)] += _subjects(question)
        decisions: list[tuple[Decision, tuple[Form, ...]]] = []
        for question in questions:
            asked[_requester(question)] -= _subjects(question)
            so_far = question.asked_this_hour or 0
            decisions.append(self._decide_one(question.query, so_far - max(0, asked[_requester(question)])))
        return decisions

    def _decide_one(self, query: Verified[Query], asked_this_hour: int) -> tuple[Decision, tuple[Form, ...]]:
        most = self.policy.quota.subjects_per_hour
        if asked_this_hour > most:
            return Deny(reason="quota_exhausted", detail=f"{most} subjects an hour"), ()
        decision = decide(query, self.policy, self.terms)
        if not isinstance(decision, Permit):
            return decision, ()
        forms = comparing.forms(query.statement)
        broad = comparing.too_broad(forms)
        if broad is not None:
            return Deny(reason="too_broad", detail=f"subject {broad}", remedy=_SAY_MORE), ()
        return decision, forms

    async def _answer(
        self,
        questions: Sequence[Question],
        decisions: Sequence[tuple[Decision, tuple[Form, ...]]],
        alone: timedelta | None = None,
    ) -> None:
        """Make and log replies (10 to 12); what takes longer than a group may wait for is set aside."""
        answering = Answering(
            records=self.records,
            terms=self.terms,
            metrics=self.metrics,
            replies=Replies(
                member=self.log.member, policy=self.policy, parameters=self.records.model.parameters.version
            ),
            roster_version=self.membership.roster.version,
            at=self.clock(),
        )
        queries = [
            Decided(query=question.query, decision=decision, forms=forms)
            for question, (decision, forms) in zip(questions, decisions, strict=True)
        ]
        made = await answering.replies_to(queries, alone)
        for question, decided, reply in zip(questions, decisions, made, strict=True):
            question.set_aside = decided if reply is None else None
        answered = [question for question in questions if question.set_aside is None]
        with self.metrics.step("log_reply"):
            await self._log_replies(answered, [reply for reply in made if reply is not None])

    async def _log_replies(self, questions: Sequence[Question], replies: Sequence[Reply]) -> None:
        """Log replies, their evidence and the rows by which a retry finds them, in one transaction."""
        if not questions:
            return
        now = self.clock()
        envelopes = [seal(reply, self.signer) for reply in replies]
        drafts = [
            Draft(
                entry=query_entry(
                    "answer_given" if isinstance(reply, Answer) else "refusal_given",
                    question.query,
                    now,
                    statement_digest=envelope.statement_digest,
                    members=(self.log.member,),
                ),
                envelope=envelope,
            )
            for question, reply, envelope in zip(questions, replies, envelopes, strict=True)
        ]

        appended = await self.log.append(drafts, beside=[replied([question.query for question in questions])])
        replay = Replay(self.pool, self.log)
        for question, reply, envelope, at in zip(questions, replies, envelopes, appended, strict=True):
            self.metrics.replied(_requester(question), outcome_of(reply))
            with question.guarded("reply"):
                kept = envelope if at.fresh else await replay.envelope(at)
                question.told = Replied(envelope=kept, appended=at)

    async def _not_answered(self, questions: Sequence[Question], error: Exception) -> None:
        now = self.clock()
        for question in questions:
            question.fail(error, "reply")
        reason = type(questions[0].told).__name__
        drafts = [
            Draft(entry=query_entry("not_answered", q.query, now, members=(self.log.member,), detail=reason))
            for q in questions
        ]
        try:
            await self.log.append(drafts)
        except Exception as second:
            for question in questions:
                question.fail(second, "not_answered")


def _requester(question: Question) -> str:
    return question.query.officers[0].statement.member


def _subjects(question: Question) -> int:
    return len(question.query.statement.subjects)
