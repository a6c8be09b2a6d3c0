"""Frames of many questions: one bad question hurts no other, and what a stream may carry has limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from federation.errors import MalformedStatement, TooBusy, WrongAudience
from federation.instant import Window
from federation.tlog.checkpoint import verify_checkpoint
from federation.tlog.merkle import leaf_hash, verify_consistency, verify_inclusion
from federation.tlog.note import NoteVerifier
from federation.v1 import node_pb2 as pb
from federation.wire.entry import decode_entry
from tests.agencies import ABSENT, HELD
from tests.carrier import Carrier, fault
from tests.federation import Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_one_malformed_question_among_ten_hurts_no_other(federation: Federation, carrier: Carrier) -> None:
    questions = [carrier.question(federation.query(row.person)) for row in HELD[:10]]
    questions[4].query.payload = b"\x0a\x00\xff\xff"
    items = await carrier.frame("imigrasi", *questions)
    assert set(items) == {question.correlation for question in questions}
    for question in questions:
        item = items[question.correlation]
        if question is questions[4]:
            assert isinstance(fault(item.error), MalformedStatement)
        else:
            assert carrier.read(item, "imigrasi").answer.subjects[0].band == "strong"


async def test_answers_faults_and_refusals_of_one_frame_keep_their_questions(
    federation: Federation, carrier: Carrier
) -> None:
    held, absent = (carrier.question(federation.query(row.person)) for row in (HELD[0], ABSENT[0]))
    denied = carrier.question(federation.query(HELD[0].person, purpose="aggregate_statistics"))
    elsewhere = carrier.question(federation.query(HELD[0].person, audience=("polri",)))
    items = await carrier.frame("imigrasi", elsewhere, held, denied, absent)
    assert carrier.read(items[held.correlation], "imigrasi").answer.subjects[0].band == "strong"
    assert carrier.read(items[absent.correlation], "imigrasi").answer.subjects[0].band == "none"
    assert carrier.read(items[denied.correlation], "imigrasi").refusal.reason == "purpose_not_permitted"
    assert isinstance(fault(items[elsewhere.correlation].error), WrongAudience)


async def test_a_query_within_the_skew_allowed_is_answered(federation: Federation, carrier: Carrier) -> None:
    start = federation.clock() + timedelta(seconds=29)
    early = replace(federation.query(HELD[0].person), window=Window(start, start + timedelta(minutes=5)))
    assert (await carrier.ask(early)).answer.subjects[0].band == "strong"
    late = carrier.question(federation.query(HELD[0].person))
    federation.clock.move(timedelta(minutes=5, seconds=29))
    assert (await carrier.ask(late)).answer.subjects[0].band == "strong"


async def test_every_reply_proves_its_entry_under_a_checkpoint_of_the_nodes_log(
    federation: Federation, carrier: Carrier
) -> None:
    questions = [carrier.question(federation.query(row.person)) for row in HELD[:6]]
    frames = [pb.NodeServiceAskRequest(questions=questions[at : at + 2]) for at in (0, 2, 4)]
    verifier = NoteVerifier.from_vkey(federation.member("imigrasi").log_vkey)
    newest = None
    proved = 0
    for item in await carrier.frames("imigrasi", frames):
        if item.WhichOneof("kind") == "checkpoint":
            after = verify_checkpoint(item.checkpoint.checkpoint, verifier)
            if newest is not None:
                verify_consistency(
                    old=newest.size,
                    old_root=newest.root,
                    new=after.size,
                    new_root=after.root,
                    path=list(item.checkpoint.consistency),
                )
            newest = after
            continue
        assert newest is not None
        assert item.reply.tree_size == newest.size
        leaf, path = leaf_hash(item.reply.entry), list(item.reply.path)
        verify_inclusion(index=item.reply.index, size=newest.size, leaf=leaf, path=path, root=newest.root)
        raw, entry = carrier.read(item, "imigrasi"), decode_entry(item.reply.entry)
        assert (entry.kind, entry.query_digest) == ("answer_given", raw.answer.query_digest)
        proved += 1
    assert proved == len(questions)


async def test_more_than_64_queries_in_flight_are_turned_away_unlogged_and_the_rest_answered(
    federation: Federation, carrier: Carrier
) -> None:
    first = [carrier.question(federation.query(HELD[0].person)) for _ in range(64)]
    more = [carrier.question(federation.query(HELD[1].person)) for _ in range(3)]
    frames = [pb.NodeServiceAskRequest(questions=part) for part in (first, more)]
    items = {item.correlation: item for item in await carrier.frames("imigrasi", frames) if item.correlation}
    assert all(carrier.read(items[q.correlation], "imigrasi").answer for q in first)
    for question in more:
        error = fault(items[question.correlation].error)
        assert isinstance(error, TooBusy)
        assert error.retry_after is not None
    again = await carrier.ask(more[0])
    assert again.answer.subjects[0].band == "strong"


async def test_a_frame_of_more_than_64_questions_is_turned_away_whole(federation: Federation, carrier: Carrier) -> None:
    envelope = carrier.countersigned(federation.query(HELD[0].person))
    receipt = carrier.receipt(envelope)
    items = await carrier.frame("imigrasi", *(carrier.question(envelope, receipt) for _ in range(65)))
    assert len(items) == 65
    assert {item.error.error for item in items.values()} == {"TooBusy"}


async def test_a_hundred_subjects_are_answered_in_their_order(federation: Federation, carrier: Carrier) -> None:
    rows = [(HELD[at % 19] if at % 3 else ABSENT[0]) for at in range(100)]
    answer = (await carrier.ask(federation.query(*(row.person for row in rows), asked="match_only"))).answer
    expected = ["strong" if at % 3 else "none" for at in range(100)]
    assert [subject.band for subject in answer.subjects] == expected


async def test_an_envelope_larger_than_256_kib_is_refused_and_its_neighbour_answered(
    federation: Federation, carrier: Carrier
) -> None:
    large, small = (carrier.question(federation.query(HELD[0].person)) for _ in range(2))
    large.query.payload = large.query.payload + bytes(400 * 1024)
    items = await carrier.frame("imigrasi", large, small)
    assert isinstance(fault(items[large.correlation].error), MalformedStatement)
    assert carrier.read(items[small.correlation], "imigrasi").answer.subjects[0].band == "strong"
