"""A coordinator alters, drops, invents or replays what nodes said: the officer's own side finds it out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import grpc
import msgspec
import pytest

from coordinator.acceptance import Accepted, accept
from coordinator.cli import asking
from coordinator.cli.officer import Officer
from coordinator.merge import merge
from federation.append import query_entry
from federation.errors import FederationError, UntrustedSignature
from federation.query import Query
from federation.result import Result, Silence, SubjectResult
from federation.seal import Verified, seal
from federation.serving.tls import server_credentials
from federation.tlog.receipt import Receipt
from federation.v1 import coordinator_pb2 as pb
from federation.v1 import node_pb2
from federation.v1.coordinator_pb2_grpc import CoordinatorServiceServicer, add_CoordinatorServiceServicer_to_server
from federation.wire.entry import encode_entry
from federation.wire.envelope import envelope_from_wire, envelope_to_wire
from federation.wire.result import silence_to_wire
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.federation import CARRIER, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")
AUDIENCE = ("imigrasi", "polri")
Messages = list[pb.CoordinatorServiceAskResponse]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fraud:
    """What of an honest conduct to change."""

    result: Callable[[Result], Result] = lambda honest: honest
    messages: Callable[[Messages], Messages] = lambda honest: honest


class Cheat(CoordinatorServiceServicer):
    """A coordinator with real keys that asks real nodes, and then tells the officer what it likes."""

    def __init__(self, carrier: Carrier, fraud: Fraud) -> None:
        """Take up the carrier's keys and log."""
        self._carrier = carrier
        self._fraud = fraud

    async def Ask(
        self, request: pb.CoordinatorServiceAskRequest, _context: Any
    ) -> AsyncIterator[pb.CoordinatorServiceAskResponse]:
        """Carry a query honestly, and then not."""
        envelope = self._carrier.countersigned(envelope_from_wire(request.query))
        query = self._carrier.opener.query(envelope, countersigned=True)
        receipt = self._carrier.receipt(envelope)
        logged = pb.QueryLogged(query=envelope_to_wire(envelope), receipt=receipt)
        found = [await self._outcome(query, receipt, node) for node in query.statement.audience]
        messages = [pb.CoordinatorServiceAskResponse(logged=logged), *(self._told(outcome) for outcome in found)]
        messages.append(pb.CoordinatorServiceAskResponse(result=self._result(query, found)))
        for message in self._fraud.messages(messages):
            yield message

    async def Results(self, request: Any, context: Any) -> Any:
        """Keep nothing."""
        await context.abort(grpc.StatusCode.NOT_FOUND, "nothing is kept")

    async def _outcome(self, query: Verified[Query], receipt: bytes, node: str) -> Accepted:
        carrier = self._carrier
        items = await carrier.frames(
            node, [node_pb2.NodeServiceAskRequest(questions=[carrier.question(query.envelope, receipt)])]
        )
        note = next(item.checkpoint.checkpoint for item in items if item.WhichOneof("kind") == "checkpoint")
        reply = next(item.reply for item in items if item.WhichOneof("kind") == "reply")
        proof = Receipt(entry=reply.entry, index=reply.index, path=tuple(reply.path), checkpoint=note)
        return accept(envelope_from_wire(reply.envelope), proof, opener=carrier.opener, query=query, member=node)

    def _told(self, outcome: Accepted) -> pb.CoordinatorServiceAskResponse:
        reply = pb.AcceptedReply(envelope=envelope_to_wire(outcome.reply.envelope), receipt=outcome.receipt.encode())
        return pb.CoordinatorServiceAskResponse(outcome=pb.Outcome(member=outcome.member, reply=reply))

    def _result(self, query: Verified[Query], found: Sequence[Accepted]) -> pb.GivenResult:
        now = self._carrier.federation.clock()
        honest = merge(query, found, coordinator=CARRIER, roster_version=1, at=now)
        envelope = seal(self._fraud.result(honest), self._carrier.keys.statement)
        entry = query_entry("result_given", query, now, statement_digest=envelope.statement_digest)
        receipt = self._carrier.log.receipt(self._carrier.log.append(encode_entry(entry)))
        return pb.GivenResult(result=envelope_to_wire(envelope), receipt=receipt.encode())


@asynccontextmanager
async def cheating(federation: Federation, carrier: Carrier, fraud: Fraud) -> AsyncIterator[Officer]:
    """Serve a cheat, and give the officer who trusts it no more than any."""
    server = grpc.aio.server()
    add_CoordinatorServiceServicer_to_server(Cheat(carrier, fraud), server)
    roster = federation.place.open_roster().statement
    server.add_secure_port(
        federation.member(CARRIER).endpoints["coordinator"], server_credentials(carrier.keys.tls, roster)
    )
    await server.start()
    officer = federation.officer()
    try:
        yield replace(officer, file=msgspec.structs.replace(officer.file, coordinator=CARRIER))
    finally:
        await server.stop(None)


