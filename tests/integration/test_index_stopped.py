"""A build of the match index that was stopped is gone on with, and leaves what a build from nothing makes."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from node.records.build import Builder
from node.records.source import Source
from tests.federation import Federation
from tests.integration.stepped import Step
from tests.integration.test_index_followed import clerk, command, until
from tests.integration.test_index_sequences import changes, counting_agency, statement
from tests.postgres import Server

MANY = """
INSERT INTO agency.orang SELECT 'N-' || to_char(n, 'FM00000'), 'PHANOMWAN ' || chr(65 + n % 26) || 'IRAT',
    '1988-01-08', 'THA', 'F', 'ZZ' || n, false, '2026-01-05', '2027-01-04' FROM generate_series(1, 20000) AS n
"""
SOME = "SELECT to_regclass('simpul_index.match_begun_next') IS NOT NULL"


class Stop(Exception):
    """The test stops a build here."""


@pytest.fixture(scope="module")
def step(federations: Server) -> Iterator[Step]:
    """An agency whose table also counts its changes, as `statement` writes them."""
    yield from counting_agency(federations)


async def built(step: Step, *, stop_after: int | None = None, anew: bool = False) -> int:
    """Build by two rows at a time, and stop after so many rows; how many records were kept."""

    def progress(rows: int) -> None:
        if stop_after is not None and rows >= stop_after:
            raise Stop

    async with step.writing() as connection:
        builder = Builder(connection, step.secret, batch=2, keeps=step.keeps)
        with suppress(Stop):
            await builder.build(Source(step.database.service_dsn, step.mapping), step.at, progress, anew=anew)
        return builder.kept


async def gone_on_with(step: Step, made: list[list[tuple[object, ...]]], stops: list[int]) -> tuple[object, object]:
    """What the index holds after builds that were stopped while clerks went on, and what one from nothing holds."""
    people = [statement(("put", key, "KIM MINJUN", None)) for key in range(1, 7)]
    await step.execute("DELETE FROM agency.orang", *people)
    await built(step, stop_after=stops[0], anew=True)
    for some, stop_after in zip(made, stops, strict=True):
        await step.execute(*map(statement, some))
        await built(step, stop_after=stop_after)
    await built(step)
    found = await step.contents()
    await built(step, anew=True)
    return found, await step.contents()


def test_after_any_stops_and_changes_the_index_is_what_a_build_from_nothing_makes(step: Step) -> None:
    edits = changes.filter(lambda change: change[0] != "refresh")

    @settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @example([([], 4), ([("delete", 1), ("protect", 2, True)], 2)])
    @example([([], 6), ([("put", 3, "LEE MINJUN", None)], 2), ([("put", 3, "KIM MINJUN", None)], 2)])
    @given(st.lists(st.tuples(st.lists(edits, max_size=8), st.integers(1, 7)), min_size=1, max_size=3))
    def holds(rounds: list[tuple[list[tuple[object, ...]], int]]) -> None:
        went_on, new = asyncio.run(gone_on_with(step, [some for some, _ in rounds], [stop for _, stop in rounds]))
        assert went_on == new

    holds()


async def test_what_a_stopped_build_has_read_is_kept_but_not_under_another_secret_or_when_begun_anew(
    step: Step,
) -> None:
    await step.execute("DELETE FROM agency.orang")
    await step.execute(*(statement(("put", key, "KIM MINJUN", None)) for key in range(1, 7)))
    await built(step, stop_after=4, anew=True)
    assert await built(step, stop_after=2) == 4
    assert await built(step, stop_after=2, anew=True) == 0
    secret, step.secret = step.secret, bytes(32)
    assert await built(step, stop_after=2) == 0
    step.secret = secret
    assert await built(step) == 0


async def test_a_build_of_keys_alone_is_not_gone_on_with_as_one_of_values_nor_the_other_way_round(step: Step) -> None:
    await step.execute("DELETE FROM agency.orang")
    await step.execute(*(statement(("put", key, "KIM MINJUN", None)) for key in range(1, 7)))
    step.keeps = "keys"
    await built(step, stop_after=4, anew=True)
    step.keeps = "values"
    assert await built(step, stop_after=4) == 0
    step.keeps = "keys"
    assert await built(step) == 0
    step.keeps = "values"
    assert await built(step) == 0
    assert set((await step.names()).values()) == {"KIM MINJUN"}


async def test_two_rows_of_one_reference_are_one_record_when_a_build_is_gone_on_with(step: Step) -> None:
    await step.execute("DELETE FROM agency.orang", "ALTER TABLE agency.orang DROP CONSTRAINT orang_pkey")
    put = "INSERT INTO agency.orang (id, nama, lahir, paspor) VALUES ({}, '{}', '1984-05-17', 'M1234567')"
    await step.execute(*(put.format(1 + number // 2, f"KIM MINJUN {'AB'[number % 2]}") for number in range(6)))
    await built(step, stop_after=4, anew=True)
    assert await built(step) == 2
    found = await step.names()
    await built(step, anew=True)
    assert len(found) == 3
    assert found == await step.names()
    await step.execute("DELETE FROM agency.orang", "ALTER TABLE agency.orang ADD PRIMARY KEY (id)")


async def test_a_build_that_was_killed_is_gone_on_with_by_the_same_command(small: Federation) -> None:
    async with clerk(small) as connection:
        await connection.execute(MANY)
        some = "SELECT count(*) > 2000 FROM simpul_index.match_record_next"
        async with command(small, "index") as process:
            await until(connection, SOME)
            await until(connection, some)
            process.send_signal(signal.SIGKILL)
            assert await process.wait() == -signal.SIGKILL
        left = await connection.fetchval("SELECT count(*) FROM simpul_index.match_record_next")
        assert await connection.fetchval("SELECT records FROM simpul_index.match_state") < left
        async with command(small, "index") as process:
            output, errors = await process.communicate()
        assert process.returncode == 0, errors
        assert b"were left by a build that was stopped" in output
        assert await connection.fetchval("SELECT records FROM simpul_index.match_state") > 20_000
        assert not await connection.fetchval(SOME)
