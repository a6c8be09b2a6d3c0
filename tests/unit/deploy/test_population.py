"""The invented population is the same everywhere, mixed as stated, and holds what was planted."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from deploy.demo.population.generate import REFERENCE_DAY, SEED, individual, population
from deploy.demo.population.individual import Individual
from deploy.demo.population.planted import PLANTED
from deploy.demo.population.plants import SHARES
from tests.unit.deploy.canonical import digest_of

FIRST_THOUSAND = "8836efaf0fbc62d8d7b7af71b6495d77e80a59acd947efb1de9b647edcd83a80"


@pytest.fixture(scope="module")
def people() -> list[Individual]:
    return list(population(SEED, 6000))


def test_the_first_thousand_people_are_always_the_same(people: list[Individual]) -> None:
    assert digest_of(people[:1000]) == FIRST_THOUSAND


def test_a_person_is_the_same_at_any_size(people: list[Individual]) -> None:
    assert list(population(SEED, 20))[17] == people[17] == individual(SEED, 17)


def test_another_seed_makes_other_people(people: list[Individual]) -> None:
    assert individual(SEED + 1, 17).name != people[17].name


def test_another_day_moves_permits_but_neither_names_nor_births(people: list[Individual]) -> None:
    later = individual(SEED, 17, REFERENCE_DAY + timedelta(days=100))
    assert (later.name, later.born, later.passport.number) == (
        people[17].name,
        people[17].born,
        people[17].passport.number,
    )
    assert later.permit.end == people[17].permit.end + timedelta(days=100)


def test_nationalities_come_in_the_stated_shares(people: list[Individual]) -> None:
    shares = {nation: count / len(people) for nation, count in Counter(each.nationality for each in people).items()}
    assert abs(shares["CHN"] - 0.49) < 0.03
    assert abs(shares["JPN"] - 0.095) < 0.02
    assert abs(shares["KOR"] - 0.093) < 0.02
    assert len(shares) == 19
    assert abs(sum(each.sex == "M" for each in people) / len(people) - 0.86) < 0.03


def test_names_are_written_in_many_scripts(people: list[Individual]) -> None:
    scripts = {each.name.script for each in people}
    assert scripts >= {"Hans", "Hant", "Hang", "Jpan", "Deva", "Arab", "Beng", "Thai", "Cyrl", "Latn"}
    assert all(each.name.family.isascii() and each.name.given.isascii() for each in people)


@pytest.mark.parametrize("fault", sorted(SHARES))
def test_a_fault_is_planted_as_often_as_its_harmless_look_alike(people: list[Individual], fault: str) -> None:
    counts = Counter(plant for each in people for plant in each.plants)
    expected = SHARES[fault] * len(people)
    for kind in (fault, f"{fault}_lookalike"):
        assert 0.3 * expected <= counts[kind] <= 2.2 * expected + 2


def test_an_overstayer_has_an_ended_permit_and_no_exit(people: list[Individual]) -> None:
    found = [each for each in people if "overstay" in each.plants]
    assert found
    for each in found:
        assert each.permit.end < each.on
        assert each.crossings[-1].inward
        assert each.permit.status == "AKTIF"


def test_whoever_looks_like_an_overstayer_has_left_or_asked_for_an_extension(people: list[Individual]) -> None:
    found = [each for each in people if "overstay_lookalike" in each.plants]
    assert found
    assert all(not each.crossings[-1].inward or each.permit.status != "AKTIF" for each in found)


def test_nobody_else_stays_beyond_the_permit(people: list[Individual]) -> None:
    others = [each for each in people if not any(plant.startswith("overstay") for plant in each.plants)]
    assert all(each.permit.end >= each.on for each in others)


def test_a_passport_number_is_shared_only_where_that_was_planted(people: list[Individual]) -> None:
    holders: dict[str, list[Individual]] = {}
    for each in people:
        holders.setdefault(each.passport.number, []).append(each)
    shared = [group for group in holders.values() if len(group) > 1]
    assert shared
    for group in shared:
        assert any(plant.startswith("shared_document") for each in group for plant in each.plants)


def test_crossings_run_forwards_and_births_lie_in_the_past(people: list[Individual]) -> None:
    for each in people:
        assert list(each.crossings) == sorted(each.crossings, key=lambda crossing: crossing.at)
        assert date(1940, 1, 1) < each.born < each.on


def test_the_planted_persons_come_first_and_are_known_where_the_demonstration_needs_them(
    people: list[Individual],
) -> None:
    by_key = {who.key: person for who, person in zip(PLANTED, people, strict=False)}
    chen, lin = by_key["joint_operation"], by_key["routine_oversight"]
    assert (chen.name.native, chen.born, chen.passport.number) == ("陈晓明", date(1984, 5, 17), "EJ3051742")
    assert len(chen.known_to) == 8
    assert lin.permit.end < lin.on
    assert lin.known_to >= {"imigrasi", "disnakertrans", "disdukcapil"}
    assert by_key["protected"].protected
    assert by_key["wanted"].wanted
