"""What a node says of a database that is not as its mapping says, and that it never writes there."""

from __future__ import annotations

import asyncpg
import pytest

from federation.errors import ConfigError, RecordsUnavailable
from node.records.mapping import parse_mapping
from node.records.source import Source, tables
from tests.postgres import SERVICE, Database

MAPPING = """
[mapping]
member = "imigrasi"
version = "1"
[[record]]
type = "detention"
schema = "Kantor Imigrasi"
table = "rekap"
key = "NO"
protected = "dilindungi"
where = [{ column = "status", one_of = ["AKTIF", "SELESAI'; DROP TABLE x --"] }]
[record.person]
names = [{ column = 'NAMA "LENGKAP" / TTL', take = "before_slash" }]
births = [{ column = "lahir", format = "date" }]
[record.fields]
from = { column = "masuk", format = "date" }
"""
TABLE = """
CREATE SCHEMA "Kantor Imigrasi";
CREATE TABLE "Kantor Imigrasi".rekap (
  "NO" int, "NAMA ""LENGKAP"" / TTL" text, lahir date, masuk timestamptz, status text, dilindungi boolean
);
"""


async def owner(database: Database, statements: str) -> None:
    """Run statements as the agency's own IT."""
    connection = await asyncpg.connect(database.owner_dsn)
    try:
        await connection.execute(statements)
    finally:
        await connection.close()


GRANTS = f'GRANT USAGE ON SCHEMA "Kantor Imigrasi" TO {SERVICE}; GRANT SELECT ON "Kantor Imigrasi".rekap TO {SERVICE};'


def source(database: Database, mapping: str = MAPPING) -> Source:
    return Source(database.service_dsn, parse_mapping(mapping.encode()))


async def test_bad_dates_are_counted_and_their_records_read_all_the_same(database: Database) -> None:
    await owner(
        database,
        f"""{TABLE}{GRANTS} INSERT INTO "Kantor Imigrasi".rekap VALUES
        (1, 'KIM / Seoul', 'infinity', '2026-10-31 20:00+00', 'AKTIF', false),
        (2, 'LEE / Busan', '0044-03-15 BC', NULL, 'AKTIF', false),
        (3, 'PARK / Seoul', '1984-05-17', NULL, 'SELESAI''; DROP TABLE x --', false)""",
    )
    reader = source(database)
    records = [record async for batch in reader.rows() for record in batch]
    assert [record.key for record in records] == ["1", "2", "3"]
    assert records[0].fields == {"from": ("2026-11-01",)}
    assert records[2].person.births[0].year == 1984
    assert reader.faults == {"detention: lahir": 2}


async def test_whoever_is_protected_or_may_be_is_not_read(database: Database) -> None:
    await owner(
        database,
        f"""{TABLE}{GRANTS} INSERT INTO "Kantor Imigrasi".rekap VALUES
        (1, 'KIM', NULL, NULL, 'AKTIF', true), (2, 'LEE', NULL, NULL, 'AKTIF', NULL),
        (3, 'PARK', NULL, NULL, 'BATAL', false), (4, 'CHOI', NULL, NULL, 'AKTIF', false)""",
    )
    reader = source(database)
    assert [record.key async for batch in reader.rows() for record in batch] == ["4"]
    assert await reader.count() == 1


async def test_a_role_that_may_write_is_told_and_still_writes_nothing(database: Database) -> None:
    await owner(database, TABLE)
    reader = Source(database.owner_dsn, parse_mapping(MAPPING.encode()))
    assert await reader.writable() == ("Kantor Imigrasi.rekap",)
    await owner(
        database,
        """CREATE FUNCTION public.plant() RETURNS text LANGUAGE sql VOLATILE AS
        'INSERT INTO "Kantor Imigrasi".rekap ("NO") VALUES (9) RETURNING ''KIM''';
        CREATE VIEW "Kantor Imigrasi".trap AS SELECT "NO", public.plant() AS n FROM "Kantor Imigrasi".rekap;
        INSERT INTO "Kantor Imigrasi".rekap ("NO") VALUES (1)""",
    )
    trap = (
        '[mapping]\nmember = "a"\nversion = "1"\n[[record]]\ntype = "ban"\nschema = "Kantor Imigrasi"\ntable = "trap"\n'
    )
    trapped = parse_mapping(f'{trap}key = "NO"\n[record.person]\nnames = [{{ column = "n" }}]'.encode())
    with pytest.raises(RecordsUnavailable, match="ReadOnlySQLTransactionError"):
        _ = [batch async for batch in Source(database.owner_dsn, trapped).rows()]


async def test_what_is_missing_is_named_with_what_to_do(database: Database) -> None:
    assert (await source(database).check())[0].startswith("detention: schema Kantor Imigrasi is not there")
    await owner(database, TABLE)
    assert "GRANT USAGE ON SCHEMA" in (await source(database).check())[0]
    await owner(database, GRANTS)
    assert await source(database).check() == ()

    def told(right: str, wrong: str) -> Source:
        return source(database, MAPPING.replace(right, wrong))

    assert "table Kantor Imigrasi.rekpa is not there" in (await told('"rekap"', '"rekpa"').check())[0]
    column = (await told('"lahir"', '"lahri"').check())[0]
    assert "person.births[0].column names lahri" in column
    assert "its columns are: NAMA" in column
    assert "protected names status" in (await told('protected = "dilindungi"', 'protected = "status"').check())[0]
    await owner(database, f'REVOKE SELECT ON "Kantor Imigrasi".rekap FROM {SERVICE}')
    assert "GRANT SELECT on Kantor Imigrasi.rekap" in (await source(database).check())[0]


async def test_a_key_that_names_two_rows_is_told(database: Database) -> None:
    rows = (
        "INSERT INTO \"Kantor Imigrasi\".rekap SELECT 1, 'KIM', NULL, NULL, 'AKTIF', false FROM generate_series(1, 2)"
    )
    await owner(database, f"{TABLE}{GRANTS}{rows}")
    assert (await source(database).check())[0].startswith("detention: key NO names more than one row in 1 cases")


async def test_a_database_that_is_not_there_is_unavailable_and_nothing_of_it_is_told(database: Database) -> None:
    lost = Source(database.service_dsn.replace(database.name, "nowhere"), parse_mapping(MAPPING.encode()))
    with pytest.raises(RecordsUnavailable, match=r"could not be read \(InvalidCatalogNameError\)") as caught:
        await lost.count()
    assert caught.value.__cause__ is None
    with pytest.raises(RecordsUnavailable, match="UndefinedTableError"):
        _ = [batch async for batch in source(database).rows()]


async def test_a_type_that_is_not_mapped_is_refused(database: Database) -> None:
    with pytest.raises(ConfigError, match="no records of type visa"):
        await source(database).count("visa")


def test_the_tables_to_grant_are_told() -> None:
    assert tables(parse_mapping(MAPPING.encode())) == (("Kantor Imigrasi", "rekap"),)
