"""The match index in step with the agency's table, in each of the three ways, and after whatever went wrong."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import msgspec
import pytest

from federation.errors import ConfigError
from node.records.mapping import parse_mapping
from node.records.notices import Listener, Notices, trigger_statements
from node.records.refresh import Refresher
from node.records.source import Source
from node.records.state import IndexLost
from tests.federation import NODE_TEMPLATE
from tests.integration.stepped import PERSON, TABLE, Step, mapping
from tests.postgres import Server

THREE = (
    "INSERT INTO agency.orang (id, nama, lahir, paspor) VALUES (1, 'KIM MINJUN', '1984-05-17', 'M1234567'),"
    " (2, 'OKONJO CHUKWUEMEKA', '1985-07-03', 'A09917354'), (3, 'PHANOMWAN SIRIRAT', '1988-01-08', 'AB7730915')"
)
FOURTH = "INSERT INTO agency.orang (id, nama, lahir, paspor) VALUES (4, 'BAEK SEUNGYEON', '1995-06-11', 'M90347751')"
CHANGED = "UPDATE agency.orang SET nama = 'KIM MINJOON', diubah = clock_timestamp() WHERE id = 1"
REMOVED = "DELETE FROM agency.orang WHERE id = 2"


@pytest.fixture
def step(federations: Server) -> Iterator[Step]:
    """An agency with a database of its own."""
    database = federations.create_database(NODE_TEMPLATE)
    yield Step(database, mapping())
    federations.drop(database)


async def three(step: Step, *lines: str) -> None:
    """Three records, mapped with some further lines, and indexed."""
    step.mapping = mapping(*lines)
    await step.execute(TABLE, THREE)
    assert await step.build() == 3


@asynccontextmanager
async def listening(step: Step) -> AsyncIterator[Listener]:
    """Hear the triggers that `simpul-node trigger` prints, installed by the owner of the tables."""
    await step.execute(trigger_statements(step.mapping))
    listener = Listener(step.database.service_dsn, "imigrasi")
    try:
        await listener.catch_up()
        assert await step.done(listener.notices) == ("compared", 0, 0, 0)  # what came before it listened nobody told
        yield listener
    finally:
        await listener.close()


async def in_step(step: Step) -> bool:
    """Whether the index holds exactly what a build from nothing would."""
    found = await step.contents()
    await step.build()
    return found == await step.contents()


async def test_by_comparison_all_changes_are_seen_within_one_pass(step: Step) -> None:
    await three(step)
    assert await step.done() == ("compared", 0, 0, 0)
    await step.execute(FOURTH, CHANGED, REMOVED)
    assert await step.done() == ("compared", 1, 1, 1)
    assert await step.names() == {"1": "KIM MINJOON", "3": "PHANOMWAN SIRIRAT", "4": "BAEK SEUNGYEON"}
    assert await in_step(step)


@pytest.mark.parametrize("column", ["diubah", "nomor"])
async def test_by_a_change_column_what_is_new_is_seen_at_once_and_what_is_gone_by_the_next_comparison(
    step: Step, column: str
) -> None:
    await three(step, f'changed = "{column}"', "compare_s = 3600")
    await step.execute(FOURTH, REMOVED)
    assert await step.done() == ("changed", 1, 0, 0)
    assert set(await step.names()) == {"1", "2", "3", "4"}
    step.at += timedelta(hours=1)
    assert await step.done() == ("compared", 0, 0, 1)
    assert await in_step(step)


async def test_by_a_change_column_a_change_is_seen_and_a_row_marked_deleted_is_removed_at_once(step: Step) -> None:
    await three(step, 'changed = "diubah"', 'deleted = "dihapus"')
    await step.execute(CHANGED, "UPDATE agency.orang SET dihapus = now(), diubah = clock_timestamp() WHERE id = 2")
    assert await step.done() == ("changed", 0, 1, 1)
    assert await step.names() == {"1": "KIM MINJOON", "3": "PHANOMWAN SIRIRAT"}
    assert await in_step(step)


async def test_by_a_trigger_all_changes_are_seen_within_one_pass(step: Step) -> None:
    await three(step, 'refresh = "notify"')
    async with listening(step) as listener:
        assert await step.done(listener.notices) == ("unchanged", 0, 0, 0)
        await step.execute(FOURTH, CHANGED, REMOVED, "UPDATE agency.orang SET id = 7 WHERE id = 3")
        await listener.catch_up()
        assert await step.done(listener.notices) == ("notified", 2, 1, 2)
        assert await step.names() == {"1": "KIM MINJOON", "7": "PHANOMWAN SIRIRAT", "4": "BAEK SEUNGYEON"}
        await step.execute("TRUNCATE agency.orang")
        await listener.catch_up()
        assert await step.done(listener.notices) == ("compared", 0, 0, 3)
    assert await in_step(step)


async def test_a_follower_wakes_as_soon_as_a_trigger_tells(step: Step) -> None:
    await three(step, 'refresh = "notify"')
    async with listening(step) as listener:
        assert not listener.notices.came.is_set()
        await step.execute(FOURTH)
        await listener.catch_up()
        assert listener.notices.came.is_set()


async def test_a_notice_lost_with_its_session_is_healed_by_the_comparison_that_follows(step: Step) -> None:
    await three(step, 'refresh = "notify"')
    async with listening(step) as listener:
        admin = await asyncpg.connect(step.database.admin_dsn)
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'simpul-node listener'"
        )
        await admin.close()
        await step.execute(FOURTH, REMOVED)
        while not listener.notices.lost:
            await listener.catch_up()
        await listener.catch_up()
        assert await step.done(listener.notices) == ("compared", 1, 0, 1)


async def test_a_notice_that_never_came_is_healed_when_a_comparison_is_due(step: Step) -> None:
    await three(step, 'refresh = "notify"', "compare_s = 600")
    async with listening(step) as listener:
        await step.execute("ALTER TABLE agency.orang DISABLE TRIGGER simpul_row", FOURTH, REMOVED)
        await listener.catch_up()
        assert await step.done(listener.notices) == ("unchanged", 0, 0, 0)
        step.at += timedelta(minutes=10)
        assert await step.done(listener.notices) == ("compared", 1, 0, 1)


async def test_while_nothing_can_be_heard_a_type_waits_for_its_comparison_and_its_age_tells(step: Step) -> None:
    await three(step, 'refresh = "notify"', "compare_s = 600")
    before = (await step.state()).as_of
    listener = Listener(step.database.service_dsn.replace(step.database.name, "nowhere"), "imigrasi")
    await listener.catch_up()
    await step.execute(FOURTH)
    assert await step.done(listener.notices) == ("waits", 0, 0, 0)
    assert (await step.state()).as_of == before
    step.at += timedelta(minutes=10)
    assert await step.done(listener.notices) == ("compared", 1, 0, 0)


async def test_notices_taken_by_a_pass_that_failed_are_not_forgotten(step: Step) -> None:
    await three(step, 'refresh = "notify"')
    async with listening(step) as listener:
        await step.execute(FOURTH, "REVOKE SELECT ON agency.orang FROM simpul_service")
        await listener.catch_up()
        (told,) = await step.refresh(listener.notices)
        assert told.done == "failed"
        await step.execute("GRANT SELECT ON agency.orang TO simpul_service")
        await listener.catch_up()
        assert await step.done(listener.notices) == ("compared", 1, 0, 0)


async def test_a_trigger_fails_no_transaction_of_the_agency_whatever_its_names_and_keys(step: Step) -> None:
    long = os.urandom(4500).hex()  # which nothing makes shorter
    table = """CREATE SCHEMA "Kantor ""Imi";
    CREATE TABLE "Kantor ""Imi"."re'kap $simpul$" ("NO'; --\nx" text, nama text);
    GRANT USAGE ON SCHEMA "Kantor ""Imi" TO simpul_service; GRANT SELECT ON ALL TABLES IN SCHEMA "Kantor ""Imi"
    TO simpul_service"""
    head = '[mapping]\nmember = "imigrasi"\nversion = "1"\n[[record]]\ntype = "ban"\nrefresh = "notify"\n'
    names = """schema = 'Kantor "Imi'\ntable = "re'kap $simpul$"\nkey = "NO'; --\\nx"\n"""
    step.mapping = parse_mapping(f'{head}{names}[record.person]\nnames = [{{ column = "nama" }}]'.encode())
    await step.execute(table)
    await step.build()
    async with listening(step) as listener:
        insert = """INSERT INTO "Kantor ""Imi"."re'kap $simpul$" VALUES ('{}', 'KIM MINJUN')"""
        await step.execute(insert.format("a''; DROP TABLE x; --"))
        await listener.catch_up()
        assert await step.done(listener.notices) == ("notified", 1, 0, 0)
        await step.execute(insert.format(long))
        await listener.catch_up()
        assert await step.done(listener.notices) == ("compared", 1, 0, 0)
    assert set(await step.names()) == {"a'; DROP TABLE x; --", long}


JUNK = [
    "",
    "{}",
    "[]",
    "null",
    '{"table": "agency.orang", "row": {"id": "1; DROP TABLE agency.orang"}}',
    '{"table": "agency.orang", "row": {"id": "99999999999999999999"}}',
    '{"table": "agency.orang", "row": {"id": null}}',
    '{"table": "agency.orang", "row": {"nama": "x"}}',
    '{"table": "agency.orang"}',
    '{"table": "agency.lain", "row": {"id": "1"}}',
    '{"table": "agency.orang", "row": {"id": "1"}, "more": 1}',
]


@pytest.mark.parametrize("payload", JUNK)
async def test_a_notice_that_makes_no_sense_harms_nothing(step: Step, payload: str) -> None:
    await three(step, 'refresh = "notify"')
    notices = Notices(lost=False)
    notices.hear(payload)
    assert (await step.done(notices))[1:] == (0, 0, 0)
    assert set(await step.names()) == {"1", "2", "3"}


async def test_more_notices_than_are_worth_keeping_make_a_comparison(step: Step) -> None:
    await three(step, 'refresh = "notify"')
    notices = Notices(lost=False)
    for number in range(10_001):
        notices.hear(f'{{"table": "agency.orang", "row": {{"id": "{number}"}}}}')
    assert (await step.done(notices))[0] == "compared"


async def test_a_change_committed_late_is_not_lost(step: Step) -> None:
    await three(step, 'changed = "diubah"', "overlap = 60")
    late = await asyncpg.connect(step.database.owner_dsn)
    transaction = late.transaction()
    await transaction.start()
    await late.execute(FOURTH)
    await step.execute(CHANGED)
    assert await step.done() == ("changed", 0, 1, 0)
    await transaction.commit()  # its change stands before one that was seen already
    await late.close()
    assert await step.done() == ("changed", 1, 0, 0)
    assert await in_step(step)


async def test_changes_of_one_instant_are_all_seen_without_any_overlap(step: Step) -> None:
    await three(step, 'changed = "diubah"', "overlap = 0")
    await step.execute("UPDATE agency.orang SET diubah = '2026-11-01 00:00+00'")
    await step.build()
    await step.execute(FOURTH, "UPDATE agency.orang SET diubah = '2026-11-01 00:00+00' WHERE id = 4")
    assert await step.done() == ("changed", 1, 0, 0)


async def test_a_change_dated_ahead_of_now_hides_none_after_it(step: Step) -> None:
    await three(step, 'changed = "diubah"')
    await step.execute("UPDATE agency.orang SET nama = 'KIM JI', diubah = '2999-01-01' WHERE id = 1")
    assert await step.done() == ("changed", 0, 1, 0)
    await step.execute(FOURTH)
    assert await step.done() == ("changed", 1, 0, 0)


async def test_whoever_comes_under_protection_is_out_of_the_index_with_the_next_pass(step: Step) -> None:
    await three(step, 'changed = "diubah"')
    await step.execute("UPDATE agency.orang SET dilindungi = NULL, diubah = clock_timestamp() WHERE id = 3")
    assert await step.done() == ("changed", 0, 0, 1)
    assert set(await step.names()) == {"1", "2"}


async def test_what_changes_in_a_joined_table_is_seen_by_its_own_column_or_trigger(step: Step) -> None:
    joined = PERSON.replace('column = "nama"', 'column = "n.nama"')
    lines = ('joins = [{ table = "nama", as = "n", on = ["orang.id", "n.id_orang"] }]',)
    await step.execute(
        TABLE,
        THREE,
        "CREATE TABLE agency.nama (id_orang int, nama text, diubah timestamptz DEFAULT clock_timestamp());"
        "INSERT INTO agency.nama (id_orang, nama) SELECT id, nama FROM agency.orang;"
        "GRANT SELECT ON agency.nama TO simpul_service",
    )
    renamed = "UPDATE agency.nama SET nama = 'LEE {}', diubah = clock_timestamp() WHERE id_orang = 2"
    step.mapping = mapping(*lines, 'changed = ["orang.diubah", "n.diubah"]', person=joined)
    await step.build()
    await step.execute(renamed.format("SATU"))
    assert await step.done() == ("changed", 0, 1, 0)
    step.mapping = mapping(*lines, 'refresh = "notify"', person=joined)
    async with listening(step) as listener:
        await step.execute(renamed.format("DUA"), "DELETE FROM agency.nama WHERE id_orang = 3")
        await listener.catch_up()
        assert await step.done(listener.notices) == ("notified", 0, 1, 1)
    assert await step.names() == {"1": "KIM MINJUN", "2": "LEE DUA"}


async def test_a_row_that_cannot_be_read_is_named_by_its_reference_and_stops_nothing(step: Step) -> None:
    await three(step)
    await step.execute(
        FOURTH,
        "UPDATE agency.orang SET nama = '--', paspor = NULL WHERE id = 1",
        "UPDATE agency.orang SET lahir = 'infinity' WHERE id = 2",
    )
    assert await step.done() == ("compared", 1, 1, 1)
    assert step.source is not None
    assert step.source.unread == ["detention 1: makes no record (person)"]
    assert step.source.faults == {"detention: nama": 1, "detention: person": 1, "detention: lahir": 2}


async def test_as_of_moves_with_each_pass_and_stands_still_while_the_source_is_away(step: Step) -> None:
    await three(step)
    before = step.at
    assert (await step.state()).as_of == before
    await step.refresh()
    assert (await step.state()).as_of == before + timedelta(minutes=1)
    await step.execute("ALTER TABLE agency.orang RENAME TO away")
    (told,) = await step.refresh()
    assert (told.done, (await step.state()).as_of) == ("failed", before + timedelta(minutes=1))
    assert "could not be read" in told.why
    await step.execute("ALTER TABLE agency.away RENAME TO orang")
    await step.refresh()
    assert (await step.state()).type_as_of == {"detention": step.at}


async def test_a_source_that_lost_most_of_its_rows_takes_none_out_of_the_index(step: Step) -> None:
    await step.execute(
        TABLE,
        "INSERT INTO agency.orang (id, nama, lahir) SELECT n, 'KIM ' || chr(65 + n % 26), '1990-01-01'"
        " FROM generate_series(1, 400) AS n",
    )
    await step.build()
    await step.execute("DELETE FROM agency.orang WHERE id <= 300")
    (told,) = await step.refresh()
    assert told.done == "failed"
    assert "300 of 400 records are not in the source any more" in told.why
    assert len(await step.names()) == 400
    await step.execute("DELETE FROM agency.orang WHERE id > 300")
    assert await step.build() == 0


async def test_a_mapping_that_reads_otherwise_is_read_anew_and_a_type_mapped_no_more_is_removed(step: Step) -> None:
    await three(step, 'changed = "diubah"')
    step.mapping = mapping('changed = "diubah"', person=PERSON.replace("surname_given", "given_family"))
    assert await step.done() == ("compared", 0, 3, 0)
    step.mapping = mapping('changed = "diubah"', "overlap = 5", person=PERSON.replace("surname_given", "given_family"))
    assert await step.done() == ("changed", 0, 0, 0)
    other = msgspec.structs.replace(step.mapping.record[0], type="ban", fields={})
    step.mapping = msgspec.structs.replace(step.mapping, record=(other,))
    told = {each.record_type: (each.done, each.written.added, each.written.removed) for each in await step.refresh()}
    assert told == {"ban": ("compared", 3, 0), "detention": ("removed", 0, 3)}


async def test_two_rows_of_one_reference_are_one_record_and_the_other_is_named(step: Step) -> None:
    await three(step)
    await step.execute(
        "ALTER TABLE agency.orang DROP CONSTRAINT orang_pkey", "UPDATE agency.orang SET id = 1 WHERE id = 3"
    )
    assert await step.done() == ("compared", 0, 0, 1)
    assert step.source is not None
    assert step.source.faults == {"detention: reference twice": 1}
    assert await step.build() == 2
    assert step.source.unread == ["detention 1: has the reference of a row before it, which counts in its place"]


async def test_a_refresh_of_an_index_that_is_not_there_or_is_anothers_is_refused(step: Step) -> None:
    await step.execute(TABLE, THREE)
    with pytest.raises(ConfigError, match="not built: run simpul-node index"):
        await step.refresh()
    await step.build()
    step.secret = bytes(32)
    with pytest.raises(ConfigError, match="another secret"):
        await step.refresh()


async def test_a_session_of_the_index_that_is_lost_leaves_what_was_committed(step: Step) -> None:
    await three(step)
    await step.execute(FOURTH)
    async with step.writing() as connection:
        source = Source(step.database.service_dsn, step.mapping)
        refresher = Refresher(connection, step.secret, source, lambda: step.at)
        connection.terminate()
        with pytest.raises(IndexLost, match="goes on from there"):
            await refresher.run()
    assert await step.done() == ("compared", 1, 0, 0)
