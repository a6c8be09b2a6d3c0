"""How the police write people down: first and last names, dates as text, aliases; wanted persons by age alone."""

from __future__ import annotations

from datetime import timedelta

from deploy.demo.agencies.noise import Noise, western
from deploy.demo.agencies.sheet import Sheet, View
from deploy.demo.population.individual import Individual
from deploy.demo.population.nations import NATIONS

TABLES = {
    "stm": (
        "no_stm",
        "first_name",
        "last_name",
        "nama_lain",
        "dob",
        "sex",
        "nat",
        "tgl_stm",
        "dilindungi",
    ),
    "dpo": ("no_dpo", "nama_alias", "umur", "jk", "wn", "satuan", "tgl_terbit", "status"),
}


def write(sheet: Sheet, person: Individual, noise: Noise) -> None:
    """Write one person: 15 % with an alias; of a wanted person the age, up to two years off."""
    if person.wanted:
        _wanted(sheet, person, noise)
    number = f"STM/{person.number:06d}/INTELKAM"
    name = person.name
    born = person.born
    seen = person.on - timedelta(days=noise.between(10, 700))
    alias = name.nickname if noise.errs(0.15) else None
    sheet.tables["stm"].append(
        (
            number,
            (name.given or name.family).title(),
            name.family.title() if name.given else None,
            alias,
            f"{born.day:02d}/{born.month:02d}/{born.year}",
            person.sex,
            NATIONS[person.nationality].iso2,
            seen,
            person.protected,
        )
    )
    sheet.keys.append(f"police_registration/{number}")


def _wanted(sheet: Sheet, person: Individual, noise: Noise) -> None:
    number = f"DPO/{person.number:05d}/RESKRIM"
    issued = person.on - timedelta(days=noise.between(5, 300))
    birthday_past = (issued.month, issued.day) >= (person.born.month, person.born.day)
    age = issued.year - person.born.year - (0 if birthday_past else 1)
    if noise.errs(0.6):
        age += noise.between(-2, 2)
    text = western(person.name)
    if person.name.nickname:
        text += f" alias {person.name.nickname}"
    nationality = NATIONS[person.nationality].iso2
    row = (number, text, age, person.sex, nationality, "Ditreskrimum Polda Banten", issued, "AKTIF")
    sheet.tables["dpo"].append(row)
    sheet.keys.append(f"wanted_person/{number}")


VIEW = View("intelkam", TABLES, write)
