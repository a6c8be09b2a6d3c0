"""Birth dates and ages in every form that agencies write, read as dates."""

from __future__ import annotations

from datetime import date

from federation.person import Birth, YearRange


def read_birth(text: str, at: date | None = None) -> tuple[Birth | YearRange, ...]:
    """Read a birth date or an age; several readings where the calendar is unsure; empty where nothing can be read."""
    raise NotImplementedError


def read_birth_place(text: str) -> str:
    """The place that stands before the date in `Fuzhou, 3-4-85`, or empty."""
    raise NotImplementedError
