"""Parameters estimated without labels: they come near what made the data, and stay where the data tell nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest

from federation.person import Birth, Person
from matching.describe import describe
from matching.estimate import Drawn, Estimate, estimate
from matching.form import Form, prepare
from matching.frequencies import PUBLISHED
from matching.parameters import MOST_SHIFT, PRESET, estimable

PEOPLE = 400
LETTERS = "BCDFGKLMNPRSTV"
OFTEN = 0.3


def invented(chance: Random) -> Person:
    def word() -> str:
        return "".join(chance.choice(LETTERS) + chance.choice("AEIOU") for _ in range(4))

    born = date(1950, 1, 2) + timedelta(days=chance.randrange(18_000))
    number = f"{chance.choice(LETTERS)}{chance.randrange(10**7):07d}"
    return describe(names=[f"{word()} {word()}"], born=born.isoformat(), documents=[f"CHN {number}"], sex="M")


def with_another_birth(person: Person, chance: Random) -> Person:
    """A date that has nothing of the true one: as where it was taken from another person."""
    return replace(person, births=(Birth(text="", year=chance.randrange(1900, 1940), month=11, day=25),))


@pytest.fixture(scope="module")
def people() -> tuple[list[Form], list[Form]]:
    """People, and the same people of whom three in ten have another birth date."""
    chance = Random(5)
    persons = [invented(chance) for _ in range(PEOPLE)]
    copies = [with_another_birth(each, chance) if chance.random() < OFTEN else each for each in persons]
    return [prepare(each) for each in persons], [prepare(each) for each in copies]


def estimated(drawn: list[Drawn], forms: list[Form], told: list[tuple[int, float]] | None = None) -> Estimate:
    chance = Random(3)
    by_chance = [(chance.choice(forms), chance.choice(forms)) for _ in range(3_000)]
    rounds = told if told is not None else []
    return estimate(drawn, by_chance, PEOPLE**2, PUBLISHED, lambda number, matches: rounds.append((number, matches)))


def test_a_date_that_is_often_wrong_comes_to_weigh_less_against(people: tuple[list[Form], list[Form]]) -> None:
    ours, theirs = people
    told: list[tuple[int, float]] = []
    found = estimated([Drawn(a, b) for a, b in zip(ours, theirs, strict=True)], theirs, told)
    seen = found.rows["birth", "different"]
    assert seen.m == pytest.approx(OFTEN, abs=0.06)
    assert seen.u > 0.9
    assert -3.5 < seen.bits < -1
    assert found.matches == pytest.approx(PEOPLE, rel=0.05)
    assert [number for number, _ in told] == list(range(1, len(told) + 1))


def test_pairs_of_strangers_alone_leave_the_preset_where_it_was(people: tuple[list[Form], list[Form]]) -> None:
    ours, theirs = people
    found = estimated([Drawn(a, b) for a, b in zip(ours, theirs[1:], strict=False)], theirs)
    assert found.matches < 3
    for row in estimable():
        assert abs(found.parameters.rows[row] - PRESET.rows[row]) < 1, row


def test_each_draw_counts_for_the_pairs_that_it_stands_for(people: tuple[list[Form], list[Form]]) -> None:
    ours, theirs = people
    drawn = [Drawn(a, b, 10.0) for a, b in zip(ours[:40], theirs[:40], strict=True)]
    assert estimated(drawn, theirs).matches == pytest.approx(PEOPLE, rel=0.1)


def test_no_row_changes_its_sign_or_goes_further_than_a_file_may(people: tuple[list[Form], list[Form]]) -> None:
    ours, theirs = people
    found = estimated([Drawn(a, b) for a, b in zip(ours, theirs, strict=True)], theirs)
    for row in estimable():
        preset, bits = PRESET.rows[row], found.parameters.rows[row]
        assert abs(bits - preset) <= MOST_SHIFT
        assert bits * preset >= 0


def test_nothing_drawn_is_no_fault(people: tuple[list[Form], list[Form]]) -> None:
    assert dict(estimated([], people[0]).parameters.rows) == dict(PRESET.rows)
