"""A query through the coordinator to real nodes: what comes back, in what order, and what is never lost."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import grpc
import pytest

from coordinator.acceptance import Accepted
from coordinator.cli.officer import Officer
from federation import status
from federation.calling.channels import TlsIdentity, open_channel
from federation.errors import NotInLog, QueryExpired, QueryIdReused
from federation.query import new_nonce
from federation.result import Result
from federation.seal import Opener
from federation.v1 import coordinator_pb2 as pb
from federation.v1 import node_pb2
from federation.v1.coordinator_pb2_grpc import CoordinatorServiceStub
from federation.wire.entry import decode_entry
from federation.wire.envelope import envelope_from_wire, envelope_to_wire
from tests.agencies import ABSENT, HELD, Row
from tests.federation import COORDINATOR, DEADLINE_SECONDS, DOWN, LIAR, NODES, Federation, Told
from tests.liar import Liar, Lie

pytestmark = pytest.mark.asyncio(loop_scope="session")
_KEPT = timedelta(hours=24)


async def results(federation: Federation, query_id: bytes, identity: TlsIdentity) -> Result:
    """A result given before, for whoever presents a certificate."""
    async with open_channel(federation.member(COORDINATOR), "coordinator", identity) as channel:
        try:
            request = pb.CoordinatorServiceResultsRequest(query_id=query_id)
            response = await CoordinatorServiceStub(channel).Results(request, timeout=10.0)
        except grpc.aio.AioRpcError as error:
            raise status.from_call(error) from error
    opener = Opener(federation.place.open_roster())
    return opener.result(envelope_from_wire(response.result.result), COORDINATOR).statement


async def entries(federation: Federation, query_digest: bytes) -> list[str]:
    """The kinds of the coordinator's entries about a query, in their order."""
    rows = await federation.rows(COORDINATOR, "SELECT leaf FROM simpul.log_entry ORDER BY index")
    found = [decode_entry(row["leaf"]) for row in rows]
    return [entry.kind for entry in found if entry.query_digest == query_digest]


def digests(outcomes: dict[str, object]) -> dict[str, bytes]:
    """The digest of each reply that was accepted."""
    return {member: one.reply.digest for member, one in outcomes.items() if isinstance(one, Accepted)}


async def test_every_node_is_heard_and_the_result_names_each(federation: Federation) -> None:
    told = await federation.ask(federation.query(HELD[0].person, ABSENT[0].person, audience=NODES))
    for member in NODES:
        held, absent = told.answer(member).subjects
        assert (held.band, absent.band) == ("strong", "none"), member
    first, second = told.result.subjects
    assert (first.strong, first.none) == (tuple(sorted(NODES)), ())
    assert (second.strong, second.none) == ((), tuple(sorted(NODES)))


async def test_the_query_is_logged_before_it_is_sent_and_every_outcome_after(federation: Federation) -> None:
    envelope = federation.sign(federation.query(HELD[0].person, audience=("imigrasi", DOWN, "polri")))
    await federation.ask(envelope)
    kinds = await entries(federation, envelope.statement_digest)
    assert kinds[0] == "query_asked"
    assert sorted(kinds[1:-1]) == ["reply_accepted", "reply_accepted", "silence"]
    assert kinds[-1] == "result_given"


async def test_no_match_a_refusal_and_a_silence_are_three_different_things(federation: Federation) -> None:
    citra = federation.officer("citra", "polri")
    query = federation.query(
        ABSENT[0].person, purpose="lodging_check", audience=("imigrasi", DOWN, "polri"), officer=citra
    )
    told = await federation.ask(query, citra)
    assert told.result.subjects[0].none == ("imigrasi", "polri")
    assert told.result.subjects[0].silent == (DOWN,)
    refused = federation.query(ABSENT[0].person, purpose="routine_oversight", audience=("polri", DOWN), officer=citra)
    told = await federation.ask(refused, citra)
    subject = told.result.subjects[0]
    assert (subject.none, subject.refused, subject.silent) == ((), ("polri",), (DOWN,))


