"""What a doctor told, step by step, for a test to ask about."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from federation.instant import Clock
from federation.steps import Step, Steps
from node.cli.doctor import examine as examine_node
from tests.federation import Federation

Examine = Callable[[Path, Clock, Callable[[Step], None]], Awaitable[Steps]]


@dataclass(frozen=True, slots=True)
class Examined:
    """What a doctor told."""

    steps: Steps

    def step(self, name: str) -> Step:
        """A step by its name."""
        (found,) = [step for step in self.steps.taken if step.name == name]
        return found

    def wrong(self) -> dict[str, str]:
        """The steps that were wrong, and what was told of each."""
        return {step.name: "; ".join(step.told) for step in self.steps.taken if step.state == "wrong"}

    def states(self, *names: str) -> list[str]:
        """The states of some steps."""
        return [self.step(name).state for name in names]


async def examined(
    folder: Path,
    federation: Federation,
    ahead: timedelta = timedelta(),
    *,
    examine: Examine = examine_node,
    name: str = "node.toml",
) -> Examined:
    """What a doctor tells of a folder, by a clock that may be ahead of all others."""

    def clock() -> datetime:
        return federation.clock() + ahead

    told: list[Step] = []
    steps = await examine(folder / name, clock, told.append)
    assert told == steps.taken
    return Examined(steps)
