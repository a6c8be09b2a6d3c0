"""Callers begin their groups in turn: one who asks much waits behind those who ask little."""

from __future__ import annotations

from node.turns import Turns


class Groups:
    """What began, in its order."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.begun: list[str] = []

    def ask(self, *names: str) -> None:
        """Have groups wait, each named by its caller's letter and a number."""
        for name in names:
            self.turns.wait(name[0], lambda name=name: self.begun.append(name))  # type: ignore[misc]  # REASON: bound now


def test_a_caller_alone_has_two_groups_under_way() -> None:
    groups = Groups(Turns())
    groups.ask("a1", "a2", "a3")
    assert groups.begun == ["a1", "a2"]
    groups.turns.end("a")
    assert groups.begun == ["a1", "a2", "a3"]


def test_another_caller_begins_at_once_and_the_first_has_one_group_from_then_on() -> None:
    groups = Groups(Turns())
    groups.ask("a1", "a2", "a3", "b1")
    assert groups.begun == ["a1", "a2", "b1"]
    groups.turns.end("a")
    assert groups.begun == ["a1", "a2", "b1"]
    groups.turns.end("a")
    assert groups.begun == ["a1", "a2", "b1", "a3"]


def test_those_who_wait_begin_in_turn_however_many_one_of_them_has() -> None:
    groups = Groups(Turns(most=1))
    groups.ask("a1", "a2", "a3", "a4", "b1", "b2", "c1")
    for _ in range(5):
        groups.turns.end(groups.begun[-1][0])
    assert groups.begun == ["a1", "a2", "b1", "c1", "a3", "b2"]


def test_no_more_are_under_way_than_the_most() -> None:
    groups = Groups(Turns(most=2))
    groups.ask("a1", "b1", "c1", "d1")
    assert groups.begun == ["a1", "b1"]
    groups.turns.end("a")
    groups.turns.end("b")
    assert groups.begun == ["a1", "b1", "c1", "d1"]


def test_a_group_that_ends_as_it_begins_lets_the_next_begin() -> None:
    turns = Turns(most=1)
    begun: list[int] = []

    def begin() -> None:
        begun.append(len(begun))
        turns.end("a")

    for _ in range(3):
        turns.wait("a", begin)
    assert begun == [0, 1, 2]
