"""How the manpower office writes people down: given name first, English nationalities, approvals to employ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from deploy.demo.agencies.noise import Noise, eastern, swapped, western
from deploy.demo.agencies.sheet import Sheet, View
from deploy.demo.population.individual import Individual

TABLES = {
    "perusahaan": ("nib", "nama"),
    "rptka": ("no_sah", "nib", "jabatan", "lokasi", "mulai", "akhir"),
    "tka": ("id", "nama_tka", "kewarganegaraan", "no_paspor", "tgl_lahir", "diperbarui"),
    "tka_rptka": ("id_tka", "no_sah"),
}
ENGLISH = {
    "CHN": ("China", "P.R. China", "People's Republic of China"),
    "JPN": ("Japan",),
    "KOR": ("South Korea", "Republic of Korea"),
    "IND": ("India",),
    "MYS": ("Malaysia",),
    "PHL": ("Philippines",),
    "USA": ("United States", "USA"),
    "AUS": ("Australia",),
    "GBR": ("United Kingdom",),
    "SGP": ("Singapore",),
    "TWN": ("Taiwan",),
    "NGA": ("Nigeria",),
    "PAK": ("Pakistan",),
    "BGD": ("Bangladesh",),
    "YEM": ("Yemen",),
    "THA": ("Thailand",),
    "VNM": ("Vietnam", "Viet Nam"),
    "RUS": ("Russia",),
    "NLD": ("Netherlands",),
}


def write(sheet: Sheet, person: Individual, noise: Noise) -> None:
    """Write one person: a quarter with the order of names swapped, 5 % day and month swapped, 10 % without passport."""
    work = person.work
    if work is None:
        return
    name = eastern(person.name) if noise.errs(0.25) else western(person.name)
    born = swapped(person.born) if noise.errs(0.05) else person.born
    key = person.number + 100_000
    day = datetime(person.on.year, person.on.month, person.on.day, tzinfo=UTC)
    tables = sheet.tables
    sheet.once("perusahaan", work.employer.nib, (work.employer.nib, work.employer.name))
    tables["rptka"].append((work.number, work.employer.nib, work.post, "; ".join(work.regencies), work.start, work.end))
    tables["tka"].append(
        (
            key,
            name.title(),
            noise.one(ENGLISH[person.nationality]),
            None if noise.errs(0.1) else person.passport.number,
            f"{born.day:02d}-{born.month:02d}-{born.year}",
            day - timedelta(hours=noise.between(1, 400)),
        )
    )
    tables["tka_rptka"].append((key, work.number))
    sheet.keys.append(f"work_authorisation/{key}/{work.number}")


VIEW = View("wlkp", TABLES, write)
