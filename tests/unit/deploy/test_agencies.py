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
    "imigrasi": "685c288b5490d239056faba03fa9933ebd51afef01cb0c958efe9109962b04a6",
    "tni": "120f0ecaf5a8c06e6c6d65305dfbba32f5442687a95c1660c393eaa6550430a7",
    "polri": "32f181987ca0edb3e17ca64f3b8e1453a1ad4cd5a4af90950c735bdf439938f7",
    "kejaksaan": "9a416fc14bea8bd815fa18adc629ca74267b32764031c7b9f2908092cae57a8a",
    "binda": "bc91117ab468409fe2ba8ac9401c6a6c0da90df7bff25230dda83b870704f144",
    "bnnp": "e677cca70e7b1fb89d0e61966c451571b1f237a13b997de0b764b9ea6a03f258",
    "kesbangpol": "e5a6d8efddc723212994eccdc94b71c9d9df045901dabf4cf6d5570f1575acd9",
    "disnakertrans": "673900373201f77c9278f1b3481805cd2334b4cb01e581717838096d64724691",
    "disdukcapil": "ae065efd864041704f7a4dedc5fba3f1bdad7e3dd00d9d6e596f717621c3fdea",
    "bea_cukai": "af5099ba9b4bbd57d620fa6eb9d18f558531d45c515fff2e2bc75bfe0e2e5878",
    "pemkab_serang": "d58ba5114288dbdd79b223c6f3f3c5793ee8a74126eb279bf730f908a679a863",
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
    assert COVERAGE[agency] * 0.75 - 0.001 <= share <= COVERAGE[agency] * 1.2 + 0.003


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
