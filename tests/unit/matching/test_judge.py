"""Candidates judged: who is strong, who is possible, and who must never be strong."""

from __future__ import annotations

import pytest

from matching.compare import compare
from matching.form import Form
from matching.judge import judge
from matching.model import DEFAULT
from matching.score import prior_bits, score
from tests.unit.matching.cases import form

POPULATIONS = (100, 20_000, 5_000_000)
ZHANG = form("ZHANG WEI", born="12-03-1986", sex="L", nationality="CHN", documents=("CHN E12345678",))

PAIRS_OF_TWO_PERSONS = {
    "twins": (
        form("HASAN AHMED SALEH", born="12-03-1986", sex="L", nationality="Yaman", documents=("YEM 01234567",)),
        form("HUSAIN AHMED SALEH", born="12-03-1986", sex="L", nationality="Yaman", documents=("YEM 01234568",)),
    ),
    "twins of two sexes": (
        form("ANGELO CRUZ", born="12-03-1986", sex="L", nationality="PHL"),
        form("ANGELA CRUZ", born="12-03-1986", sex="P", nationality="PHL"),
    ),
    "siblings": (
        form("KIM MIN JUN", born="12-03-1986", sex="L", nationality="KOR"),
        form("KIM MIN HO", born="02-05-1988", sex="L", nationality="KOR"),
    ),
    "father and son": (
        form("OMAR SAID", born="12-03-1956", sex="L", nationality="Yaman"),
        form("SAID OMAR", born="05-06-1986", sex="L", nationality="Yaman"),
    ),
    "father and son of one name": (
        form("SAID OMAR ALI", born="12-03-1956", sex="L", nationality="Yaman"),
        form("SAID OMAR ALI", born="05-06-1986", sex="L", nationality="Yaman"),
    ),
    "a child in a parent's passport": (
        form("CHEN XIAOMING", born="12-03-1986", documents=("CHN E12345678",)),
        form("CHEN XIAOMING", born="05-06-2010", documents=("CHN E12345678",)),
    ),
    "a group whose passports run in series": (
        form("LIN GUOHUA", born="12-03-1986", nationality="CHN", documents=("CHN E12345678",)),
        form("LIN GUOQIANG", born="12-03-1986", nationality="CHN", documents=("CHN E12345679",)),
    ),
    "two persons on one passport": (
        form("LIN GUOHUA", born="12-03-1986", documents=("CHN E12345678",)),
        form("WANG FANG", born="02-09-1979", documents=("CHN E12345678",)),
    ),
    "namesakes of a common name born on one day": (
        form("ZHANG WEI", born="12-03-1986", sex="L", nationality="CHN"),
        form("WEI ZHANG", born="12-03-1986", sex="L", nationality="CHN"),
    ),
    "namesakes born on 1 January": (
        form("OLUWASEUN ADEBAYO", born="01-01-1986", nationality="Nigeria"),
        form("OLUWASEUN ADEBAYO", born="01-01-1986", nationality="Nigeria"),
    ),
}


@pytest.mark.parametrize("population", POPULATIONS)
@pytest.mark.parametrize("pair", PAIRS_OF_TWO_PERSONS.values(), ids=PAIRS_OF_TWO_PERSONS.keys())
def test_two_persons_who_look_like_one_are_never_strong(pair: tuple[Form, Form], population: int) -> None:
    for asked, held in (pair, pair[::-1]):
        assert judge(asked, held, population=population).band != "strong"


@pytest.mark.parametrize(
    "held",
    [
        form("WEI ZHANG", born="12 Maret 1986", documents=("CHN E12345678",)),
        form("张伟", born="1986", documents=("CHN E12345678",)),
        form("ZHANG WEI", born="03-12-1986", sex="1", documents=("E12345678",)),
        form("ZHANG WEI", documents=("CHN E12345678",)),
    ],
)
def test_a_number_and_a_name_that_agree_are_strong(held: Form) -> None:
    assert judge(ZHANG, held, population=5_000_000).band == "strong"


def test_a_rare_name_and_a_birth_date_are_strong() -> None:
    asked = form("OLUWASEUN ADEBAYO", born="12-03-1986", nationality="Nigeria", sex="L")
    assert judge(asked, form("ADEBAYO OLUWASEUN", born="12-03-1986", sex="L"), population=1_000_000).band == "strong"


def test_a_document_number_alone_is_possible_and_not_strong() -> None:
    for population in POPULATIONS:
        assert judge(form(documents=("E12345678",)), ZHANG, population=population).band == "possible"


def test_two_holders_of_one_number_are_shown_as_possible() -> None:
    asked, held = PAIRS_OF_TWO_PERSONS["two persons on one passport"]
    judged = judge(asked, held, population=5_000_000)
    assert judged.band == "possible"
    assert {each.kind for each in judged.comparisons if each.outcome == "differs"} == {"different"}


def test_another_passport_after_a_renewal_is_no_conflict() -> None:
    renewed = form("OLUWASEUN ADEBAYO", born="12-03-1986", documents=("NGA A12345678",))
    old = form("OLUWASEUN ADEBAYO", born="12-03-1986", documents=("NGA B87654321",))
    assert judge(renewed, old, population=20_000).band == "strong"


def test_a_stranger_is_none_and_brings_no_evidence() -> None:
    judged = judge(ZHANG, form("OLUWASEUN ADEBAYO", born="02-09-1979"), population=20_000)
    assert (judged.band, judged.comparisons) == ("none", ())


@pytest.mark.parametrize("population", POPULATIONS)
def test_stopping_early_never_changes_the_band(population: int) -> None:
    forms = [form_ for pair in PAIRS_OF_TWO_PERSONS.values() for form_ in pair] + [ZHANG]
    for asked in forms:
        for held in forms:
            whole = score(compare(asked, held), population)
            assert judge(asked, held, DEFAULT, population).band == whole.band


def test_the_sum_of_bits_is_the_total_exactly() -> None:
    judged = judge(ZHANG, ZHANG, population=5_000_000)
    assert judged.prior + sum(each.bits for each in judged.comparisons) == judged.bits


def test_a_larger_population_asks_for_more() -> None:
    assert prior_bits(5_000_000) < prior_bits(20_000) < prior_bits(1) < 0
    assert prior_bits(0) == prior_bits(1)
