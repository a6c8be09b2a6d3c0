"""Steps of a check, each taken alone: fine, or what is wrong and what to do; what one finds never stops the next."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

from federation.errors import FederationError
from federation.printable import printable
from federation.telemetry import where

State = Literal["fine", "note", "wrong", "not_tried"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step taken: `note` works but wants mending, `not_tried` stands on a step that was wrong."""

    name: str
    state: State
    told: tuple[str, ...]


class NotTried(Exception):
    """What a step stands on is not there, because an earlier step was wrong."""


@dataclass(slots=True)
class Look:
    """What one step has to tell so far."""

    found: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def step(self, name: str) -> Step:
        """The step as it is told: what is wrong first."""
        state: State = "wrong" if self.wrong else "note" if self.notes else "fine"
        return Step(name=name, state=state, told=(*self.wrong, *self.notes, *self.found))


class Steps:
    """Takes steps and tells of each as it ends."""

    def __init__(self, tell: Callable[[Step], None]) -> None:
        self.taken: list[Step] = []
        self._tell = tell

    @property
    def fine(self) -> bool:
        """Whether nothing was wrong."""
        return all(step.state in ("fine", "note") for step in self.taken)

    async def take(self, name: str, work: Callable[[Look], Awaitable[T]], *, mend: str = "") -> T | None:
        """Take one step; returns what it made, or None where it could not, or was not tried.

        `mend` is what to do where an error of another member or of a library does not say it.
        """
        look = Look()
        made: T | None = None
        try:
            made = await work(look)
        except NotTried as error:
            self._end(Step(name=name, state="not_tried", told=(str(error),)))
            return None
        except Exception as error:
            look.wrong.append(_sentence(error) + (f"; {mend}" if mend else ""))
        self._end(look.step(name))
        return made

    def as_json(self) -> dict[str, Any]:
        """All steps, for a program to read."""
        steps = [{"step": step.name, "state": step.state, "told": list(step.told)} for step in self.taken]
        return {"fine": self.fine, "steps": steps}

    def _end(self, step: Step) -> None:
        self.taken.append(step)
        self._tell(step)


def need(value: T | None, what: str) -> T:
    """The value, where the step that makes it was fine (NotTried)."""
    if value is None:
        raise NotTried(f"needs {what}")
    return value


def line(step: Step) -> str:
    """A step as one line for a person to read."""
    told = f"{step.name}: {'; '.join(step.told) or 'as it should be'}"
    return f"{step.state.replace('_', ' '):<10}{printable(told)}"


def _sentence(error: Exception) -> str:
    """What an error says; of one that is not ours its kind and place alone, for its words could quote a row."""
    if not isinstance(error, FederationError):
        return f"failed with {where(error)}"
    facts = ", ".join(f"{name} {value}" for name, value in error.facts.items())
    return f"{error.message} ({facts})" if facts else error.message
