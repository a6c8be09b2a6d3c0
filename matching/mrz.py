"""The machine readable lines of a passport, read as a person (ICAO Doc 9303, parts 3 and 4)."""

from __future__ import annotations

from datetime import date

import msgspec

from federation.person import Person


class Reading(msgspec.Struct, frozen=True):
    """What two lines say: the person, which check digits failed, which fields were corrected, whether a name was cut."""

    person: Person
    failed: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    name_cut: bool = False


def read_td3(line1: str, line2: str, at: date | None = None) -> Person:
    """Read the two lines of 44 characters as a Person. Raises MalformedStatement where they are no TD3 lines."""
    return read_lines(line1, line2, at).person


def read_lines(line1: str, line2: str, at: date | None = None) -> Reading:
    """Read the two lines and report check digits, corrections and truncation beside the Person."""
    raise NotImplementedError
