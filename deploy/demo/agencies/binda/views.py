"""How the regional intelligence agency writes people down: arrays of names and states, a birth in parts."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta

from deploy.demo.agencies.noise import Noise, eastern, western
from deploy.demo.agencies.sheet import Sheet, View
from deploy.demo.population.individual import Individual

TABLES = {
    "subjek": ("id", "nm_utama", "nm_lain", "lahir_thn", "lahir_bln", "lahir_tgl", "negara", "dok", "diubah"),
}


def write(sheet: Sheet, person: Individual, noise: Noise) -> None:
    """Write one person: four in ten with the year of birth alone, other names in an array, both nationalities."""
    key = uuid.UUID(int=person.seed << 64 | person.number, version=4)
    year_only = noise.errs(0.4)
    others = [person.name.native] if person.name.script != "Latn" else []
    others += [western(person.name)] if noise.happens(0.5) else []
    others += [person.name.nickname] if noise.errs(0.3) else []
    passports = [*person.passports, *([person.second_passport] if person.second_passport else [])]
    papers = [{"jenis": "paspor", "nomor": each.number, "negara": each.issuer} for each in passports]
    changed = datetime(person.on.year, person.on.month, person.on.day, 3, tzinfo=UTC)
    sheet.tables["subjek"].append(
        (
            key,
            eastern(person.name),
            others,
            person.born.year,
            None if year_only else person.born.month,
            None if year_only else person.born.day,
            [person.nationality, *([person.second_nationality] if person.second_nationality else [])],
            json.dumps([] if noise.errs(0.3) else papers),
            changed - timedelta(days=noise.between(1, 500)),
        )
    )
    sheet.keys.append(f"intelligence_interest/{key}")


VIEW = View("public", TABLES, write)
