"""What is planted in the population: faults of each kind, and as many harmless look-alikes of each."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from deploy.demo.population.draw import Draw, Weighted, seed_of
from deploy.demo.population.identity import identity
from deploy.demo.population.individual import Individual, Passport, Role
from deploy.demo.population.nations import NATIONS, passport_number
from deploy.demo.population.places import draw_company, far_company, hollow_company

# Shares of the population (domain-annex C). Each look-alike is as common as what it looks like.
SHARES = {
    "overstay": 0.010,
    "work_without_approval": 0.005,
    "hollow_sponsor": 0.003,
    "investor_without_company": 0.002,
    "shared_document": 0.001,
    "two_nationalities": 0.001,
}
OTHER_SHARES = {"protected": 0.001, "wanted": 0.001, "entry_ban": 0.001}
KINDS = Weighted(
    [(name, share) for name, share in SHARES.items()]
    + [(f"{name}_lookalike", share) for name, share in SHARES.items()]
    + list(OTHER_SHARES.items())
    + [("", 1.0 - 2 * sum(SHARES.values()) - sum(OTHER_SHARES.values()))]
)
PEOPLE_PER_HOLLOW_COMPANY = 8000


def plant(person: Individual, kind: str, draw: Draw, seed: int) -> Individual:
    """Change `person` so that what `kind` names is true of him or her."""
    base = kind.removesuffix("_lookalike")
    planted = replace(person, plants=(kind,))
    return _PLANTERS[base](planted, kind.endswith("_lookalike"), draw, seed)


def _known(person: Individual, *agencies: str) -> frozenset[str]:
    return person.known_to | frozenset(agencies)


def _overstay(person: Individual, harmless: bool, draw: Draw, seed: int) -> Individual:
    """The permit has ended and nobody saw the person leave; harmless: an extension is filed, or the person left."""
    end = person.on - timedelta(days=draw.between(1, 120))
    permit = replace(person.permit, start=end - timedelta(days=365), end=end)
    inward = [crossing for crossing in person.crossings if crossing.inward][:1]
    arrived = replace(inward[0], at=inward[0].at - (inward[0].at.date() - permit.start) - timedelta(days=2))
    if harmless and draw.happens(0.5):
        left = replace(arrived, inward=False, at=arrived.at + timedelta(days=draw.between(200, 360)))
        return replace(person, permit=permit, crossings=(arrived, left))
    status = "PERPANJANGAN DIAJUKAN" if harmless else "AKTIF"
    return replace(person, permit=replace(permit, status=status), crossings=(arrived,))


def _work_without_approval(person: Individual, harmless: bool, draw: Draw, seed: int) -> Individual:
    """Seen at work with no RPTKA; harmless: an investor, whom PP 34/2021 exempts, visiting the plant."""
    host = draw_company(draw, seed)
    known = _known(person, "kesbangpol") - {"disnakertrans"}
    index = "E28A" if harmless else person.permit.index
    role = Role(host, "Direktur") if harmless else None
    return replace(
        person,
        permit=replace(person.permit, index=index),
        work=None,
        seen_working_at=host,
        activity="BEKERJA",
        role=role,
        registered_role=harmless,
        known_to=_known(person, "pemkab_serang", "kesbangpol") - {"disnakertrans"} if harmless else known,
    )


def _hollow_sponsor(person: Individual, harmless: bool, draw: Draw, seed: int) -> Individual:
    """An investor's permit resting on an empty company; harmless: a contractor that really employs many."""
    at = person.number // PEOPLE_PER_HOLLOW_COMPANY
    if harmless:
        return replace(person, permit=replace(person.permit, sponsor=draw_company(draw, seed)))
    company = hollow_company(seed, at)
    permit = replace(person.permit, kind="ITAS", index="E28A", sponsor=company)
    role = Role(company, "Direktur")
    return replace(
        person,
        permit=permit,
        role=role,
        registered_role=True,
        work=None,
        known_to=_known(person, "pemkab_serang") - {"disnakertrans"},
    )


def _investor_without_company(person: Individual, harmless: bool, draw: Draw, seed: int) -> Individual:
    """An investor without any role in a company; harmless: the company is in another province."""
    sponsor = far_company(seed) if harmless else draw_company(draw, seed)
    permit = replace(person.permit, kind="ITAS", index="E28A", sponsor=sponsor)
    role = Role(sponsor, "Komisaris") if harmless else None
    return replace(
        person,
        permit=permit,
        role=role,
        registered_role=False,
        work=None,
        known_to=person.known_to - {"disnakertrans"},
    )


def _shared_document(person: Individual, harmless: bool, draw: Draw, seed: int) -> Individual:
    """The passport number of the person before; harmless: the same digits, issued by another state."""
    before = max(person.number - 1, 0)
    other = identity(Draw(seed_of(seed, before)), before, person.on).passports[0]
    issuer = person.nationality if harmless else other.issuer
    passport = Passport(other.number, issuer, person.passport.issued, person.passport.expires)
    return replace(person, passports=(passport, *person.passports[1:]))


def _two_nationalities(person: Individual, harmless: bool, draw: Draw, seed: int) -> Individual:
    """A valid passport of another state as well; harmless: two valid passports of one state, one just renewed."""
    if harmless:
        old = replace(person.passport, number=passport_number(draw, NATIONS[person.nationality], person.number, 1))
        return replace(person, passports=(person.passport, old))
    nation = NATIONS["GBR" if person.nationality != "GBR" else "AUS"]
    number = passport_number(draw, nation, person.number, 0)
    second = Passport(number, nation.iso3, person.passport.issued, person.passport.expires)
    return replace(
        person,
        second_nationality=nation.iso3,
        second_passport=second,
        known_to=_known(person, "bea_cukai"),
    )


def _protected(person: Individual, harmless: bool, draw: Draw, seed: int) -> Individual:
    """A witness or victim: known only to the agencies that protect, and answered exactly as absent."""
    return replace(person, protected=True, known_to=frozenset({"imigrasi", "polri", "disdukcapil"}))


def _wanted(person: Individual, harmless: bool, draw: Draw, seed: int) -> Individual:
    return replace(person, wanted=True, known_to=_known(person, "polri"))


def _entry_ban(person: Individual, harmless: bool, draw: Draw, seed: int) -> Individual:
    return replace(person, ban="T")


_PLANTERS = {
    "overstay": _overstay,
    "work_without_approval": _work_without_approval,
    "hollow_sponsor": _hollow_sponsor,
    "investor_without_company": _investor_without_company,
    "shared_document": _shared_document,
    "two_nationalities": _two_nationalities,
    "protected": _protected,
    "wanted": _wanted,
    "entry_ban": _entry_ban,
}
