"""How two parts of two names are related."""

from __future__ import annotations

import pytest

from matching.kinship import kin, kin_across_scripts
from matching.romanize import romanize
from tests.unit.matching.cases import CASES


@pytest.mark.parametrize("case", CASES["kin"], ids=lambda case: f"{case['one']} {case['other']}")
def test_two_tokens_are_related_as_expected_in_both_directions(case: dict[str, str]) -> None:
    for one, other in ((case["one"], case["other"]), (case["other"], case["one"])):
        found = kin(one, other)
        assert (found[0] if found else "") == case["kind"]


@pytest.mark.parametrize(
    ("latin", "native"),
    [("DAVIDSON", "데이비드슨"), ("RAMIREZ", "라미레스"), ("GOLDSTEIN", "גולדשטיין"), ("SHARMA", "शर्मा")],
)
def test_a_name_near_in_sound_is_related_across_two_scripts_and_only_there(latin: str, native: str) -> None:
    (romanised,) = romanize(native, foreign=True)
    assert kin(latin, romanised) is None
    found = kin_across_scripts(latin, romanised)
    assert found is not None
    assert found[0] == "sound"
    assert kin_across_scripts(romanised, latin) == found


def test_two_known_names_are_two_in_two_scripts_as_well() -> None:
    assert kin_across_scripts("AHMED", "MOHAMED") is None
