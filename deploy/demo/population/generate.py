"""The invented foreigners of Banten: as many as asked for, each made from his or her own seed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import product
from math import prod

from deploy.demo.population.draw import Draw, Weighted, seed_of
from deploy.demo.population.identity import Identity, identity
from deploy.demo.population.individual import Crossing, Individual, Lodging, Permit, Role, Work
from deploy.demo.population.places import GATES, POSTS, Address, Company, draw_address, draw_company
from deploy.demo.population.planted import PLANTED, planted
from deploy.demo.population.plants import KINDS, plant

REFERENCE_DAY = date(2026, 11, 1)
SEED = 36
# What people are in Banten for: half visit, half hold a limited stay permit, one in a hundred a permanent one.
REASONS = Weighted(
    [
        ("work", 46.0),
        ("invest", 3.0),
        ("spouse", 3.0),
        ("study", 1.0),
        ("remote", 0.5),
        ("permanent", 1.0),
        ("visit", 45.5),
    ]
)
INDICES = {"work": "E23", "invest": "E28A", "spouse": "E31A", "study": "E30", "remote": "E33G", "permanent": "ITAP"}
ACTIVITIES = {"work": "BEKERJA", "invest": "INVESTASI", "spouse": "IKUT KELUARGA", "study": "KULIAH"}
VISITS = Weighted([("B1", 55.0), ("C2", 20.0), ("D2", 15.0), ("A1", 10.0)])
# How much of the population each agency knows (domain-annex C), after Immigration, which knows everyone.
COVERAGE = (
    ("bea_cukai", 0.85),
    ("kesbangpol", 0.12),
    ("polri", 0.08),
    ("tni", 0.03),
    ("kejaksaan", 0.006),
    ("bnnp", 0.004),
    ("binda", 0.008),
)
KNOWN: Weighted[frozenset[str]] = Weighted(
    [
        (
            frozenset(agency for (agency, _), known in zip(COVERAGE, each, strict=True) if known) | {"imigrasi"},
            prod(share if known else 1 - share for (_, share), known in zip(COVERAGE, each, strict=True)),
        )
        for each in product((True, False), repeat=len(COVERAGE))
    ]
)
REGISTERED_RESIDENTS = 0.74
LODGED_IN_SERANG, LODGED_ELSEWHERE = 0.75, 0.19


def population(seed: int, size: int, on: date = REFERENCE_DAY) -> Iterator[Individual]:
    """Yield `size` individuals: first those planted by name, then person by person from (seed, number).

    Permits and movements are reckoned back from the day `on`; names, births and numbers are the same on any day.
    """
    for number in range(size):
        yield planted(seed, number, on) if number < len(PLANTED) else individual(seed, number, on)


def individual(seed: int, number: int, on: date = REFERENCE_DAY) -> Individual:
    """Make person `number`, with whatever is planted on him or her."""
    draw = Draw(seed_of(seed, number))
    who = identity(draw, number, on)
    reason = draw.weighted(REASONS)
    kind = draw.weighted(KINDS)
    person = _life(who, number, reason, draw, seed, on)
    return plant(person, kind, draw, seed) if kind else person


def _life(who: Identity, number: int, reason: str, draw: Draw, seed: int, on: date) -> Individual:
    home = draw_address(draw)
    work = _work(draw, number, seed, on) if reason == "work" else None
    company = work.employer if work else draw_company(draw, seed)
    permit = _permit(draw, number, reason, company, on)
    known = _known(draw, reason, home)
    return Individual(
        number=number,
        seed=draw.seed,
        on=on,
        name=who.name,
        sex=who.sex,
        born=who.born,
        birth_place=who.birth_place,
        nationality=who.nationality,
        passports=who.passports,
        permit=permit,
        home=home,
        crossings=_crossings(draw, reason, permit, on),
        known_to=known | {"pemkab_serang"} if reason == "invest" else known,
        work=work,
        seen_working_at=company if work else None,
        role=Role(company, "Direktur") if reason == "invest" else None,
        registered_role=reason == "invest",
        lodging=_lodging(draw, home, permit, on),
        activity=ACTIVITIES.get(reason, "WISATA"),
        marital="2" if reason == "spouse" else draw.one("1122234"),
        ban="C" if draw.happens(0.0008) else "",
    )


def _known(draw: Draw, reason: str, home: Address) -> frozenset[str]:
    """Draw the agencies that know the person."""
    base: frozenset[str] = draw.weighted(KNOWN)
    known = set(base)
    if reason == "work":
        known.add("disnakertrans")
    if reason != "visit" and draw.happens(REGISTERED_RESIDENTS):
        known.add("disdukcapil")
    if draw.happens(LODGED_IN_SERANG if home.regency == "Kab. Serang" else LODGED_ELSEWHERE):
        known.add("pemkab_serang")
    return frozenset(known)


def _permit(draw: Draw, number: int, reason: str, company: Company, on: date) -> Permit:
    serial = f"{(number * 387_420_489 + 31) % 10**7:07d}"
    if reason == "visit":
        index = draw.weighted(VISITS)
        days = 30 if index in ("A1", "B1") else 60
        start = on - timedelta(days=draw.between(0, days - 1))
        sponsor = company if index in ("C2", "D2") else None
        return Permit(f"2A{serial}-{index}", "ITK", index, start, start + timedelta(days=days), sponsor)
    index = INDICES[reason]
    kind, years = ("ITAP", 5) if index == "ITAP" else ("ITAS", 1)
    start = on - timedelta(days=draw.between(5, 365 * years - 5))
    return Permit(
        f"2C{serial}-{start.year % 100:02d}", kind, index, start, start + timedelta(days=365 * years), company
    )


def _crossings(draw: Draw, reason: str, permit: Permit, on: date) -> tuple[Crossing, ...]:
    """Draw crossings, oldest first; some residents and a quarter of the visitors have left again."""
    gate = draw.weighted(GATES)
    arrived = Crossing(True, gate, _at(draw, permit.start - timedelta(days=draw.between(0, 2))))
    if not draw.happens(0.25 if reason == "visit" else 0.35):
        return (arrived,)
    left = Crossing(False, gate, _between(draw, arrived.at, on))
    if reason == "visit" or draw.happens(0.06):
        return arrived, left
    return arrived, left, Crossing(True, gate, _between(draw, left.at, on))


def _at(draw: Draw, day: date) -> datetime:
    return datetime.combine(day, time(draw.between(0, 23), draw.between(0, 59)), UTC)


def _between(draw: Draw, first: datetime, on: date) -> datetime:
    last = datetime.combine(on, time(), UTC)
    return first + (last - first) * draw.share() if last > first else first + timedelta(hours=1)


def _work(draw: Draw, number: int, seed: int, on: date) -> Work:
    employer = draw_company(draw, seed)
    start = on - timedelta(days=draw.between(5, 355))
    other = draw_company(draw, seed).address.regency
    places = (employer.address.regency, other) if draw.happens(0.15) else (employer.address.regency,)
    reference = f"B.3/{number:06d}/PK.04.01/{start.year}"
    return Work(reference, employer, draw.one(POSTS), tuple(dict.fromkeys(places)), start, start + timedelta(days=365))


def _lodging(draw: Draw, home: Address, permit: Permit, on: date) -> Lodging:
    kind = draw.one(("kos", "mess", "hotel"))
    arrived = max(permit.start, on - timedelta(days=draw.between(1, 300)))
    left = arrived + timedelta(days=draw.between(1, 60)) if draw.happens(0.4) else None
    place = f"{kind.title()} {draw.one(('Melati', 'Anggrek', 'Mawar', 'Cempaka', 'Dahlia', 'Kenanga'))}"
    return Lodging(place, kind, home, arrived, left if left and left < on else None)
