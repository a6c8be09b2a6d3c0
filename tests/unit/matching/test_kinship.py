"""How two parts of two names are related."""

from __future__ import annotations

import pytest

from matching.kinship import kin, known_apart
from tests.unit.matching.cases import CASES


@pytest.mark.parametrize("case", CASES["kin"], ids=lambda case: f"{case['one']} {case['other']}")
def test_two_tokens_are_related_as_expected_in_both_directions(case: dict[str, str]) -> None:
    for one, other in ((case["one"], case["other"]), (case["other"], case["one"])):
        found = kin(one, other)
        assert (found[0] if found else "") == case["kind"]


def test_two_known_names_are_two_however_alike_they_sound() -> None:
    assert known_apart("AHMED", "MOHAMED")
    assert not known_apart("AHMED", "AHMAD")
    assert not known_apart("AHMED", "DAVIDSON")


def test_a_short_form_stands_for_its_name() -> None:
    assert kin("BILL", "WILLIAM") == kin("WILLIAM", "BILL")
    found = kin("BILL", "WILLIAM")
    assert found is not None
    assert found[0] == "other_language"


def test_a_name_as_another_language_spells_it_is_one_name() -> None:
    found = kin("CHEKHOV", "TSCHECHOW")
    assert found is not None
    assert found[1] > 0.4


def test_two_short_forms_of_one_name_are_one_where_they_begin_alike_or_share_more_than_a_rare_name() -> None:
    assert kin("BERRY", "GREEN") is None  # both of Greenberry
    found = kin("BERTIE", "BERT")
    assert found is not None
    assert found[0] == "other_language"


@pytest.mark.parametrize(("one", "other"), [("CHLOE", "JULIA"), ("JESSE", "JOSHUA"), ("MOLLY", "MIHAL")])
def test_a_consonant_in_common_is_no_likeness_where_most_letters_differ(one: str, other: str) -> None:
    assert kin(one, other) is None
