"""The values of one row of an agency's table, read as texts, days and instants."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timezone, tzinfo
from typing import Final

from node.records.shape import Take

_SLASH: Final = re.compile(r"\s+/\s*|\s*/\s+|/(?=[^\W\d])")


class Row:
    """The values of one row by the column references of the mapping; remembers which were not understood."""

    __slots__ = ("_values", "at", "faults", "zone")

    def __init__(self, values: Mapping[str, object], at: datetime, zone: tzinfo) -> None:
        self.at = at
        self.zone = zone
        self.faults: list[str] = []
        self._values = values

    def raw(self, column: str) -> object:
        """The value itself; KeyError where the row lacks a column that the mapping names."""
        return self._values[column]

    def text(self, column: str) -> str:
        """The value as text without surrounding blanks; empty for none."""
        value = self._values[column]
        return "" if value is None else str(value).strip()

    def texts(self, column: str) -> list[str]:
        """The texts of an array, or the one text; empty ones left out."""
        value = self._values[column]
        if isinstance(value, str):
            text = value.strip()
            return [text] if text else []
        if isinstance(value, list | tuple):
            return [text for each in value if each is not None and (text := str(each).strip())]
        text = self.text(column)
        return [text] if text else []

    def day(self, column: str) -> date | None:
        """The value as a calendar day in the agency's zone; a fault where it is none."""
        value = self._values[column]
        if isinstance(value, str) and len(value) == 10:
            try:
                return date.fromisoformat(value)
            except ValueError:
                self.faults.append(column)
                return None
        instant = self.instant(column)
        try:
            return instant.astimezone(self.zone).date() if instant else None
        except OverflowError:  # the last hours of the year 9999 are in the year 10000 there
            self.faults.append(column)
            return None

    def instant(self, column: str) -> datetime | None:
        """The value as an instant; a day is its midnight in the agency's zone; a fault where it is none."""
        value = self._values[column]
        if value is None or value == "":
            return None
        try:
            found = _instant(value)
            return (found if found.tzinfo else found.replace(tzinfo=self.zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.faults.append(column)
            return None


def zone_of(offset: str) -> tzinfo:
    """The zone of an offset such as `+07:00`. Raises ValueError."""
    found = datetime.fromisoformat(f"2000-01-01T00:00:00{offset}").utcoffset()
    if found is None:
        raise ValueError("a zone is written as +07:00")
    return timezone(found)


def halves(text: str) -> tuple[str, str]:
    """Split a combined cell at its slash.

    Where the slash was forgotten before a place and date (`KIM MIN JUN Seoul, 12 Maret 1984`), the words before the
    comma that are not all capitals are the place, or else the last word; any other text is a first half.
    """
    found = _SLASH.search(text)
    if found:
        return text[: found.start()].strip(), text[found.end() :].strip()
    before, comma, after = text.partition(",")
    words = before.split()
    if not comma or not any(character.isdigit() for character in after) or len(words) < 2:
        return text.strip(), ""
    start = len(words)
    while start > 1 and not words[start - 1].isupper():
        start -= 1
    start = min(start, len(words) - 1)
    return " ".join(words[:start]), " ".join(words[start:]) + comma + after


def taken(text: str, take: Take) -> str:
    """The part of a combined cell that is meant."""
    return text if take == "whole" else halves(text)[0 if take == "before_slash" else 1]


def _instant(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    return datetime.fromisoformat(str(value).strip())
