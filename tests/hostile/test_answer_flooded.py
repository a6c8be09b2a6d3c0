"""A node sends ten megabytes, ten thousand matches, or faults that nobody knows: others are heard all the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from federation.answer import Answer, Match, SubjectAnswer
from federation.v1 import node_pb2 as pb
from tests.agencies import HELD
from tests.federation import LIAR, Federation
from tests.hostile.lies import require_unacceptable
from tests.liar import Liar, Lie

pytestmark = pytest.mark.asyncio(loop_scope="session")
_MIB = 1024 * 1024


async def test_an_answer_of_ten_megabytes_is_unacceptable(federation: Federation, liar: Liar) -> None:
    def swell(honest: pb.Reply) -> pb.Reply:
        honest.envelope.payload += bytes(10 * _MIB)
        return honest

    await require_unacceptable(federation, liar, Lie(item=swell))


async def test_an_answer_of_ten_thousand_matches_is_unacceptable(federation: Federation, liar: Liar) -> None:
    def many(honest: Answer) -> Answer:
        matches = (Match(band="strong", record_type="ban", disclosure_class="match_only"),) * 10_000
        return replace(honest, subjects=(SubjectAnswer(subject=0, band="strong", matches=matches),))

    await require_unacceptable(federation, liar, Lie(answer=many))


async def test_an_entry_larger_than_a_log_takes_is_unacceptable(federation: Federation, liar: Liar) -> None:
    def swell(honest: pb.Reply) -> pb.Reply:
        honest.entry += bytes(2 * _MIB)
        return honest

    await require_unacceptable(federation, liar, Lie(item=swell))


async def test_a_frame_larger_than_any_message_may_be_is_unacceptable(federation: Federation, liar: Liar) -> None:
    def swell(honest: pb.Reply) -> pb.Reply:
        honest.envelope.payload += bytes(15 * _MIB)
        honest.entry += bytes(2 * _MIB)
        return honest

    await require_unacceptable(federation, liar, Lie(item=swell))


@pytest.mark.parametrize("name", ["Unheard", "", "ConfigError", "CorruptLog", "__class__"])
async def test_a_fault_by_a_name_nobody_knows_is_a_silence(federation: Federation, liar: Liar, name: str) -> None:
    def strange(question: pb.Question) -> pb.Item:
        error = pb.QuestionError(error=name, message="x" * 1000, facts={"message": "y", "retry_after": "z"})
        return pb.Item(correlation=question.correlation, error=error)

    with liar.lying(Lie(instead=strange)):
        told = await federation.ask(federation.query(HELD[0].person, audience=(LIAR, "imigrasi")))
    assert told.silence(LIAR) == "unavailable"
    assert told.answer("imigrasi").subjects[0].band == "strong"