async def test_a_node_that_is_down_is_unreachable_and_spoils_no_other(federation: Federation) -> None:
    told = await federation.ask(federation.query(HELD[3].person, audience=("imigrasi", DOWN, "polri")))
    assert told.silence(DOWN) == "unreachable"
    assert told.answer("imigrasi").subjects[0].band == told.answer("polri").subjects[0].band == "strong"


async def test_a_node_that_never_answers_is_silent_at_the_deadline_and_holds_up_no_other(
    federation: Federation, liar: Liar
) -> None:
    never = asyncio.Event()

    async def wait() -> None:
        await never.wait()

    loop = asyncio.get_running_loop()
    with liar.lying(Lie(before=wait)):
        began = loop.time()
        told = await federation.ask(federation.query(HELD[4].person, audience=(LIAR, "imigrasi", "polri")))
        took = loop.time() - began
    never.set()
    assert told.silence(LIAR) == "deadline_passed"
    assert told.order[-1] == LIAR
    assert told.answer("imigrasi").subjects[0].band == "strong"
    assert DEADLINE_SECONDS <= took < DEADLINE_SECONDS + 3


async def test_a_slow_node_loses_nothing_that_others_said_before(federation: Federation, liar: Liar) -> None:
    let_go = asyncio.Event()
    envelope = federation.sign(federation.query(HELD[4].person, audience=(LIAR, "imigrasi")))
    request = pb.CoordinatorServiceAskRequest(query=envelope_to_wire(envelope))

    async def wait() -> None:
        await let_go.wait()

    member = federation.member(COORDINATOR)
    with liar.lying(Lie(before=wait)):
        async with open_channel(member, "coordinator", federation.officer().identity()) as channel:
            seen: list[str] = []
            async for response in CoordinatorServiceStub(channel).Ask(request, timeout=20.0):
                seen.append(response.outcome.member or response.WhichOneof("kind") or "")
                if seen[-1] == "imigrasi":
                    let_go.set()  # only now may the slow one speak
    assert seen == ["logged", "imigrasi", LIAR, "result"]


async def test_the_same_bytes_resume_a_query_after_its_window_with_the_same_answers(federation: Federation) -> None:
    envelope = federation.sign(federation.query(HELD[5].person, audience=NODES))
    first = await federation.ask(envelope)
    federation.clock.move(timedelta(hours=1))
    again = await federation.ask(envelope)
    assert digests({**again.outcomes}) == digests({**first.outcomes})
    assert again.result.subjects == first.result.subjects


async def test_a_query_resumed_hears_a_node_that_was_silent_before(federation: Federation, liar: Liar) -> None:
    error = node_pb2.QuestionError(error="RecordsUnavailable", grpc_code=14, message="down for a moment")

    def fail(question: node_pb2.Question) -> node_pb2.Item:
        return node_pb2.Item(correlation=question.correlation, error=error)

    envelope = federation.sign(federation.query(HELD[5].person, audience=(LIAR, "imigrasi")))
    with liar.lying(Lie(instead=fail)):
        first = await federation.ask(envelope)
    assert first.silence(LIAR) == "unavailable"
    federation.clock.move(timedelta(hours=1))
    again = await federation.ask(envelope)
    assert again.answer(LIAR).subjects[0].band == "none"
    assert again.answer("imigrasi") == first.answer("imigrasi")
    kinds = await entries(federation, envelope.statement_digest)
    assert kinds.count("query_asked") == kinds.count("silence") == 1
    assert kinds.count("reply_accepted") == 2


async def test_a_query_first_asked_after_its_window_is_not_taken_in(federation: Federation) -> None:
    envelope = federation.sign(federation.query(HELD[5].person))
    federation.clock.move(timedelta(minutes=5, seconds=30))
    with pytest.raises(QueryExpired):
        await federation.ask(envelope)
    assert await entries(federation, envelope.statement_digest) == []


