"""Eleven agencies' databases, filled as they are in the demonstration, each read back through its mapping."""

from __future__ import annotations

import asyncpg
import pytest

from deploy.demo.agencies.loading import AGENCIES, Truth, load, mapping_path, schema
from deploy.demo.population.generate import SEED, population
from deploy.demo.population.individual import Individual
from federation.terms import terms
from node.records.mapping import load_mapping
from node.records.source import Source, SourceRecord, tables
from tests.postgres import SERVICE, Database, Server


@pytest.fixture(scope="module")
def people() -> list[Individual]:
    return list(population(SEED, 1200))


async def filled(database: Database, agency: str, people: list[Individual], truth: Truth) -> Source:
    """Fill an agency's database as its owner, and read it as a role that may only SELECT."""
    connection = await asyncpg.connect(database.owner_dsn)
    try:
        await connection.execute(schema(agency))
        counts = await load(connection, agency, people, truth)
        assert sum(counts.values()) > 0
        mapping = load_mapping(mapping_path(agency))
        for name, table in tables(mapping):
            await connection.execute(f'GRANT USAGE ON SCHEMA "{name}" TO {SERVICE}')
            await connection.execute(f'GRANT SELECT ON "{name}"."{table}" TO {SERVICE}')
    finally:
        await connection.close()
    return Source(database.service_dsn, mapping)


async def everything(source: Source) -> dict[str, SourceRecord]:
    """Every record by `type/key`; a key that stands for two records is a failure."""
    found: dict[str, SourceRecord] = {}
    async for batch in source.rows(batch=100):
        for record in batch:
            assert f"{record.type}/{record.key}" not in found
            found[f"{record.type}/{record.key}"] = record
    return found


@pytest.mark.parametrize("agency", AGENCIES)
async def test_every_record_an_agency_wrote_is_read_and_no_protected_one(
    database: Database, people: list[Individual], agency: str
) -> None:
    truth = Truth()
    source = await filled(database, agency, people, truth)
    guarded = {person.number for person in people if person.protected}
    assert guarded
    written = {key for number, keys in truth.keys.items() if number not in guarded for key in keys.get(agency, ())}
    assert await source.check() == ()
    assert await source.writable() == ()
    assert await source.count() == len(written)

    records = await everything(source)
    assert set(records) == written
    known = terms().record_type
    as_of = {record.type: record.as_of for record in source.records}
    for record in records.values():
        assert set(record.fields) <= set(known[record.type].fields)
        assert record.person.names or record.person.documents
        assert (record.as_of is None) == (as_of[record.type] == "refresh")
        assert all(coded.code for coded in record.person.nationalities)
    assert not source.faults


async def test_the_planted_person_is_read_at_the_agencies_that_know_him(
    postgres: Server, people: list[Individual]
) -> None:
    found = 0
    for agency in sorted(people[0].known_to):
        database = postgres.create_database("log_template")
        source = await filled(database, agency, people[:10], Truth())
        records = (await everything(source)).values()
        postgres.drop(database)
        chen = [each for each in records if any("chen" in name.text.lower() for name in each.person.names)]
        found += any(
            (birth.year, birth.month, birth.day) == (1984, 5, 17) for each in chen for birth in each.person.births
        )
    assert found >= 6


async def test_only_one_type_is_read_where_one_is_asked_for(database: Database, people: list[Individual]) -> None:
    source = await filled(database, "imigrasi", people, Truth())
    async for batch in source.rows("ban"):
        assert {record.type for record in batch} == {"ban"}
    assert await source.count("ban") < await source.count("stay_permit")


async def test_of_several_crossings_the_last_is_read(database: Database, people: list[Individual]) -> None:
    truth = Truth()
    source = await filled(database, "imigrasi", people, truth)
    records = await everything(source)
    person = next(each for each in people if len(each.crossings) == 3)
    key = next(key for key in truth.keys[person.number]["imigrasi"] if key.startswith("movement/"))
    last = person.crossings[-1].at.replace(microsecond=0).isoformat().replace("+00:00", "Z")
    assert records[key].fields["last_at"] == (last,)
    assert records[key].fields["last_direction"] == ("in",)
