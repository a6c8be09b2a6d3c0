"""Names as registers write them, read as tokens and as Names."""

from __future__ import annotations

from typing import Any

import pytest

from matching.names import read_name, script_of, tokens
from tests.unit.matching.cases import CASES


@pytest.mark.parametrize("case", CASES["names"], ids=lambda case: case["text"])
def test_a_name_is_read_as_its_romanised_tokens(case: dict[str, Any]) -> None:
    assert list(tokens(case["text"])) == case["tokens"]


def test_an_alias_list_gives_a_primary_name_and_aliases() -> None:
    names = read_name("LI WEI alias AWEI @ Bob", "alias_list")
    assert [(name.text, name.kind) for name in names] == [("LI WEI", "primary"), ("AWEI", "alias"), ("Bob", "alias")]


def test_a_cell_without_a_name_gives_no_name() -> None:
    assert read_name("TIDAK ADA") == ()
    assert read_name("", "mrz") == ()


@pytest.mark.parametrize(
    ("text", "order", "family", "given"),
    [
        ("Xiaoming Chen", "given_family", "Chen", "Xiaoming"),
        ("CHEN XIAO MING", "family_given", "CHEN", "XIAO MING"),
        ("FROST, William G.", "as_written", "FROST", "William G."),
        ("ERIKSSON<<ANNA<MARIA<<<<", "mrz", "ERIKSSON", "ANNA MARIA"),
    ],
)
def test_the_order_tells_the_family_name(text: str, order: Any, family: str, given: str) -> None:
    (name,) = read_name(text, order)
    assert {part.kind: part.text for part in name.parts} == {"family": family, "given": given}


def test_a_name_of_the_order_as_written_has_no_parts() -> None:
    assert read_name("Xiaoming Chen")[0].parts == ()


@pytest.mark.parametrize(
    ("text", "script"), [("Li", "Latn"), ("李", "Hani"), ("김", "Hang"), ("محمد", "Arab"), ("1", "")]
)
def test_the_script_of_a_name_is_told(text: str, script: str) -> None:
    assert script_of(text) == script


def test_a_very_long_name_is_read_up_to_a_limit() -> None:
    assert len(tokens("ANA " + "BRUNO CARLA DORA " * 10_000)) <= 12
    assert tokens("AO" * 5_000)
