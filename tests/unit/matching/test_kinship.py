"""How two parts of two names are related."""

from __future__ import annotations

import pytest

from matching.kinship import kin
from tests.unit.matching.cases import CASES


@pytest.mark.parametrize("case", CASES["kin"], ids=lambda case: f"{case['one']} {case['other']}")
def test_two_tokens_are_related_as_expected_in_both_directions(case: dict[str, str]) -> None:
    for one, other in ((case["one"], case["other"]), (case["other"], case["one"])):
        found = kin(one, other)
        assert (found[0] if found else "") == case["kind"]