async def told(federation: Federation, carrier: Carrier, fraud: Fraud) -> list[Accepted | Silence | asking.Final]:
    """What an officer is told under a fraud; raises what they find out."""
    async with cheating(federation, carrier, fraud) as officer:
        query = federation.query(HELD[0].person, audience=AUDIENCE, officer=officer)
        envelope = asking.sign(query, officer)
        return [each async for each in asking.ask(envelope, officer, 20.0)]


async def require_found_out(federation: Federation, carrier: Carrier, fraud: Fraud) -> None:
    """Hold the officer's side to it: no result is shown."""
    with pytest.raises(FederationError) as caught:
        await told(federation, carrier, fraud)
    assert isinstance(caught.value, UntrustedSignature), caught.value


def outcome_first(honest: Messages) -> pb.AcceptedReply:
    """The first node's reply among the messages."""
    return honest[1].outcome.reply


async def test_an_honest_coordinator_is_believed(federation: Federation, carrier: Carrier) -> None:
    first, second, final = await told(federation, carrier, Fraud())
    assert isinstance(first, Accepted) and isinstance(second, Accepted) and isinstance(final, asking.Final)
    assert final.result.statement.subjects[0].strong == AUDIENCE


async def test_an_answer_changed_on_the_way_is_shown_as_unacceptable(federation: Federation, carrier: Carrier) -> None:
    def change(honest: Messages) -> Messages:
        reply = outcome_first(honest)
        reply.envelope.payload = reply.envelope.payload.replace(b"strong", b"weaker")
        return honest[:-1]

    first, second = await told(federation, carrier, Fraud(messages=change))
    assert isinstance(first, Silence) and first.reason == "unacceptable"
    assert isinstance(second, Accepted)


async def test_an_answer_told_as_another_members_is_shown_as_unacceptable(
    federation: Federation, carrier: Carrier
) -> None:
    def swap(honest: Messages) -> Messages:
        honest[1].outcome.member, honest[2].outcome.member = AUDIENCE[1], AUDIENCE[0]
        return honest[:-1]

    found = await told(federation, carrier, Fraud(messages=swap))
    assert [each.reason for each in found if isinstance(each, Silence)] == ["unacceptable"] * 2


async def test_an_answer_of_an_earlier_query_is_shown_as_unacceptable(federation: Federation, carrier: Carrier) -> None:
    kept: Messages = []

    def keep(honest: Messages) -> Messages:
        kept.extend(honest)
        return honest

    def replay(honest: Messages) -> Messages:
        return [honest[0], kept[1], honest[2]]

    await told(federation, carrier, Fraud(messages=keep))
    first, second = await told(federation, carrier, Fraud(messages=replay))
    assert isinstance(first, Silence) and first.reason == "unacceptable"
    assert isinstance(second, Accepted)


async def test_a_result_that_hides_an_answer_as_a_silence_is_found_out(
    federation: Federation, carrier: Carrier
) -> None:
    def hide(honest: Result) -> Result:
        silence = Silence(member=AUDIENCE[0], reason="unreachable")
        return replace(honest, outcomes=(silence, *honest.outcomes[1:]))

    await require_found_out(federation, carrier, Fraud(result=hide))


async def test_a_result_that_leaves_a_member_out_is_found_out(federation: Federation, carrier: Carrier) -> None:
    def drop(honest: Result) -> Result:
        return replace(honest, outcomes=honest.outcomes[1:])

    await require_found_out(federation, carrier, Fraud(result=drop))


async def test_a_result_that_rests_on_an_answer_never_shown_is_found_out(
    federation: Federation, carrier: Carrier
) -> None:
    def withhold(honest: Messages) -> Messages:
        return [honest[0], *honest[2:]]

    await require_found_out(federation, carrier, Fraud(messages=withhold))


async def test_an_answer_told_as_a_silence_is_found_out_by_the_result(federation: Federation, carrier: Carrier) -> None:
    def silence(honest: Messages) -> Messages:
        wire = silence_to_wire(Silence(member=AUDIENCE[0], reason="unreachable"))
        honest[1] = pb.CoordinatorServiceAskResponse(outcome=pb.Outcome(member=AUDIENCE[0], silence=wire))
        return honest

    await require_found_out(federation, carrier, Fraud(messages=silence))


async def test_a_result_of_another_query_is_found_out(federation: Federation, carrier: Carrier) -> None:
    def other(honest: Result) -> Result:
        return replace(honest, query_digest=bytes(32))

    await require_found_out(federation, carrier, Fraud(result=other))


async def test_a_result_without_its_place_in_the_log_is_found_out(federation: Federation, carrier: Carrier) -> None:
    def misplace(honest: Messages) -> Messages:
        honest[-1].result.receipt = honest[0].logged.receipt
        return honest

    await require_found_out(federation, carrier, Fraud(messages=misplace))


async def test_a_match_invented_in_the_tallies_is_found_out(federation: Federation, carrier: Carrier) -> None:
    def invent(honest: Result) -> Result:
        (subject,) = honest.subjects
        changed: SubjectResult = replace(subject, strong=(), none=AUDIENCE, claims=())
        return replace(honest, subjects=(changed,))

    await require_found_out(federation, carrier, Fraud(result=invent))
