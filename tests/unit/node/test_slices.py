"""Long work lets others have the loop again and again, and ends where its allowance is spent."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest

from node.slices import SLICE_SECONDS, AllowanceSpent, Slices


class Steps:
    """A clock that goes on by one step each time it is looked at."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._at = 0.0

    def __call__(self) -> float:
        """The seconds."""
        self._at += self._step
        return self._at


def work(pauses: int) -> Generator[None, None, int]:
    for _ in range(pauses):
        yield
    return pauses


async def count(turns: list[int]) -> None:
    while True:
        turns[0] += 1
        await asyncio.sleep(0)


async def others_during(slices: Slices, pauses: int) -> int:
    """How often others had the loop during work of so many pauses."""
    turns = [0]
    other = asyncio.create_task(count(turns))
    assert await slices.run(work(pauses), until=1e9) == pauses
    other.cancel()
    await asyncio.gather(other, return_exceptions=True)
    return turns[0]


async def test_others_have_the_loop_whenever_a_slice_is_used_up() -> None:
    assert await others_during(Slices(Steps(SLICE_SECONDS)), 40) >= 30
    assert await others_during(Slices(Steps(SLICE_SECONDS / 8)), 40) in range(1, 10)


async def test_short_work_is_done_in_one_piece() -> None:
    assert await others_during(Slices(Steps(0.0)), 40) == 0


async def test_work_beyond_its_allowance_ends() -> None:
    slices = Slices(Steps(SLICE_SECONDS))
    with pytest.raises(AllowanceSpent):
        await slices.run(work(10_000), until=100 * SLICE_SECONDS)
    assert slices.spent < 110 * SLICE_SECONDS


async def test_waiting_that_is_begun_anew_is_not_counted() -> None:
    clock = Steps(1.0)
    slices = Slices(clock)
    for _ in range(50):
        clock()
    slices.begin()
    await slices.between()
    assert slices.spent == 1.0
