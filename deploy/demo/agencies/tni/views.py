"""How the territorial army command writes people down: by ear, with adjectives, half of them without a day of birth."""

from __future__ import annotations

from datetime import timedelta

from deploy.demo.agencies.noise import MONTHS, Noise, by_ear, eastern, western
from deploy.demo.agencies.sheet import Sheet, View
from deploy.demo.population.individual import Individual

TABLES = {
    "lap_orang_asing": ("NO_LAP", "NAMA_ORANG", "WN", "TTL", "PASPOR", "LOKASI", "SATUAN", "TGL_LAP"),
}
ADJECTIVES = {
    "CHN": ("Tiongkok", "Cina", "RRT"),
    "JPN": ("Jepang",),
    "KOR": ("Korea Selatan", "Korsel"),
    "IND": ("India",),
    "MYS": ("Malaysia",),
    "PHL": ("Filipina", "Philipina"),
    "USA": ("Amerika", "Amerika Serikat"),
    "AUS": ("Australia",),
    "GBR": ("Inggris",),
    "SGP": ("Singapura",),
    "TWN": ("Taiwan",),
    "NGA": ("Nigeria",),
    "PAK": ("Pakistan",),
    "BGD": ("Bangladesh", "Banglades"),
    "YEM": ("Yaman",),
    "THA": ("Thailand", "Muangthai"),
    "VNM": ("Vietnam",),
    "RUS": ("Rusia",),
    "NLD": ("Belanda",),
}
PREFIXES = ("WN ", "Warga Negara ", "")
UNITS = ("Kodim 0602/Serang", "Kodim 0623/Cilegon", "Kodim 0510/Tigaraksa", "Koramil 0602-12/Cikande")


def write(sheet: Sheet, person: Individual, noise: Noise) -> None:
    """Write one person: half without a day of birth, names by ear, four in ten without a passport."""
    number = f"R/{person.number:06d}/LAPWIL"
    name = eastern(person.name) if noise.happens(0.6) else western(person.name)
    born = person.born
    if noise.errs(0.5):
        when = f"{MONTHS[born.month - 1]} {born.year}" if noise.happens(0.6) else str(born.year)
    else:
        when = f"{born.day}-{born.month}-{born.year % 100:02d}"
    seen = person.on - timedelta(days=noise.between(1, 400))
    sheet.tables["lap_orang_asing"].append(
        (
            number,
            by_ear(name) if noise.errs(0.6) else name,
            noise.one(PREFIXES) + noise.one(ADJECTIVES[person.nationality]),
            f"{person.birth_place}, {when}",
            None if noise.errs(0.4) else person.passport.number,
            f"{person.home.village}, {person.home.district}",
            noise.one(UNITS),
            f"{seen.day:02d}-{seen.month:02d}-{seen.year % 100:02d}",
        )
    )
    sheet.keys.append(f"territorial_note/{number}")


VIEW = View("public", TABLES, write)
