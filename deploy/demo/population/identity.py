"""Who an invented person is: name, sex, birth, nationality and passports, from the person's own seed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from deploy.demo.population.draw import Draw
from deploy.demo.population.individual import Passport
from deploy.demo.population.names import FullName, draw_name
from deploy.demo.population.nations import NATIONS, SHARES, Nation, passport_number

# Where only the year of birth is known, offices write 1 January.
YEAR_ONLY = {"PAK": 0.10, "BGD": 0.10, "YEM": 0.12, "NGA": 0.05}
RENEWED = 0.3


@dataclass(frozen=True, slots=True)
class Identity:
    """What does not change from one register to the next; `passports` newest first."""

    nationality: str
    sex: str
    name: FullName
    born: date
    birth_place: str
    passports: tuple[Passport, ...]


def identity(draw: Draw, number: int, on: date) -> Identity:
    """Make person `number` from the beginning of the person's own stream."""
    nation = NATIONS[draw.weighted(SHARES)]
    sex = "M" if draw.happens(nation.men) else "F"
    return Identity(
        nation.iso3,
        sex,
        draw_name(draw, _language(draw, nation), sex),
        _born(draw, nation.iso3),
        draw.one(nation.towns),
        passports(draw, nation, number, on),
    )


def passports(draw: Draw, nation: Nation, number: int, on: date) -> tuple[Passport, ...]:
    """Draw the newest passport, and for some the one before it."""
    issued = on - timedelta(days=draw.between(30, 3000))
    newest = Passport(passport_number(draw, nation, number, 0), nation.iso3, issued, issued + timedelta(days=3652))
    if not draw.happens(RENEWED):
        return (newest,)
    before = issued - timedelta(days=draw.between(3300, 3640))
    ends = before + timedelta(days=3652)
    return newest, Passport(passport_number(draw, nation, number, 1), nation.iso3, before, ends)


def _language(draw: Draw, nation: Nation) -> str:
    if nation.iso3 == "SGP" and draw.happens(0.2):
        return "hi"
    if nation.iso3 == "USA" and draw.happens(0.1):
        return "vi"
    return nation.language


def _born(draw: Draw, nationality: str) -> date:
    """Draw a birth date: most people are 25 to 60, a few are minors; it does not move with the day."""
    middle = (draw.share() + draw.share()) / 2
    year = 2009 + draw.between(0, 7) if draw.happens(0.006) else 1958 + int(middle * 47)
    if draw.happens(YEAR_ONLY.get(nationality, 0.01)):
        return date(year, 1, 1)
    return draw.day(date(year, 1, 1), date(year, 12, 31))
