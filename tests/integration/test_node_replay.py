"""The same bytes get the same reply, whenever; other bytes under one id get none."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from federation.errors import QueryIdReused
from federation.query import new_nonce
from federation.v1 import node_pb2 as pb
from tests.agencies import ABSENT, HELD
from tests.carrier import Carrier, fault
from tests.federation import Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")
_ENTRIES = """
SELECT count(*) AS entries FROM simpul.log_entry AS e JOIN simpul.replay AS r ON r.reply_index = e.index
WHERE r.query_digest = $1"""


async def test_the_same_bytes_get_the_same_reply_byte_for_byte(federation: Federation, carrier: Carrier) -> None:
    question = carrier.question(federation.query(HELD[1].person))
    first, again = await carrier.ask(question), await carrier.ask(question)
    assert again.item.envelope == first.item.envelope
    assert (again.item.entry, again.item.index) == (first.item.entry, first.item.index)


async def test_the_same_bytes_are_answered_again_long_after_their_window(
    federation: Federation, carrier: Carrier
) -> None:
    question = carrier.question(federation.query(HELD[2].person))
    first = await carrier.ask(question)
    federation.clock.move(timedelta(hours=3))
    again = await carrier.ask(question)
    assert (again.item.envelope, again.item.index) == (first.item.envelope, first.item.index)


async def test_a_refusal_too_is_repeated_and_not_made_anew(federation: Federation, carrier: Carrier) -> None:
    question = carrier.question(federation.query(HELD[2].person, purpose="aggregate_statistics"))
    first = await carrier.ask(question)
    federation.clock.move(timedelta(hours=1))
    again = await carrier.ask(question)
    assert first.refusal.reason == "purpose_not_permitted"
    assert (again.item.envelope, again.item.index) == (first.item.envelope, first.item.index)


async def test_further_signatures_do_not_make_another_query(federation: Federation, carrier: Carrier) -> None:
    query = replace(federation.query(HELD[3].person), via=carrier.id)
    alone = await carrier.ask(carrier.countersigned(federation.sign(query)))
    together = await carrier.ask(carrier.countersigned(federation.sign(query, second=federation.officer("budi"))))
    assert together.item.envelope == alone.item.envelope


async def test_other_bytes_under_one_id_are_refused(federation: Federation, carrier: Carrier) -> None:
    query = federation.query(HELD[4].person)
    await carrier.ask(query)
    for other in (replace(query, nonce=new_nonce()), replace(query, case_reference="IMI-0002")):
        with pytest.raises(QueryIdReused):
            await carrier.ask(other)


async def test_of_two_queries_under_one_id_in_one_frame_one_alone_is_answered(
    federation: Federation, carrier: Carrier
) -> None:
    query = federation.query(HELD[5].person)
    questions = [carrier.question(query), carrier.question(replace(query, nonce=new_nonce()))]
    items = await carrier.frame("imigrasi", *questions)
    told = [items[question.correlation] for question in questions]
    assert carrier.read(told[0], "imigrasi").answer.subjects[0].band == "strong"
    assert isinstance(fault(told[1].error), QueryIdReused)


async def test_of_two_queries_under_one_id_at_one_time_one_alone_is_answered(
    federation: Federation, carrier: Carrier
) -> None:
    for _ in range(5):
        query = federation.query(ABSENT[0].person)
        questions = [carrier.question(query), carrier.question(replace(query, nonce=new_nonce()))]
        told = await asyncio.gather(*(carrier.ask(question) for question in questions), return_exceptions=True)
        assert sorted(isinstance(one, QueryIdReused) for one in told) == [False, True], told


async def test_the_same_query_twice_in_one_frame_gets_one_reply_twice(federation: Federation, carrier: Carrier) -> None:
    envelope = carrier.countersigned(federation.query(HELD[6].person))
    questions = [carrier.question(envelope) for _ in range(3)]
    items = await carrier.frame("imigrasi", *questions)
    replies = [carrier.read(items[question.correlation], "imigrasi") for question in questions]
    assert len({reply.item.envelope.SerializeToString() for reply in replies}) == 1
    assert len({reply.item.index for reply in replies}) == 1


async def test_twenty_retries_at_one_time_get_one_reply_and_make_one_entry(
    federation: Federation, carrier: Carrier
) -> None:
    question: pb.Question = carrier.question(federation.query(HELD[7].person))
    replies = await asyncio.gather(*(carrier.ask(question) for _ in range(20)))
    assert len({reply.item.envelope.SerializeToString() for reply in replies}) == 1
    assert len({(reply.item.entry, reply.item.index) for reply in replies}) == 1
    rows = await federation.rows("imigrasi", _ENTRIES, replies[0].statement.query_digest)
    assert [row["entries"] for row in rows] == [1]
