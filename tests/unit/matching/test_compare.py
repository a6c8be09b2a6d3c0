"""Attributes compared one by one."""

from __future__ import annotations

import pytest

from federation.comparison import Comparison
from matching.compare import compare
from matching.features import ATTRIBUTES, BY_KIND, FEATURES, NATIONALITY_BESIDE_A_NAME
from matching.form import Form
from tests.unit.matching.cases import form


def _of(attribute: str, asked: Form, held: Form) -> Comparison:
    return next(each for each in compare(asked, held) if each.attribute == attribute)


def test_there_is_one_comparison_per_attribute_in_the_order_of_the_table() -> None:
    assert tuple(each.attribute for each in compare(form("LI WEI"), form("LI WEI"))) == ATTRIBUTES


def test_absence_omission_and_contradiction_are_three_outcomes() -> None:
    asked = form("MARIA CLARA SANTOS")
    assert _of("name", asked, form(born="1986")).outcome == "unknown"
    assert _of("name", asked, form("MARIA SANTOS")).kind == "part_missing"
    contradicted = _of("name", asked, form("MARIA SANTOS REYES"))
    assert (contradicted.outcome, contradicted.kind) == ("differs", "some_differ")
    assert contradicted.bits <= 2


@pytest.mark.parametrize(
    ("asked", "held", "kind"),
    [
        ("12-03-1986", "1986-03-12", "same"),
        ("01-01-1986", "1-1-1986", "same_first_january"),
        ("12-03-1986", "03-12-1986", "swapped"),
        ("12-03-1986", "Maret 1986", "year_month"),
        ("12-03-1986", "1986", "year"),
        ("12-03-1986", "01-01-1986", "year"),
        ("12-03-1986", "13-03-1986", "one_digit"),
        ("12-03-1986", "12-03-1958", "different"),
        ("12-03-1986", "27-03-1986", "one_part"),
        ("1986", "1987", "year_near"),
        ("1986", "1966", "different"),
        ("39 tahun", "12-03-1986", "age_within"),
        ("39 tahun", "12-03-1988", "age_near"),
        ("39 tahun", "12-03-1995", "different"),
        ("", "12-03-1986", "unknown"),
    ],
)
def test_births_are_related_as_the_table_says_in_both_directions(asked: str, held: str, kind: str) -> None:
    one, other = form(born=asked), form(born=held)
    assert _of("birth", one, other).kind == _of("birth", other, one).kind == kind


@pytest.mark.parametrize(
    ("asked", "held", "kind"),
    [
        ("CHN E12345678", "CHN E12345678", "same"),
        ("E12345678", "CHN E12345678", "same_number"),
        ("CHN E1234567O", "CHN E12345670", "look_alike"),
        ("CHN E12345678", "CHN E12345679", "last_character"),
        ("CHN E12345678", "CHN E12395678", "one_character"),
        ("CHN E12345678", "CHN G87654321", "other_number"),
        ("CHN E12345678", "KOR M87654321", "other_state"),
        ("CHN E12345678", "KOR E12345678", "same_number_other_state"),
    ],
)
def test_documents_are_related_as_the_table_says(asked: str, held: str, kind: str) -> None:
    assert _of("document", form(documents=(asked,)), form(documents=(held,))).kind == kind


def test_one_number_with_births_twelve_years_apart_is_a_shared_document() -> None:
    parent = form(born="12-03-1986", documents=("CHN E12345678",))
    child = form(born="05-06-2010", documents=("CHN E12345678",))
    assert _of("document", parent, child).kind == "shared"


def test_a_rare_nationality_in_common_tells_more_than_a_frequent_one() -> None:
    china, nepal = form(nationality="CHN"), form(nationality="Nepal")
    assert _of("nationality", nepal, nepal).bits > _of("nationality", china, china).bits > 0
    assert _of("nationality", china, form(nationality="Hong Kong")).kind == "related"
    assert _of("nationality", china, nepal).bits < 0


