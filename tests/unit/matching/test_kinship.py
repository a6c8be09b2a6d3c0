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
