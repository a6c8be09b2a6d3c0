"""How the narcotics agency writes people down: dates as numbers, sex as 1 or 2; rehabilitation is never mapped."""

from __future__ import annotations

from datetime import timedelta

from deploy.demo.agencies.noise import Noise
from deploy.demo.agencies.sheet import Sheet, View
from deploy.demo.population.individual import Individual

TABLES = {
    "tersangka": ("no_lkn", "nama_depan", "nama_belakang", "tgl_lahir", "jk", "wn", "paspor", "tahap", "tgl_lkn"),
    "rehab": ("no_rekam", "nama", "diagnosis"),
}


def write(sheet: Sheet, person: Individual, noise: Noise) -> None:
    """Write one person as suspect: one in five without a passport."""
    opened = person.on - timedelta(days=noise.between(5, 900))
    number = f"LKN/{person.number}/{opened.month:02d}/{opened.year}/BNNP"
    born = person.born
    sheet.tables["tersangka"].append(
        (
            number,
            person.name.given or person.name.family,
            person.name.family if person.name.given else None,
            born.year * 10_000 + born.month * 100 + born.day,
            1 if person.sex == "M" else 2,
            person.nationality,
            None if noise.errs(0.2) else person.passport.number,
            noise.one(("Penyidikan", "P-21", "Tahap II")),
            opened,
        )
    )
    sheet.keys.append(f"narcotics_case/{number}")
    if noise.happens(0.1):
        sheet.tables["rehab"].append((f"RM{person.number:07d}", person.name.given, "rahasia medis"))


VIEW = View("sintel", TABLES, write)
