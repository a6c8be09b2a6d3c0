"""Floods by one member, at a node that is a process of its own: another member's officer is answered all the while.

How much slower is for `python -m bench.flood` to say: on a shared machine, any figure of a test is a matter of luck.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from tests.federation import COORDINATOR
from tests.postgres import Server
from tests.scenarios.flooding import CONNECTIONS, Flood
from tests.scenarios.steady import Steady, memory_mb, steady

pytestmark = pytest.mark.asyncio(loop_scope="module")
ASKED = 24
MORE_MB = 150.0


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asked(federations: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Steady]:
    """A node, a coordinator and an officer, warm."""
    async with steady(tmp_path_factory.mktemp("floods"), federations) as found:
        await found.ask(ASKED // 2)
        yield found


async def withstood(asked: Steady, kind: str, frames: Sequence[bytes], begun: int) -> None:
    """A flood changes no answer while it lasts or afterwards, and takes bounded memory."""
    floor, memory = await asked.ask(ASKED), memory_mb(asked.node)
    async with Flood(kind, asked.door, frames) as flood:
        await flood.until(begun)
        during, done = await asked.ask(ASKED), flood.done
        grown = memory_mb(asked.node) - memory
    after = await asked.ask(6)
    ratio = during.percentile(0.99) / floor.percentile(0.99)
    logging.getLogger(__name__).info("%s: %d done, p99 %.1f times, %+.0f MB", kind, done, ratio, grown)
    assert floor.wrong == during.wrong == after.wrong == 0
    assert grown <= MORE_MB


async def test_a_thousand_connections_of_one_member_leave_room_for_others(asked: Steady) -> None:
    await withstood(asked, "connections", (), CONNECTIONS * 9 // 10)


async def test_a_thousand_connections_that_say_nothing_leave_room_for_others(asked: Steady) -> None:
    await withstood(asked, "half_open", (), CONNECTIONS * 9 // 10)


async def test_readers_who_read_nothing_on_many_streams_turn_nobody_else_away(asked: Steady) -> None:
    await withstood(asked, "slow", asked.signed(16), 60)


async def test_a_true_frame_each_millisecond_takes_no_more_than_its_members_share(asked: Steady) -> None:
    await withstood(asked, "frames", asked.signed(), 300)


async def test_rubbish_each_millisecond_turns_nobody_else_away_and_is_not_logged(asked: Steady) -> None:
    counted = "SELECT count(*) FROM simpul.log_entry"
    before = (await asked.federation.rows("imigrasi", counted))[0][0]
    carried = (await asked.federation.rows(COORDINATOR, counted))[0][0]
    await withstood(asked, "frames", asked.rubbish(), 300)
    added = (await asked.federation.rows("imigrasi", counted))[0][0] - before
    # of each query of the officer a node logs two entries and its coordinator three
    assert added * 3 == ((await asked.federation.rows(COORDINATOR, counted))[0][0] - carried) * 2
