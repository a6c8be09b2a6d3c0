"""A node says more than was asked, or of others than were asked about: it is not let in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from federation.answer import Answer, Match, SubjectAnswer
from tests.agencies import HELD
from tests.federation import LIAR, Federation
from tests.hostile.lies import require_unacceptable
from tests.liar import Liar, Lie

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_answer_of_a_higher_class_than_asked_for_is_unacceptable(federation: Federation, liar: Liar) -> None:
    def more(honest: Answer) -> Answer:
        return replace(honest, disclosure_class="status")

    with liar.lying(Lie(answer=more)):
        told = await federation.ask(federation.query(HELD[0].person, asked="match_only", audience=(LIAR, "imigrasi")))
    assert told.silence(LIAR) == "unacceptable"
    assert told.answer("imigrasi").disclosure_class == "match_only"


async def test_a_match_of_a_higher_class_than_its_answer_is_unacceptable(federation: Federation, liar: Liar) -> None:
    def more(honest: Answer) -> Answer:
        match = Match(band="strong", record_type="ban", disclosure_class="fields")
        return replace(honest, subjects=(SubjectAnswer(subject=0, band="strong", matches=(match,)),))

    await require_unacceptable(federation, liar, Lie(answer=more))


async def test_a_class_that_the_terms_do_not_know_is_unacceptable(federation: Federation, liar: Liar) -> None:
    def strange(honest: Answer) -> Answer:
        return replace(honest, disclosure_class="everything")

    await require_unacceptable(federation, liar, Lie(answer=strange))


@pytest.mark.parametrize("count", [0, 2, 100])
async def test_an_answer_about_other_than_the_subjects_asked_is_unacceptable(
    federation: Federation, liar: Liar, count: int
) -> None:
    def others(honest: Answer) -> Answer:
        return replace(honest, subjects=tuple(SubjectAnswer(subject=at, band="none") for at in range(count)))

    await require_unacceptable(federation, liar, Lie(answer=others))


async def test_an_answer_in_another_order_than_asked_is_unacceptable(federation: Federation, liar: Liar) -> None:
    def others(honest: Answer) -> Answer:
        return replace(honest, subjects=(SubjectAnswer(subject=1, band="none"),))

    await require_unacceptable(federation, liar, Lie(answer=others))
