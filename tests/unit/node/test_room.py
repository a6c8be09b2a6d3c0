"""Readers who wait for a place are let go on in their order, as many as there are places for, and none is forgotten."""

from __future__ import annotations

import asyncio

from node.room import Room


class Readers:
    """Readers of one caller who wait, and which of them went on."""

    def __init__(self, room: Room, caller: str, count: int) -> None:
        self.went_on: list[int] = []
        self.tasks = [asyncio.create_task(self._wait(room, caller, at)) for at in range(count)]

    async def _wait(self, room: Room, caller: str, at: int) -> None:
        await room.wait(caller)
        self.went_on.append(at)


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_nobody_waits_while_there_is_a_place() -> None:
    await Room(8).wait("a")


async def test_as_many_go_on_as_there_are_places_in_their_order() -> None:
    room = Room(8)
    assert room.take("a", 4)
    readers = Readers(room, "a", 5)
    await settle()
    assert readers.went_on == []
    room.give_back("a", 2)
    await settle()
    assert readers.went_on == [0, 1]
    room.give_back("a", 2)
    await settle()
    assert readers.went_on == [0, 1, 2, 3, 4]


async def test_a_reader_who_left_takes_nobodys_turn() -> None:
    room = Room(8)
    assert room.take("a", 4)
    readers = Readers(room, "a", 2)
    await settle()
    readers.tasks[0].cancel()
    await settle()
    room.give_back("a", 1)
    await settle()
    assert readers.went_on == [1]


async def test_what_one_gives_back_lets_another_go_on() -> None:
    room = Room(6)
    assert room.take("a", 3)
    assert room.take("b", 1)
    readers = Readers(room, "b", 1)
    await settle()
    assert readers.went_on == []
    room.give_back("a", 2)
    await settle()
    assert readers.went_on == [0]
