"""An index that keeps keys alone: nothing of a record in it, and answers from the agency's table as it is now."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import asyncpg
import pytest

from federation.errors import ConfigError
from node.cli.calibrating import calibrate
from node.cli.indexing import index_records
from node.cli.inspecting import inspect
from node.cli.refreshing import refresh_once
from node.records.index import Index
from tests.agencies import ABSENT, HELD, PROTECTED
from tests.federation import Federation
from tests.integration.test_index_followed import NODE, answer, clerk, enter, loaded
from tests.postgres import SERVICE

KEYS = '[index]\nkeeps = "keys"\n'
_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'simpul_index' ORDER BY 1"


@pytest.fixture
async def keyed(small: Federation) -> AsyncIterator[Federation]:
    """A node whose index keeps keys alone."""
    await keep_keys_alone(small)
    yield small


async def keep_keys_alone(federation: Federation) -> None:
    """Have the node build such an index, and serve from it."""
    await federation.stop(NODE)
    file = federation.folder(NODE).root / "node.toml"
    file.write_text(file.read_text() + KEYS)
    await index_records(loaded(federation), federation.clock(), show=False)
    await federation.start(NODE)


async def all_bytes(connection: asyncpg.Connection) -> bytes:
    """Every value in every table of the index, one after the other, upper case."""
    found = b""
    for (table,) in await connection.fetch(_TABLES):
        for row in await connection.fetch(f'SELECT * FROM simpul_index."{table}"'):
            found += b" ".join(value if isinstance(value, bytes) else str(value).encode() for value in row)
    return found.upper()


async def test_it_answers_as_an_index_of_values_does_and_holds_no_value(small: Federation) -> None:
    before = [await answer(small, row) for row in (*HELD, *ABSENT, PROTECTED)]
    async with clerk(small) as connection:
        held = await all_bytes(connection)
        assert HELD[0].passport.encode() in held
        assert HELD[0].name.split()[0].encode() in held
    await keep_keys_alone(small)
    for row, known in zip((*HELD, *ABSENT, PROTECTED), before, strict=True):
        (now,), (then,) = (await answer(small, row)).subjects, known.subjects
        assert now.band == then.band
        assert [(m.record_type, m.band, m.fields, m.comparisons) for m in now.matches] == [
            (m.record_type, m.band, m.fields, m.comparisons) for m in then.matches
        ]
    async with clerk(small) as connection:
        held = await all_bytes(connection)
    assert HELD[0].passport.encode() not in held
    assert not [part for row in HELD for part in row.name.split() if part.encode() in held]
    assert not re.search(rb"19[0-9]{2}-[0-9]{2}-[0-9]{2}", held)


async def test_what_was_changed_protected_or_deleted_since_is_told_as_it_is_now(keyed: Federation) -> None:
    assert (await answer(keyed, HELD[0])).subjects[0].band == "strong"
    async with clerk(keyed) as connection:
        await connection.execute("UPDATE agency.orang SET akhir = '2031-03-04' WHERE paspor = $1", HELD[0].passport)
        await connection.execute("UPDATE agency.orang SET dilindungi = true WHERE paspor = $1", HELD[1].passport)
        await connection.execute("DELETE FROM agency.orang WHERE paspor = $1", HELD[2].passport)
    (subject,) = (await answer(keyed, HELD[0])).subjects
    (permit,) = (match for match in subject.matches if match.record_type == "stay_permit")
    assert ("2031-03-04",) in [values for _, values in permit.fields]
    for row in HELD[1:3]:
        assert (await answer(keyed, row)).subjects[0].band == "none"


async def test_a_refresh_finds_what_is_new_and_leaves_no_key_of_what_is_gone(keyed: Federation) -> None:
    await enter(keyed, ABSENT[0])
    async with clerk(keyed) as connection:
        await connection.execute("DELETE FROM agency.orang WHERE paspor = $1", HELD[2].passport)
        made = await refresh_once(loaded(keyed), keyed.clock, compare=True)
        assert [(each["added"], each["removed"], each["why"]) for each in made["types"]] == [(1, 1, "")] * 2
        lost = (
            "SELECT count(*) FROM simpul_index.match_key WHERE rec NOT IN (SELECT rec FROM simpul_index.match_record)"
        )
        assert await connection.fetchval(lost) == 0
    assert (await answer(keyed, ABSENT[0])).subjects[0].band == "strong"


async def test_while_the_agencys_table_cannot_be_read_the_node_is_unavailable_and_then_answers_again(
    keyed: Federation,
) -> None:
    async with clerk(keyed) as connection:
        await connection.execute(f"REVOKE SELECT ON agency.orang FROM {SERVICE}")
        for row in (HELD[0], ABSENT[0]):  # whether a person is held is not to be read off the silence
            told = await keyed.ask(keyed.query(row.person))
            assert told.silence(NODE) == "unavailable"
        await connection.execute(f"GRANT SELECT ON agency.orang TO {SERVICE}")
    assert (await answer(keyed, HELD[0])).subjects[0].band == "strong"


async def test_a_record_is_inspected_from_its_table_and_nothing_is_estimated_from_keys(keyed: Federation) -> None:
    found = await inspect(loaded(keyed), "R-0001", "stay_permit")
    assert found["read"][0]["written"]
    assert found["fields"]
    with pytest.raises(ConfigError, match="keeps keys alone"):
        await calibrate(loaded(keyed), keyed.clock(), 1000, lambda _: None)


async def test_an_index_that_keeps_other_than_the_configuration_says_is_refused_with_what_to_do(
    keyed: Federation,
) -> None:
    pool = await asyncpg.create_pool(loaded(keyed).config.index_dsn, min_size=1, max_size=1)
    try:
        with pytest.raises(ConfigError, match=r"keeps keys and \[index\] says values: run simpul-node index"):
            await Index.open(pool, loaded(keyed).secret_file)
    finally:
        await pool.close()


async def test_an_index_of_keys_is_refused_where_records_are_in_a_file(keyed: Federation) -> None:
    mapping = keyed.folder(NODE).root / "mapping.toml"
    text = mapping.read_text()
    (keyed.folder(NODE).root / "orang.csv").write_text("id,nama\n1,KIM MINJUN\n")
    in_file = '[[record]]\ntype = "detention"\nfile = { path = "orang.csv" }\nkey = "id"\n[record.person]\n'
    mapping.write_text(text[: text.index("[[record]]")] + in_file + 'names = [{ column = "nama" }]\n')
    with pytest.raises(ConfigError, match='detention is in files; write keeps = "values"'):
        await index_records(loaded(keyed), keyed.clock(), show=False)
    mapping.write_text(text)
