"""Birth dates and ages in every form that agencies write, read as dates."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from typing import Final

from federation.person import Birth, YearRange
from matching.calendars import Year, read_year
from matching.tables import rows

_MONTHS: Final = {name: int(row[0]) for row in rows("months.tsv") for name in row[1].split()}
_LONGEST: Final = 200
_MONTHS_A_YEAR: Final = 12
_SEPARATOR: Final = r"\s*[-/.,\s]\s*"
_PART: Final = r"(\d{1,2}|XX|\?{1,2})"
_NAME: Final = "(" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")(?![A-Z])\.?"
_AGE: Final = re.compile(
    r"(?:(?:UMUR|USIA|AGED?)\s*:?\s*(\d{1,3})(?!\d)(?:\s*(?:TAHUN|THN|TH|YEARS?))?)"
    r"|(?:(?<!\d)(\d{1,3})\s*(?:TAHUN|THN|TH\b|YEARS?(?:\s+OLD)?|Y\.?\s?O\b|YRS?))"
)
_RANGE: Final = re.compile(r"(?<!\d)((?:19|20)\d\d)\s*[-/–]\s*((?:19|20)\d\d)(?!\d)")
_MINGUO: Final = re.compile(r"(?:民國|民国|MINGUO|R\.?O\.?C\.?)\s*(\d{1,3})(?!\d)")


def _compiled(*parts: str) -> re.Pattern[str]:
    return re.compile(r"(?<!\d)" + _SEPARATOR.join(parts) + r"(?!\d)")


_Parts = tuple[str, str, str]
_FORMS: Final[tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], _Parts]], ...]] = (
    (_compiled(r"(\d{3,4})", _PART, _PART), lambda m: (m[1], m[2], m[3])),
    (_compiled(_PART, _PART, r"(\d{2,4})"), lambda m: (m[3], m[2], m[1])),
    (re.compile(rf"(?<!\d){_PART}[-/.,\s]*{_NAME}[-/.,\s]*(\d{{2,4}})(?!\d)"), lambda m: (m[3], m[2], m[1])),
    (re.compile(rf"\b{_NAME}\s*(\d{{1,2}})(?:ST|ND|RD|TH)?[,\s]+(\d{{4}})(?!\d)"), lambda m: (m[3], m[1], m[2])),
    (re.compile(rf"\b{_NAME}[-/.,\s]*(\d{{4}})(?!\d)"), lambda m: (m[2], m[1], "0")),
    (re.compile(rf"(?<!\d)(\d{{4}})[-/.,\s]*{_NAME}"), lambda m: (m[1], m[2], "0")),
    (re.compile(r"(?<!\d)((?:1[89]|20|24|25)\d\d)(\d\d)(\d\d)(?!\d)"), lambda m: (m[1], m[2], m[3])),
    (re.compile(r"(?<!\d)(\d\d)(\d\d)((?:19|20)\d\d)(?!\d)"), lambda m: (m[3], m[2], m[1])),
    (_compiled(r"(\d{4})", _PART), lambda m: (m[1], m[2], "0")),
    (_compiled(_PART, r"(\d{4})"), lambda m: (m[2], m[1], "0")),
    (re.compile(r"(?<!\d)(\d{4})(?!\d)"), lambda m: (m[1], "0", "0")),
)


@lru_cache(maxsize=16_384)
def read_birth(text: str, at: date | None = None, *, lenient: bool = False) -> tuple[Birth | YearRange, ...]:
    """Read a birth date or an age, day first; several readings where the calendar is unsure, the likelier first.

    Parts written 00 or XX are unknown. An age needs `at`, the day on which it was true, and gives the two years it
    allows. Two-digit years are the latest not after `at`. A date that does not exist (31-02), that lies after `at`
    or before 1890 gives nothing; `lenient` keeps of one that does not exist its year, and its month where there is
    such a month, as a register's row is all that is left of what somebody once knew.
    """
    plain = _plain(text)
    ages = _ages(plain, text, at)
    years = _RANGE.search(plain)
    if years and int(years[1]) <= int(years[2]):
        return (YearRange(text=text, first=int(years[1]), last=int(years[2])),)
    found = _first_form(_AGE.sub(" ", plain))
    births = _births(found[1], text, at, lenient=lenient) if found else ()
    return (*births, *ages)


def read_birth_place(text: str) -> str:
    """The place that stands before the date in `Fuzhou, 3-4-85`, or empty."""
    place, comma, rest = text[:_LONGEST].rpartition(",")
    if comma and _first_form(_plain(rest)) and re.search(r"[^\W\d_]", place) and not _first_form(_plain(place)):
        return place.rpartition("/")[2].strip()
    return ""


def _plain(text: str) -> str:
    plain = unicodedata.normalize("NFKC", text[:_LONGEST]).upper()
    plain = _MINGUO.sub(lambda match: match[1].zfill(3), plain)
    return re.sub("[年月日]", "-", plain).strip(" -.,")


def _ages(plain: str, text: str, at: date | None) -> tuple[YearRange, ...]:
    found = _AGE.search(plain)
    if not found or at is None:
        return ()
    age = int(found[1] or found[2])
    return (YearRange(text=text, first=at.year - age - 1, last=at.year - age),) if age <= 120 else ()


def _first_form(plain: str) -> tuple[int, _Parts] | None:
    for pattern, order in _FORMS:
        found = pattern.search(plain)
        if found:
            return found.start(), order(found)
    return None


def _births(parts: _Parts, text: str, at: date | None, *, lenient: bool) -> tuple[Birth, ...]:
    years = read_year(parts[0], at.year if at else None)
    month, day = _MONTHS.get(parts[1]) or _number(parts[1]), _number(parts[2])
    read = (_birth(year, month, day, text, lenient=lenient) for year in years)
    return tuple(dict.fromkeys(birth for birth in read if birth is not None and not _after(birth, at)))


def _number(part: str) -> int:
    return int(part) if part.isdecimal() else 0


def _birth(year: Year, month: int, day: int, text: str, *, lenient: bool) -> Birth | None:
    if month > _MONTHS_A_YEAR >= day > 0:
        month, day = day, month
    if not year.exact or month == 0:
        return Birth(text=text, year=year.year, calendar=year.calendar)
    try:
        date(year.year, month, day or 1)
    except ValueError:
        known = month if 0 < month <= _MONTHS_A_YEAR else None
        return Birth(text=text, year=year.year, month=known, calendar=year.calendar) if lenient else None
    return Birth(text=text, year=year.year, month=month, day=day or None, calendar=year.calendar)


def _after(birth: Birth, at: date | None) -> bool:
    return at is not None and (birth.year or 0, birth.month or 0, birth.day or 0) > (at.year, at.month, at.day)
