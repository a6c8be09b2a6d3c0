"""How the civil register writes people down: a NIK that is never corrected, codes for sex and marriage."""

from __future__ import annotations

from datetime import timedelta

from deploy.demo.agencies.kesbangpol.views import NATIONALITIES
from deploy.demo.agencies.noise import Noise, eastern, swapped
from deploy.demo.agencies.sheet import Sheet, View
from deploy.demo.population.individual import Individual
from deploy.demo.population.places import REGENCY_CODES

TABLES = {
    "biodata_oa": (
        "nik",
        "nama_lgkp",
        "tmpt_lhr",
        "tgl_lhr",
        "jenis_klmin",
        "kwrngrn",
        "no_paspor",
        "stat_kwn",
        "kab_kota",
        "dilindungi",
    ),
    "sktt": ("no_sktt", "nik", "alamat", "berlaku_sd"),
    "peristiwa": ("no_akta", "nik", "jenis", "tgl"),
}


def write(sheet: Sheet, person: Individual, noise: Noise) -> None:
    """Write one person: 6 % with the given names joined, 3 % with a birth date that differs from the NIK."""
    nik = _nik(person, noise)
    name = eastern(person.name)
    if noise.errs(0.06):
        name = f"{person.name.family} {person.name.given.replace(' ', '').replace('-', '')}".strip()
    sheet.tables["biodata_oa"].append(
        (
            nik,
            name,
            person.birth_place.upper(),
            person.born,
            1 if person.sex == "M" else 2,
            NATIONALITIES[person.nationality][0],
            person.passport.number,
            int(person.marital),
            person.home.regency,
            person.protected,
        )
    )
    sheet.keys.append(f"resident_foreigner/{nik}")
    if person.permit.kind == "ITAS" and (person.careful or not noise.happens(0.04)):
        sheet.tables["sktt"].append((f"SKTT/{person.number:07d}", nik, person.home.line, person.permit.end))
    if noise.happens(0.01):
        number = f"36-AK-{person.number:07d}"
        event = "KAWIN" if person.marital == "2" else "CERAI" if person.marital == "3" else "LAHIR ANAK"
        sheet.tables["peristiwa"].append((number, nik, event, person.on - timedelta(days=noise.between(30, 2000))))
        sheet.keys.append(f"civil_event/{number}")


def _nik(person: Individual, noise: Noise) -> str:
    """Write the NIK: region, birth date (women: day plus 40), serial; a wrong date in it is never corrected."""
    born = swapped(person.born) if noise.errs(0.03) else person.born
    day = born.day + (40 if person.sex == "F" else 0)
    region = f"{REGENCY_CODES[person.home.regency]}{person.number // 10_000 % 99 + 1:02d}"
    return f"{region}{day:02d}{born.month:02d}{born.year % 100:02d}{person.number % 10_000:04d}"


VIEW = View("siak", TABLES, write)
