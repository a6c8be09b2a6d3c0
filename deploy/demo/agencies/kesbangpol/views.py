"""How Kesbangpol writes people down: a monthly spreadsheet with several facts in one cell."""

from __future__ import annotations

from deploy.demo.agencies.noise import Noise, eastern, long_date
from deploy.demo.agencies.sheet import Sheet, View
from deploy.demo.population.individual import Individual

TABLES = {
    "rekap_wna": (
        "NO",
        "NAMA_LENGKAP / TTL",
        "L/P",
        "KEBANGSAAN",
        "NO PASPOR / KITAS",
        "KEGIATAN",
        "SPONSOR / TEMPAT KEGIATAN",
        "ALAMAT",
    ),
}
NATIONALITIES = {
    "CHN": ("TIONGKOK", "RRT", "RRC", "CINA"),
    "JPN": ("JEPANG",),
    "KOR": ("KOREA SELATAN", "KORSEL"),
    "IND": ("INDIA",),
    "MYS": ("MALAYSIA",),
    "PHL": ("FILIPINA",),
    "USA": ("AMERIKA SERIKAT", "USA"),
    "AUS": ("AUSTRALIA",),
    "GBR": ("INGGRIS",),
    "SGP": ("SINGAPURA",),
    "TWN": ("TAIWAN",),
    "NGA": ("NIGERIA",),
    "PAK": ("PAKISTAN",),
    "BGD": ("BANGLADESH",),
    "YEM": ("YAMAN",),
    "THA": ("THAILAND",),
    "VNM": ("VIETNAM",),
    "RUS": ("RUSIA",),
    "NLD": ("BELANDA",),
}


def write(sheet: Sheet, person: Individual, noise: Noise) -> None:
    """Write one person: three in ten with the slash between name and birth forgotten."""
    slash = " " if noise.errs(0.3) else " / "
    permit = person.permit.number if person.permit.kind != "ITK" else ""
    papers = f"{person.passport.number} / {permit}" if permit else person.passport.number
    host = person.seen_working_at.name if person.seen_working_at and person.activity == "BEKERJA" else None
    sheet.tables["rekap_wna"].append(
        (
            person.number,
            f"{eastern(person.name)}{slash}{person.birth_place}, {long_date(person.born)}",
            "L" if person.sex == "M" else "P",
            noise.one(NATIONALITIES[person.nationality]),
            papers,
            person.activity,
            host,
            person.home.line,
        )
    )
    sheet.keys.append(f"monitoring_note/{person.number}")


VIEW = View("public", TABLES, write)
