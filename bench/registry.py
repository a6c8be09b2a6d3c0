"""A register of invented people of any size, record after record from a seed, and queries about them with errors.

The errors are those of clerks and of officers who know little: names respelled, by ear or mistyped, in another order;
dates swapped, partial, wrong or missing; the passport before the newest, misread, or, mostly, none.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Final

import msgspec

from deploy.demo.agencies.noise import Noise, by_ear, confused, long_date, western
from deploy.demo.population.draw import Draw, seed_of
from deploy.demo.population.identity import Identity, identity
from matching.form import Form, prepare
from matching.loose import read_person
from node.records.reading import SourceRecord, SourceRow
from node.records.shape import RecordMapping

TYPE: Final = "stay_permit"
ON: Final = date(2026, 11, 25)
_ZONE: Final = "+07:00"
_MAPPING: Final = msgspec.convert(
    {"type": TYPE, "table": "orang", "key": "id", "person": {"names": [{"column": "nama"}]}}, RecordMapping
)


def someone(seed: int, number: int) -> Identity:
    """Person `number` of the register; always the same."""
    return identity(Draw(seed_of(seed, number)), number, ON)


@dataclass(slots=True)
class Register:
    """Stands where an agency's own tables do, for `Builder`: its rows are people's numbers."""

    seed: int
    people: int

    records: Sequence[RecordMapping] = (_MAPPING,)
    zone: str = _ZONE
    at: datetime = datetime(2026, 11, 25, tzinfo=UTC)

    @asynccontextmanager
    async def look(self, record: RecordMapping) -> AsyncIterator[Register]:
        """The register does not change."""
        yield self

    async def marks(self, record: RecordMapping) -> dict[str, Any]:
        """None: nothing is refreshed."""
        return {}

    async def rows(self, record: RecordMapping, batch: int) -> AsyncIterator[list[SourceRow]]:
        """Every person's number, in batches."""
        for first in range(0, self.people, batch):
            numbers = range(first, min(first + batch, self.people))
            yield [SourceRow(reference=str(number), values=(number,)) for number in numbers]

    def read(self, record: RecordMapping, row: SourceRow, at: datetime) -> SourceRecord:
        """The record of a person: the name as in the passport and at home, birth, sex, nationality, newest passport."""
        return SourceRecord(
            type=TYPE,
            key=row.reference,
            person=read_person(recorded(someone(self.seed, int(row.reference))), ON),
            fields={},
            as_of=None,
        )

    def twice(self, record: RecordMapping, row: SourceRow) -> None:
        """Never: numbers are counted."""
        raise AssertionError(row.reference)


def recorded(who: Identity) -> dict[str, Any]:
    """What the register holds of a person, as PERSON."""
    native = who.name.native
    return {
        "names": [western(who.name), *([] if native.isascii() else [native])],
        "born": who.born.isoformat(),
        "sex": who.sex,
        "nationality": who.nationality,
        "documents": [f"{who.passports[0].issuer} {who.passports[0].number}"],
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """A query about a person of the register, and what is wrong with it."""

    number: int
    form: Form
    errors: tuple[str, ...]


def asked(seed: int, people: int, count: int) -> Iterator[Asked]:
    """So many queries about people drawn by chance."""
    chance = Draw(seed_of(seed, "asked"))
    for place in range(count):
        number = chance.between(0, people - 1)
        noise = Noise(seed_of(seed, "noise", place), careful=False)
        errors: list[str] = []
        given = described(someone(seed, number), noise, errors)
        yield Asked(number, prepare(read_person(given, ON)), tuple(errors))


def described(who: Identity, noise: Noise, errors: list[str]) -> dict[str, Any]:
    """What is asked of a person, as PERSON; what is wrong with it is added to `errors`."""
    given: dict[str, Any] = {"names": [_name(who, noise, errors)], "born": _born(who.born, noise, errors)}
    if noise.happens(0.8):
        given["nationality"] = who.nationality
    if noise.happens(0.7):
        given["sex"] = who.sex
    if noise.happens(0.39) or not given["born"]:  # a node answers no query that has neither
        paper = who.passports[-1] if noise.errs(0.15) else who.passports[0]
        number = confused(paper.number, noise) if noise.errs(0.05) else paper.number
        given["documents"] = [f"{paper.issuer} {number}"]
        errors += ["old document"] if paper is not who.passports[0] else []
    else:
        errors.append("no document")
    return given


def _name(who: Identity, noise: Noise, errors: list[str]) -> str:
    name = who.name
    family, given = name.family, name.given
    if noise.errs(0.3):
        family, given = noise.respelled(name)
        errors.append("respelled")
    if noise.errs(0.08):
        family, given = by_ear(family), by_ear(given)
        errors.append("by ear")
    if noise.errs(0.15):
        errors.append("typing error")
        if noise.happens(0.5):
            family = noise.typing_error(family)
        else:
            given = noise.typing_error(given)
    if len(given.split()) > 1 and noise.errs(0.1):
        given = given.split()[0]
        errors.append("a given name missing")
    text = f"{given} {family}" if noise.happens(0.5) else f"{family} {given}"
    if name.native != text and noise.errs(0.03):
        errors.append("in its own script")
        return name.native
    return text.strip()


def _born(born: date, noise: Noise, errors: list[str]) -> str:
    kind = noise.share()
    day, month = (born.day, born.month)
    if kind < 0.03:
        errors.append("no birth date")
        return ""
    if kind < 0.07:
        errors.append("year alone")
        return str(born.year)
    if kind < 0.09:
        errors.append("year and month")
        return f"{born.year}-{month:02d}"
    if kind < 0.11 and day <= 12:
        errors.append("day and month swapped")
        return f"{born.year}-{day:02d}-{month:02d}"
    if kind < 0.13:
        errors.append("wrong year")
        return f"{born.year + noise.one((-10, -1, 1, 10))}-{month:02d}-{min(day, 28):02d}"
    return long_date(born) if noise.happens(0.2) else born.isoformat()
