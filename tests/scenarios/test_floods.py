"""Floods by one member, at a node that is a process of its own: another member's officer is answered all the while.

How much slower is for `python -m bench.flood` to say; here a generous factor stands against a machine that is shared.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from tests.federation import COORDINATOR
from tests.postgres import Server
from tests.scenarios.flooding import CONNECTIONS, Flood
from tests.scenarios.steady import Steady, memory_mb, steady

pytestmark = pytest.mark.asyncio(loop_scope="module")
ASKED = 24
SLOWER = 5.0
LEAST_MILLIS = 250.0  # a floor below this is taken for this: one hiccup of a shared machine is longer
MORE_MB = 150.0
NORMAL_WITHIN = 10.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asked(federations: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Steady]:
    """A node, a coordinator and an officer, warm."""
    async with steady(tmp_path_factory.mktemp("floods"), federations) as found:
        await found.ask(ASKED // 2)
        yield found


async def withstood(asked: Steady, kind: str, frames: Sequence[bytes], begun: int) -> None:
    """A flood changes no answer, slows them down by a factor that is bounded, takes bounded memory, and is over."""
    floor, memory = await asked.ask(ASKED), memory_mb(asked.node)
    async with Flood(kind, asked.door, frames) as flood:
        await flood.until(begun)
        during, done = await asked.ask(ASKED), flood.done
        grown = memory_mb(asked.node) - memory
    ended = time.monotonic()
    usual = max(floor.percentile(0.5) * SLOWER, LEAST_MILLIS)
    while (after := await asked.ask(6)).percentile(0.5) > usual:
        assert time.monotonic() - ended < NORMAL_WITHIN
    ratio = during.percentile(0.99) / floor.percentile(0.99)
    logging.getLogger(__name__).info("%s: %d done, p99 %.1f times, %+.0f MB", kind, done, ratio, grown)
    assert floor.wrong == during.wrong == after.wrong == 0
    assert during.percentile(0.5) <= SLOWER * max(floor.percentile(0.99), LEAST_MILLIS)
    assert grown <= MORE_MB


async def test_a_thousand_connections_of_one_member_leave_room_for_others(asked: Steady) -> None:
    await withstood(asked, "connections", (), CONNECTIONS * 9 // 10)


async def test_a_thousand_connections_that_say_nothing_leave_room_for_others(asked: Steady) -> None:
    await withstood(asked, "half_open", (), CONNECTIONS * 9 // 10)


async def test_readers_who_read_nothing_on_many_streams_slow_nobody_else_down(asked: Steady) -> None:
    await withstood(asked, "slow", asked.signed(16), 60)


async def test_a_true_frame_each_millisecond_takes_no_more_than_its_members_share(asked: Steady) -> None:
    await withstood(asked, "frames", asked.signed(), 300)


async def test_rubbish_each_millisecond_slows_nobody_else_down_and_is_not_logged(asked: Steady) -> None:
    counted = "SELECT count(*) FROM simpul.log_entry"
    before = (await asked.federation.rows("imigrasi", counted))[0][0]
    carried = (await asked.federation.rows(COORDINATOR, counted))[0][0]
    await withstood(asked, "frames", asked.rubbish(), 300)
    added = (await asked.federation.rows("imigrasi", counted))[0][0] - before
    # of each query of the officer a node logs two entries and its coordinator three
    assert added * 3 == ((await asked.federation.rows(COORDINATOR, counted))[0][0] - carried) * 2
