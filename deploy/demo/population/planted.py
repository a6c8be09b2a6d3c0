"""Persons planted by name, so that a demonstration can ask for them: who they are and what ought to be found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from deploy.demo.population.draw import seed_of
from deploy.demo.population.individual import Crossing, Individual, Lodging, Passport, Permit, Work
from deploy.demo.population.names import FullName
from deploy.demo.population.places import Address, Company

FACTORY = Company(
    "8120000901234",
    "PT Krakatau Baja Perkasa",
    Address("Jl. Raya Serang KM 68", "Nambo Udik", "Cikande", "Kab. Serang"),
)
HOME = Address("Perum Griya Asri No. 17", "Leuwilimus", "Cikande", "Kab. Serang")
EIGHT = frozenset(
    {"imigrasi", "disnakertrans", "disdukcapil", "bea_cukai", "pemkab_serang", "polri", "kesbangpol", "tni"}
)


@dataclass(frozen=True, slots=True)
class Planted:
    """A person planted by name. `permit_ends` is in days from the day of the population, negative where past."""

    key: str
    name: FullName
    sex: str
    born: date
    birth_place: str
    nationality: str
    passports: tuple[str, ...]
    known_to: frozenset[str]
    permit_ends: int
    plants: tuple[str, ...] = ()
    protected: bool = False
    wanted: bool = False


PLANTED = (
    Planted(
        key="joint_operation",
        name=FullName("zh", "陈晓明", "CHEN", "XIAOMING", ("CHAN",), ("XIAO MING", "XIAO-MING"), "KEVIN"),
        sex="M",
        born=date(1984, 5, 17),
        birth_place="Fuzhou",
        nationality="CHN",
        passports=("EJ3051742", "G28165523"),
        known_to=EIGHT,
        permit_ends=9,
    ),
    Planted(
        key="routine_oversight",
        name=FullName("zh", "林国华", "LIN", "GUOHUA", ("LIM",), ("GUO HUA", "GUO-HUA"), "TONY"),
        sex="M",
        born=date(1979, 8, 23),
        birth_place="Wenzhou",
        nationality="CHN",
        passports=("EK7720418",),
        known_to=frozenset({"imigrasi", "disnakertrans", "disdukcapil", "bea_cukai"}),
        permit_ends=-23,
        plants=("overstay",),
    ),
    Planted(
        key="protected",
        name=FullName("fil", "Maricel Reyes Bautista", "BAUTISTA", "MARICEL REYES", (), ("MARICEL",), "MARICEL"),
        sex="F",
        born=date(1996, 2, 21),
        birth_place="Cebu",
        nationality="PHL",
        passports=("P4417083B",),
        known_to=frozenset({"imigrasi", "polri", "disdukcapil"}),
        permit_ends=120,
        plants=("protected",),
        protected=True,
    ),
    Planted(
        key="wanted",
        name=FullName("ko", "김민준", "KIM", "MIN JUN", ("GIM",), ("MINJUN", "MIN-JUN"), "JASON"),
        sex="M",
        born=date(1984, 3, 14),
        birth_place="Seoul",
        nationality="KOR",
        passports=("M482K1907",),
        known_to=frozenset({"imigrasi", "polri", "bea_cukai", "kesbangpol"}),
        permit_ends=60,
        plants=("wanted",),
        wanted=True,
    ),
)


def planted(seed: int, number: int, on: date) -> Individual:
    """Make the planted person `number` as he or she is on the day `on`; written by every agency without mistakes."""
    who = PLANTED[number]
    end = on + timedelta(days=who.permit_ends)
    permit = Permit(f"2C11{number:05d}-{end:%y}", "ITAS", "E23", end - timedelta(days=365), end, FACTORY)
    work = Work(
        f"B.3/{number:06d}/PK.04.01/{on.year}",
        FACTORY,
        "Teknisi Mesin",
        ("Kab. Serang",),
        permit.start,
        on + timedelta(days=300),
    )
    arrived = Crossing(True, "Soekarno-Hatta", datetime.combine(permit.end - timedelta(days=40), time(7, 25), UTC))
    return Individual(
        number=number,
        seed=seed_of(seed, number),
        on=on,
        name=who.name,
        sex=who.sex,
        born=who.born,
        birth_place=who.birth_place,
        nationality=who.nationality,
        passports=_passports(who, on),
        permit=permit,
        home=HOME,
        crossings=(arrived,),
        known_to=who.known_to,
        work=work if "disnakertrans" in who.known_to else None,
        seen_working_at=FACTORY,
        lodging=Lodging("Mess Cempaka", "mess", HOME, on - timedelta(days=50), None),
        activity="BEKERJA",
        marital="2",
        wanted=who.wanted,
        protected=who.protected,
        plants=who.plants,
        careful=True,
    )


def _passports(who: Planted, on: date) -> tuple[Passport, ...]:
    newest = Passport(who.passports[0], who.nationality, date(2021, 3, 9), date(2031, 3, 8))
    older = [Passport(number, who.nationality, date(2011, 4, 2), date(2021, 4, 1)) for number in who.passports[1:]]
    return newest, *older
