"""Whatever an agency does to its table, an index refreshed after it is the one that a build from nothing makes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.records.notices import Listener, trigger_statements
from tests.federation import NODE_TEMPLATE
from tests.integration.stepped import TABLE, Step, mapping
from tests.postgres import Server

WAYS = (
    ("compare", ('refresh = "compare"',)),
    ("keys", ('refresh = "compare"',)),
    ("changed", ('changed = "diubah"', "overlap = 0", 'deleted = "dihapus"')),
    ("counted", ('changed = "hitung"', "overlap = 0", 'deleted = "dihapus"')),
    ("notify", ('refresh = "notify"',)),
)
NAMES = ("KIM MINJUN", "KIM MIN JUN", "LEE MINJUN", "OKONJO CHUKWUEMEKA", "--", None)
keys = st.integers(1, 6)
changes = st.one_of(
    st.tuples(st.just("put"), keys, st.sampled_from(NAMES), st.sampled_from(("1984-05-17", "infinity", None))),
    st.tuples(st.just("protect"), keys, st.sampled_from((True, False, None))),
    st.tuples(st.just("mark"), keys, st.booleans()),
    st.tuples(st.just("delete"), keys),
    st.tuples(st.just("refresh")),
)


def counting_agency(federations: Server) -> Iterator[Step]:
    """An agency whose table also counts its changes."""
    database = federations.create_database(NODE_TEMPLATE)
    made = Step(database, mapping())
    asyncio.run(
        made.execute(
            TABLE,
            "CREATE SEQUENCE agency.urut; ALTER TABLE agency.orang ADD hitung bigint DEFAULT nextval('agency.urut')",
        )
    )
    yield made
    federations.drop(database)


@pytest.fixture(scope="module")
def step(federations: Server) -> Iterator[Step]:
    """One for all that is tried here."""
    yield from counting_agency(federations)


def statement(change: tuple[object, ...]) -> str:
    """A change as a clerk would make it, by which the columns that tell of changes move on."""
    told = "diubah = clock_timestamp(), hitung = nextval('agency.urut')"
    match change:
        case ("put", int(key), name, born):
            name, born = (f"'{value}'" if value is not None else "NULL" for value in (name, born))
            return (
                f"INSERT INTO agency.orang (id, nama, lahir, paspor) VALUES ({key}, {name}, {born}, 'M123456{key}')"
                f" ON CONFLICT (id) DO UPDATE SET nama = {name}, lahir = {born}, {told}"
            )
        case ("protect", int(key), protected):
            value = "NULL" if protected is None else protected
            return f"UPDATE agency.orang SET dilindungi = {value}, {told} WHERE id = {key}"
        case ("mark", int(key), marked):
            return f"UPDATE agency.orang SET dihapus = {'now()' if marked else 'NULL'}, {told} WHERE id = {key}"
        case ("delete", int(key)):
            return f"DELETE FROM agency.orang WHERE id = {key}"
    raise AssertionError(change)


async def carried_out(step: Step, made: list[tuple[object, ...]]) -> tuple[object, object]:
    """What the index holds after the changes and the refreshes among them, and what a build from nothing holds."""
    await step.execute("DELETE FROM agency.orang")
    await step.build()
    listener = Listener(step.database.service_dsn, "imigrasi")
    way = step.mapping.record[0].way

    async def refresh() -> None:
        if way != "notify":
            await step.refresh()
            return
        await listener.catch_up()
        await step.refresh(listener.notices)

    if way == "notify":
        await step.execute(trigger_statements(step.mapping))
        await refresh()
    for change in made:
        await (refresh() if change[0] == "refresh" else step.execute(statement(change)))
    if way == "changed" and any(change[0] == "delete" for change in made):
        step.at += timedelta(hours=2)  # what is gone for good a change column tells nothing of: a comparison does
    await refresh()
    await listener.close()
    found = await step.contents()
    await step.build()
    return found, await step.contents()


@pytest.mark.parametrize(("way", "lines"), WAYS, ids=[way for way, _ in WAYS])
def test_after_any_changes_a_refresh_leaves_what_a_build_would_make(
    step: Step, way: str, lines: tuple[str, ...]
) -> None:
    step.mapping, step.keeps = mapping(*lines), "keys" if way == "keys" else "values"

    @settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.lists(changes, max_size=10))
    def holds(made: list[tuple[object, ...]]) -> None:
        refreshed, built = asyncio.run(carried_out(step, made))
        assert refreshed == built, way

    holds()
