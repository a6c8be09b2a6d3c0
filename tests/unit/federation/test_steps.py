"""Steps of a check: each taken alone, told as it ends, and nothing told that an error of a library could quote."""

from __future__ import annotations

import pytest

from federation.errors import ConfigError
from federation.steps import Look, Step, Steps, line, need


@pytest.fixture
def told() -> list[Step]:
    """What was told, in its order."""
    return []


@pytest.fixture
def steps(told: list[Step]) -> Steps:
    return Steps(told.append)


async def fine(look: Look) -> int:
    look.found.append("all there")
    return 7


async def noted(look: Look) -> int:
    look.found.append("all there")
    look.notes.append("but old")
    return 7


async def wrong(look: Look) -> int:
    look.wrong.append("half of it is missing: find it")
    return 7


async def refused(_: Look) -> int:
    raise ConfigError("the file is not there", size=3)


async def broken(_: Look) -> int:
    raise ValueError("CHEN XIAOMING")


async def standing_on_nothing(_: Look) -> int:
    return need(None, "the keys")


async def test_a_step_tells_its_state_and_gives_what_it_made(steps: Steps, told: list[Step]) -> None:
    made = [await steps.take(work.__name__, work) for work in (fine, noted, wrong)]
    assert made == [7, 7, 7]
    assert [(step.name, step.state) for step in told] == [("fine", "fine"), ("noted", "note"), ("wrong", "wrong")]
    assert told[1].told == ("but old", "all there")


async def test_an_error_ends_its_own_step_and_says_what_to_do(steps: Steps, told: list[Step]) -> None:
    assert await steps.take("one", refused, mend="put it back") is None
    assert await steps.take("two", fine) == 7
    assert told[0].told == ("the file is not there (size 3); put it back",)
    assert not steps.fine


async def test_an_error_of_a_library_is_told_by_kind_and_place_alone(steps: Steps, told: list[Step]) -> None:
    await steps.take("one", broken)
    assert told[0].state == "wrong"
    assert "ValueError" in told[0].told[0]
    assert "test_steps.py" in told[0].told[0]
    assert "CHEN" not in told[0].told[0]


async def test_a_step_whose_ground_is_missing_is_not_tried(steps: Steps, told: list[Step]) -> None:
    assert await steps.take("one", standing_on_nothing) is None
    assert (told[0].state, told[0].told) == ("not_tried", ("needs the keys",))


async def test_notes_alone_are_fine(steps: Steps) -> None:
    await steps.take("one", noted)
    assert steps.fine


async def test_all_steps_can_be_read_by_a_program(steps: Steps) -> None:
    await steps.take("one", fine)
    await steps.take("two", wrong)
    assert steps.as_json() == {
        "fine": False,
        "steps": [
            {"step": "one", "state": "fine", "told": ["all there"]},
            {"step": "two", "state": "wrong", "told": ["half of it is missing: find it"]},
        ],
    }


@pytest.mark.parametrize(
    ("step", "written"),
    [
        (Step(name="keys", state="fine", told=()), "fine      keys: as it should be"),
        (Step(name="log", state="not_tried", told=("needs the keys",)), "not tried log: needs the keys"),
        (Step(name="keys", state="wrong", told=("a", "b")), "wrong     keys: a; b"),
    ],
)
def test_a_step_is_one_line_for_a_person(step: Step, written: str) -> None:
    assert line(step) == written
