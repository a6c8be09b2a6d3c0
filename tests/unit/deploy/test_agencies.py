"""Eleven agencies write the same people down in eleven ways, with the mistakes and the coverage that are stated."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from deploy.demo.agencies.bea_cukai.views import lines
from deploy.demo.agencies.loading import AGENCIES, Truth, learn, mapping_path, schema, view, write, write_truth
from deploy.demo.agencies.noise import BY_EAR, by_ear, long_date, swapped
from deploy.demo.agencies.sheet import Sheet
from deploy.demo.population.generate import SEED, population
from deploy.demo.population.individual import Individual
from federation.terms import terms
from matching.mrz import read_lines
from node.records.mapping import load_mapping
from tests.unit.deploy.canonical import digest_of

FIRST_THOUSAND = {
    "imigrasi": "451a6ca7135d1fa4e82d1490dc4c17fd039c2e5ea7115ddb42c4dc78285d752e",
    "tni": "c07c4df823593dc77ef94dd9b92ab658f419b04304d7d598d9194108225b51eb",
    "polri": "baf37b8aa70dd0f5d951713e5fa43576b1fb69212c347156aa1c4e3dedeaa926",
    "kejaksaan": "250339ea25714ef8fa2c64bf44aacdbe34ff4cb2bb2b9fca4f8c56b123b55fe2",
    "binda": "ae04a20340baf62b38c84ba93d021a67ac3495db2a7810951e1e2fe80da6fd1d",
    "bnnp": "6ffdf1472d4d38d4021d951d01c7eae291c9bdd3ae2c5ee50832b0e5b340b8bc",
    "kesbangpol": "b8a58f62d67dd5c8191ae4ab85532006860e51632d3f4509870c56411c6e1f28",
    "disnakertrans": "c6ee7120fd835b5cefeceff7640488b7764b155683b9879d3bcb67cf8fcd95d4",
    "disdukcapil": "fb08b0e84daf7cd056503f301aed3425c4ea6816d2666c8fe0f63de50618dc27",
    "bea_cukai": "9293bcbcd9fa4a6783560f98bfe092e96df6da9f4bcc6d757a0dfbf355c8766f",
    "pemkab_serang": "339d9491671e2481f65b5fcc47b572384ecbf10d463f1242aaa70a02b926b440",
}
# Shares of the population (domain-annex C); disnakertrans and others follow from why people are here.
COVERAGE = {
    "imigrasi": 1.0,
    "bea_cukai": 0.85,
    "disnakertrans": 0.45,
    "disdukcapil": 0.40,
    "pemkab_serang": 0.35,
    "kesbangpol": 0.12,
    "polri": 0.08,
    "tni": 0.03,
    "kejaksaan": 0.006,
    "bnnp": 0.004,
    "binda": 0.008,
}


@pytest.fixture(scope="module")
def people() -> list[Individual]:
    return list(population(SEED, 6000))


@pytest.fixture(scope="module")
def sheets(people: list[Individual]) -> dict[str, Sheet]:
    made = {agency: Sheet(view(agency).tables) for agency in AGENCIES}
    for agency, sheet in made.items():
        write(sheet, agency, people)
    return made


@pytest.fixture(scope="module")
def truth(people: list[Individual]) -> Truth:
    return learn(people)


@pytest.mark.parametrize("agency", AGENCIES)
def test_the_rows_of_the_first_thousand_people_are_always_the_same(people: list[Individual], agency: str) -> None:
    sheet = Sheet(view(agency).tables)
    write(sheet, agency, people[:1000])
    assert digest_of(sheet.tables.items()) == FIRST_THOUSAND[agency]


@pytest.mark.parametrize("agency", AGENCIES)
def test_an_agency_knows_the_stated_share_of_the_population(people: list[Individual], agency: str) -> None:
    share = sum(agency in each.known_to for each in people) / len(people)
    stated = COVERAGE[agency]
    assert abs(share - stated) <= 0.15 * stated + 4 * (stated / len(people)) ** 0.5


@pytest.mark.parametrize("agency", AGENCIES)
def test_every_row_has_a_value_for_each_column(sheets: dict[str, Sheet], agency: str) -> None:
    for table, columns in view(agency).tables.items():
        assert sheets[agency].tables[table], table
        assert {len(row) for row in sheets[agency].tables[table]} == {len(columns)}


@pytest.mark.parametrize("agency", AGENCIES)
def test_the_mapping_is_the_agencys_and_names_only_fields_that_may_leave(agency: str) -> None:
    mapping = load_mapping(mapping_path(agency))
    assert mapping.mapping.member == agency
    for record in mapping.record:
        assert set(record.fields) <= set(terms().record_type[record.type].fields)
        assert record.table in schema(agency)


def test_every_record_type_is_held_by_one_agency() -> None:
    held = [record.type for agency in AGENCIES for record in load_mapping(mapping_path(agency)).record]
    assert sorted(held) == sorted(terms().record_type)


def test_health_data_is_in_the_database_and_in_no_mapping(sheets: dict[str, Sheet]) -> None:
    assert sheets["bnnp"].tables["rehab"]
    assert "rehab" not in {record.table for record in load_mapping(mapping_path("bnnp")).record}


def test_the_planted_person_is_written_down_by_eight_agencies(truth: Truth) -> None:
    assert len(truth.keys[0]) == 8
    assert set(truth.keys[1]) >= {"imigrasi", "disnakertrans", "disdukcapil"}


@pytest.mark.parametrize(
    ("agency", "table", "mistaken", "share"),
    [
        ("kesbangpol", "rekap_wna", lambda row: " / " not in row[1], 0.30),
        ("disnakertrans", "tka", lambda row: row[3] is None, 0.10),
        ("tni", "lap_orang_asing", lambda row: row[3].count("-") != 2, 0.50),
        ("pemkab_serang", "lapor_tamu", lambda row: len(row[3].split()) < 3, 0.60),
        ("bnnp", "tersangka", lambda row: row[6] is None, 0.20),
        ("binda", "subjek", lambda row: row[4] is None, 0.40),
        ("polri", "stm", lambda row: row[3] is not None, 0.15),
    ],
)
def test_clerks_make_their_mistakes_about_as_often_as_stated(
    sheets: dict[str, Sheet], agency: str, table: str, mistaken: Callable[[tuple[str, ...]], bool], share: float
) -> None:
    rows = sheets[agency].tables[table]
    found = sum(map(mistaken, rows)) / len(rows)  # type: ignore[arg-type]
    assert abs(found - share) < 3 * (share * (1 - share) / len(rows)) ** 0.5 + 0.02


def test_immigration_leaves_some_people_on_their_old_passport(
    people: list[Individual], sheets: dict[str, Sheet]
) -> None:
    rows = sheets["imigrasi"].tables["orang_asing"]
    old = sum(row[5] != person.passport.number for row, person in zip(rows, people, strict=True))
    assert abs(old / len(rows) - 0.08) < 0.015


def test_customs_lines_are_right_by_their_check_digits(people: list[Individual]) -> None:
    for person in people[:200]:
        reading = read_lines(*lines(person), person.on)
        assert not reading.failed
        assert reading.person.births[0].year == person.born.year
        assert reading.person.nationalities[0].code == (person.second_nationality or person.nationality)


def test_customs_cuts_some_names_and_misreads_some_lines(people: list[Individual], sheets: dict[str, Sheet]) -> None:
    right = {lines(person) for person in people}
    rows = sheets["bea_cukai"].tables["cd_penumpang"]
    wrong = sum((row[1], row[2]) not in right for row in rows) / len(rows)
    assert abs(wrong - 0.04) < 0.02
    assert all(len(str(row[1])) == len(str(row[2])) == 44 for row in rows)


def test_records_of_protected_people_are_withheld_in_the_truth(tmp_path: Path, people: list[Individual]) -> None:
    path = tmp_path / "truth.jsonl"
    write_truth(path, people[:50])
    written = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    assert len(written) == 50
    guarded = next(line for line in written if line["protected"])
    assert guarded["records"] == {}
    assert set(guarded["withheld"]) == {"imigrasi", "polri", "disdukcapil"}
    assert "stay_permit/2C1100000-26" in written[0]["records"]["imigrasi"]


def test_day_and_month_are_swapped_only_where_that_is_a_date() -> None:
    assert swapped(date(1984, 3, 12)) == date(1984, 12, 3)
    assert swapped(date(1984, 5, 17)) == date(1984, 5, 17)


def test_a_date_is_written_out_in_indonesian() -> None:
    assert long_date(date(1984, 3, 12)) == "12 Maret 1984"


def test_a_name_is_spelled_as_it_is_heard() -> None:
    assert by_ear("ZHANG XIAOMING") == "CANG SIAUMING"
    assert len(BY_EAR) == len({sound for sound, _ in BY_EAR})
