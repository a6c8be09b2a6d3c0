"""Instants in UTC, the skew allowed between clocks, and windows of validity."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

SKEW: Final = timedelta(seconds=30)  # SPEC: 02-query 3: clocks of two members may differ by this much
DEFAULT_WINDOW: Final = timedelta(minutes=5)


class Clock(Protocol):
    """Where a process reads the time; only `serve.py` builds one that asks the system."""

    def __call__(self) -> datetime:
        """The instant, aware, in UTC."""


def system_clock() -> datetime:
    """The system's instant."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Window:
    """From `start` to `end`, both aware and in UTC; the start is inside, the end is not."""

    start: datetime
    end: datetime

    def __contains__(self, at: datetime) -> bool:
        return self.start <= at < self.end

    def begun(self, at: datetime, skew: timedelta = SKEW) -> bool:
        """Whether the window has begun, allowing for skew."""
        return at >= self.start - skew

    def ended(self, at: datetime, skew: timedelta = SKEW) -> bool:
        """Whether the window is over, allowing for skew."""
        return at >= self.end + skew


def micros(at: datetime) -> int:
    """Microseconds since 1970-01-01 UTC; refuses a naive instant (ValueError)."""
    if at.tzinfo is None:
        raise ValueError("an instant must say its zone")
    delta = at - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(value: int) -> datetime:
    """The instant so many microseconds after 1970-01-01 UTC; refuses what a datetime cannot hold (ValueError)."""
    try:
        return _EPOCH + timedelta(microseconds=value)
    except OverflowError as error:
        raise ValueError("instant out of range") from error


_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
