"""Whole names in two scripts."""

from __future__ import annotations

import pytest

from matching.alignment import align
from matching.form import name_form
from matching.model import DEFAULT

ONE = (
    ("习近平", "Xi Jinping"),
    ("安倍晋三", "Shinzo Abe"),
    ("金正恩", "Kim Jong Un"),
    ("梁振英", "Leung Chun-ying"),
    ("奥巴马", "Obama"),
    ("마이클 잭슨", "Michael Jackson"),
    ("김정은", "Kim Jong-un"),
    ("Путин Владимир", "Wladimir Putin"),
    ("معمر القذافي", "Moammar Qaddafi"),
    ("ナレンドラ・モディ", "Narendra Modi"),
    ("บารัค โอบามา", "Barack Obama"),
    ("Владимир Путин", "فلاديمير بوتين"),
)
TWO = (
    ("习近平", "Li Keqiang"),
    ("Владимир Путин", "Vladimir Kara-Murza"),
    ("김정은", "Kim Il-sung"),
    ("محمد مرسي", "Muhammad Ali"),
)


@pytest.mark.parametrize(("asked", "held"), ONE)
def test_one_name_in_two_scripts_weighs_for_and_alike_in_both_directions(asked: str, held: str) -> None:
    found = align(name_form(asked), name_form(held), DEFAULT)
    assert found.bits > 4
    assert align(name_form(held), name_form(asked), DEFAULT).bits == found.bits


@pytest.mark.parametrize(("asked", "held"), TWO)
def test_two_names_in_two_scripts_that_share_a_part_weigh_little(asked: str, held: str) -> None:
    assert align(name_form(asked), name_form(held), DEFAULT).bits <= 3


@pytest.mark.parametrize(("asked", "held"), (*ONE, *TWO))
def test_the_parts_sum_to_the_bits(asked: str, held: str) -> None:
    found = align(name_form(asked), name_form(held), DEFAULT)
    assert sum(part[3] for part in found.parts) == found.bits


def test_two_han_names_are_compared_by_their_characters_and_not_by_their_sound() -> None:
    same = align(name_form("高市早苗"), name_form("高市早苗"), DEFAULT)
    other = align(name_form("高石早苗"), name_form("高市早苗"), DEFAULT)
    assert other.bits < same.bits
    assert "homophone" in {part[2] for part in other.parts}


def test_simplified_and_traditional_characters_are_one() -> None:
    assert align(name_form("習近平"), name_form("习近平"), DEFAULT).kind == "same"


def test_a_lineage_turned_round_is_another_person_and_a_surname_first_is_not() -> None:
    turned = align(name_form("Ahmad bin Hasan"), name_form("Hasan bin Ahmad"), DEFAULT)
    habit = align(name_form("Zhang Guangming"), name_form("Guangming Zhang"), DEFAULT)
    assert turned.bits < 4 < habit.bits


def test_father_and_son_are_told_apart_by_the_mark_of_their_generation() -> None:
    plain = align(name_form("Ferdinand Marcos"), name_form("Ferdinand Marcos"), DEFAULT)
    one_side = align(name_form("Ferdinand Marcos"), name_form("Ferdinand Marcos Jr."), DEFAULT)
    both = align(name_form("Ferdinand Marcos Sr."), name_form("Ferdinand Marcos Jr."), DEFAULT)
    assert plain.bits > one_side.bits > both.bits