async def test_other_bytes_under_one_id_are_not_carried(federation: Federation) -> None:
    query = federation.query(HELD[5].person)
    await federation.ask(query)
    other = federation.sign(replace(query, nonce=new_nonce()))
    with pytest.raises(QueryIdReused):
        await federation.ask(other)
    assert await entries(federation, other.statement_digest) == []


async def test_retries_of_one_query_at_one_time_get_the_same_replies(federation: Federation) -> None:
    envelope = federation.sign(federation.query(HELD[6].person, ABSENT[1].person, audience=NODES))
    told = await asyncio.gather(*(federation.ask(envelope) for _ in range(4)))
    assert len(digests({**told[0].outcomes})) == len(NODES)
    for one in told[1:]:
        assert digests({**one.outcomes}) == digests({**told[0].outcomes})
        assert one.result.subjects == told[0].result.subjects
    kinds = await entries(federation, envelope.statement_digest)
    assert kinds.count("query_asked") == 1
    assert kinds.count("reply_accepted") == len(NODES)


async def test_fifty_queries_at_one_time_all_come_back_each_with_its_own_answer(federation: Federation) -> None:
    """Of two officers: one alone may have 32 in flight."""
    rows = [HELD[at % 19] if at % 2 else ABSENT[at % 3] for at in range(50)]
    officers = federation.officer(), federation.officer("cahya")

    async def ask(row: Row, officer: Officer) -> Told:
        query = federation.query(row.person, audience=("imigrasi", "polri"), officer=officer)
        return await federation.ask(query, officer)

    told = await asyncio.gather(*(ask(row, officers[at % 2]) for at, row in enumerate(rows)))
    for at, (row, one) in enumerate(zip(rows, told, strict=True)):
        for member in ("imigrasi", "polri"):
            subject = one.answer(member).subjects[0]
            assert subject.band == ("strong" if at % 2 else "none")
            if at % 2:
                said = {c.asked for c in subject.matches[0].comparisons if c.attribute == "document"}
                assert any(row.passport in text for text in said), said


async def test_an_asker_who_goes_away_leaves_a_query_that_is_carried_to_its_end(
    federation: Federation, liar: Liar
) -> None:
    left, let_go = asyncio.Event(), asyncio.Event()
    envelope = federation.sign(federation.query(HELD[7].person, audience=(LIAR, "imigrasi")))
    request = pb.CoordinatorServiceAskRequest(query=envelope_to_wire(envelope))

    async def wait() -> None:
        left.set()
        await let_go.wait()

    with liar.lying(Lie(before=wait)):
        member = federation.member(COORDINATOR)
        async with open_channel(member, "coordinator", federation.officer().identity()) as channel:
            call = CoordinatorServiceStub(channel).Ask(request, timeout=20.0)
            first = await call.read()
            assert isinstance(first, pb.CoordinatorServiceAskResponse)
            assert first.WhichOneof("kind") == "logged"
            await left.wait()
            call.cancel()
        let_go.set()
        told = await federation.ask(envelope)
    assert told.answer(LIAR).subjects[0].band == "none"
    assert (await entries(federation, envelope.statement_digest)).count("reply_accepted") == 2


async def test_a_result_is_kept_for_its_officer_and_their_member_and_for_nobody_else(federation: Federation) -> None:
    query = federation.query(HELD[8].person)
    given = (await federation.ask(query)).result
    for own in (federation.officer().identity(), federation.keys("imigrasi").tls):
        assert await results(federation, query.query_id, own) == given
    strangers = (
        federation.officer("budi").identity(),
        federation.officer("citra", "polri").identity(),
        federation.keys("polri").tls,
    )
    for stranger in strangers:
        with pytest.raises(NotInLog):
            await results(federation, query.query_id, stranger)
    federation.clock.move(_KEPT + timedelta(seconds=1))
    with pytest.raises(NotInLog):
        await results(federation, query.query_id, federation.officer().identity())
