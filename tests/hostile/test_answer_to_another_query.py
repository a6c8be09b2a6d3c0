"""A node answers a query with what it said to another: it is not let in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from federation.answer import Answer
from federation.entry import Entry
from federation.envelope import Envelope
from federation.keys import Signer
from federation.v1 import node_pb2 as pb
from tests.agencies import HELD
from tests.federation import LIAR, Federation
from tests.hostile.lies import require_unacceptable
from tests.liar import Liar, Lie

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_answer_bound_to_another_query_is_unacceptable(federation: Federation, liar: Liar) -> None:
    def other(honest: Answer) -> Answer:
        return replace(honest, query_digest=bytes(32))

    await require_unacceptable(federation, liar, Lie(answer=other))


async def test_an_answer_that_names_another_query_id_is_unacceptable(federation: Federation, liar: Liar) -> None:
    def other(honest: Answer) -> Answer:
        return replace(honest, query_id=bytes(16))

    await require_unacceptable(federation, liar, Lie(answer=other))


async def test_an_answer_of_another_federation_is_unacceptable(federation: Federation, liar: Liar) -> None:
    def other(honest: Answer) -> Answer:
        return replace(honest, federation="lain")

    await require_unacceptable(federation, liar, Lie(answer=other))


async def test_an_answer_whose_log_entry_is_about_another_query_is_unacceptable(
    federation: Federation, liar: Liar
) -> None:
    def other(honest: Entry) -> Entry:
        return replace(honest, query_digest=bytes(32))

    await require_unacceptable(federation, liar, Lie(entry=other))


async def test_a_statement_of_another_kind_in_place_of_an_answer_is_unacceptable(
    federation: Federation, liar: Liar
) -> None:
    def credential(_answer: Answer, _own: Signer) -> Envelope:
        return federation.officer().credential

    await require_unacceptable(federation, liar, Lie(sign=credential))


@pytest.mark.parametrize("error", ["UntrustedSignature", "MalformedStatement", "WrongAudience", "QueryExpired"])
async def test_a_fault_that_the_node_tells_of_is_no_unacceptable_reply(
    federation: Federation, liar: Liar, error: str
) -> None:
    def tell(question: pb.Question) -> pb.Item:
        return pb.Item(correlation=question.correlation, error=pb.QuestionError(error=error, message="no"))

    with liar.lying(Lie(instead=tell)):
        told = await federation.ask(federation.query(HELD[0].person, audience=(LIAR, "imigrasi")))
    assert told.silence(LIAR) == "not_admitted"
