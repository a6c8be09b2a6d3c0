"""One invented foreigner, as he or she truly is, before any agency writes anything down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from deploy.demo.population.names import FullName
from deploy.demo.population.places import Address, Company


@dataclass(frozen=True, slots=True)
class Passport:
    """A passport; `issuer` ISO 3166-1 alpha-3."""

    number: str
    issuer: str
    issued: date
    expires: date


@dataclass(frozen=True, slots=True)
class Permit:
    """A stay permit: kind such as `ITAS`, index such as `E23`; `status` as Immigration writes it."""

    number: str
    kind: str
    index: str
    start: date
    end: date
    sponsor: Company | None = None
    status: str = "AKTIF"


@dataclass(frozen=True, slots=True)
class Work:
    """An approval to be employed (RPTKA)."""

    number: str
    employer: Company
    post: str
    regencies: tuple[str, ...]
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class Crossing:
    """One crossing of the border; `inward` or out."""

    inward: bool
    gate: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Lodging:
    """A night's lodging: `place` is a hotel, a mess or a boarding house."""

    place: str
    kind: str
    address: Address
    arrived: date
    left: date | None


@dataclass(frozen=True, slots=True)
class Role:
    """A role in a company: `company` is what the person says it is."""

    company: Company
    title: str


@dataclass(frozen=True, slots=True)
class Individual:
    """A person and everything true of him or her.

    `passports` run newest first. `plants` name what was planted (`overstay`, or `overstay_lookalike` for the harmless
    twin of it); `known_to` are the agencies that hold the person. A `careful` person is written without mistakes.
    """

    number: int
    seed: int
    on: date
    name: FullName
    sex: str
    born: date
    birth_place: str
    nationality: str
    passports: tuple[Passport, ...]
    permit: Permit
    home: Address
    crossings: tuple[Crossing, ...]
    known_to: frozenset[str]
    second_nationality: str = ""
    second_passport: Passport | None = None
    work: Work | None = None
    seen_working_at: Company | None = None
    role: Role | None = None
    registered_role: bool = False
    lodging: Lodging | None = None
    activity: str = "WISATA"
    marital: str = "1"
    ban: str = ""
    wanted: bool = False
    protected: bool = False
    plants: tuple[str, ...] = ()
    careful: bool = False

    @property
    def truth_id(self) -> str:
        """The id by which the truth file knows the person; no agency knows it."""
        return f"T{self.number:07d}"

    @property
    def passport(self) -> Passport:
        """The newest passport."""
        return self.passports[0]