@pytest.mark.parametrize(
    ("asked", "held", "kind"),
    [
        ("LIN GUOHUA", "Guo Hua Lin", "same"),
        ("林国华", "LIN GUOHUA", "same"),
        ("김민준", "GIM MIN-JUN", "same"),
        ("MOHD ALI", "Muhammad Ali", "same"),
        ("ANNA MARIA ERIKSSON", "ERIKSSON ANNA", "part_missing"),
        ("SUKARNO", "SUKARNO HADI", "one_part"),
        ("AHMAD BIN HASAN AL-UBAIDI", "HASAN BIN AHMAD AL-UBAIDI", "respelled"),
        ("VLADIMIR SMIRNOV", "VLADIMIR SMIRNOK", "respelled"),
        ("LI WEI", "LI QIANG", "some_differ"),
        ("OLUWASEUN", "KRISTOFFER", "different"),
        ("佐野 健一郎", "TANAKA HIROSHI", "scripts_unread"),
    ],
)
def test_names_are_related_as_the_table_says(asked: str, held: str, kind: str) -> None:
    assert _of("name", form(asked), form(held)).kind == kind


def test_an_alias_counts_as_a_name() -> None:
    compared = _of("name", form("BUDI HARTONO"), form("LI WEI alias BUDI HARTONO"))
    assert (compared.kind, compared.held) == ("same", "BUDI HARTONO")


def test_evidence_is_a_sentence_and_the_parts_sum_to_the_bits() -> None:
    compared = _of("name", form("LIN GUOHUA"), form("Guo Hua Lin"))
    assert compared.evidence.startswith("Name: every part agrees")
    assert sum(part.bits for part in compared.aligned) == compared.bits


def test_no_row_of_the_table_is_there_twice_and_unknown_never_weighs() -> None:
    assert len(BY_KIND) == len(FEATURES)
    assert all(feature.bits == 0 for feature in FEATURES if feature.outcome == "unknown")
    assert all(feature.bits * 8 == int(feature.bits * 8) for feature in FEATURES)


def test_a_nationality_in_common_tells_little_beside_names_that_agree_and_more_without_names() -> None:
    one, other = form("DE VRIES MAARTEN", nationality="NLD"), form("DE VRIES MAARTEN", nationality="NLD")
    assert _of("nationality", one, other).bits == NATIONALITY_BESIDE_A_NAME
    assert _of("nationality", form(nationality="NLD"), form(nationality="NLD")).bits > NATIONALITY_BESIDE_A_NAME


def test_another_script_of_the_held_name_saves_a_latin_spelling_only_where_every_part_meets() -> None:
    held = form("ZHANG XUEYOU", "张学友")
    assert _of("name", form("CHEUNG HOK YAU"), form("ZHANG XUEYOU")).outcome == "differs"
    assert _of("name", form("CHEUNG HOK YAU"), held).outcome == "close"
    stranger = form("JAE JUN KWON", "권재준")
    assert _of("name", form("HA JAE JUN"), stranger).kind == "some_differ"


@pytest.mark.parametrize(
    ("one", "other"),
    [("PAOLO DELROSARIO CRUZ", "PAOLO DEL ROSARIO CRUZ"), ("Annika Vanderberg", "VAN DER BERG ANNIKA")],
)
def test_particles_are_one_with_a_name_or_stand_before_it(one: str, other: str) -> None:
    there, back = _of("name", form(one), form(other)), _of("name", form(other), form(one))
    assert there.outcome == back.outcome == "agrees"
    assert "joined" in [part.kind for part in there.aligned]
    assert there.bits == back.bits


def test_particles_before_another_name_join_nothing() -> None:
    assert _of("name", form("PAOLO DELROSARIO"), form("PAOLO DEL MUNDO")).outcome == "differs"


def test_dates_of_which_no_part_agrees_are_two_whatever_their_digits() -> None:
    assert _of("birth", form(born="1980-02-03"), form(born="1981-12-30")).kind == "different"
