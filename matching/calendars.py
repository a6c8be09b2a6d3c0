"""Years of other calendars and years of two digits, read as Gregorian ones."""

from __future__ import annotations

from typing import Final, NamedTuple

EARLIEST: Final = 1890
LATEST_WITHOUT_A_DATE: Final = 2100
_PIVOT_WITHOUT_A_DATE: Final = 2029
_BUDDHIST: Final = 543
_MINGUO: Final = 1911


class Year(NamedTuple):
    """A Gregorian year, the calendar it was written in, and whether month and day carry over unchanged."""

    year: int
    calendar: str = "gregorian"
    exact: bool = True


def read_year(digits: str, latest: int | None) -> tuple[Year, ...]:
    """Every year that `digits` (two to four of them) may mean and that is no later than `latest`; empty if none.

    Two digits mean the latest such year not after `latest`; three a year of the Republic of China; four out of
    range a Buddhist year (less 543), or a Jalali or Hijri one, of which only the Gregorian year is told.
    """
    number, last = int(digits), latest or LATEST_WITHOUT_A_DATE
    if len(digits) == 2:
        pivot = latest or _PIVOT_WITHOUT_A_DATE
        century = pivot - pivot % 100
        return (Year(century + number if century + number <= pivot else century - 100 + number),)
    if len(digits) == 3:
        return _within((Year(number + _MINGUO, "minguo"),), last)
    if EARLIEST <= number <= last:
        return (Year(number),)
    return _within((Year(number - _BUDDHIST, "buddhist"), *_lunar_and_persian(number)), last)


def _within(years: tuple[Year, ...], last: int) -> tuple[Year, ...]:
    return tuple(year for year in years if EARLIEST <= year.year <= last)


def _lunar_and_persian(number: int) -> tuple[Year, ...]:
    if not 1270 <= number <= 1480:
        return ()
    hijri = int(number * 0.970224 + 621.5774)
    persian = (Year(number + 621, "jalali", False), Year(number + 622, "jalali", False))
    return (*persian, Year(hijri, "hijri", False), Year(hijri + 1, "hijri", False))
