"""How villages of Serang regency write guests down: slang, nicknames, half a date; and who owns what."""

from __future__ import annotations

from deploy.demo.agencies.noise import MONTHS, Noise, eastern, long_date, western
from deploy.demo.agencies.sheet import Sheet, View
from deploy.demo.population.individual import Individual, Lodging

TABLES = {
    "lapor_tamu": (
        "no_lapor",
        "nama_tamu",
        "warga_negara",
        "lahir",
        "no_id",
        "masuk",
        "keluar",
        "tempat",
        "rt_rw",
        "desa",
        "jenis",
    ),
    "izin_usaha": ("nib", "nama", "status"),
    "pemodal": ("nib", "urut", "nama", "paspor", "jabatan"),
}
SLANG = {
    "CHN": ("Cina", "China", "Tiongkok"),
    "JPN": ("Jepang",),
    "KOR": ("Korsel", "Korea"),
    "IND": ("India",),
    "MYS": ("Malaysia",),
    "PHL": ("Filipina",),
    "USA": ("Amerika",),
    "AUS": ("Australia",),
    "GBR": ("Inggris",),
    "SGP": ("Singapura",),
    "TWN": ("Taiwan",),
    "NGA": ("Nigeria",),
    "PAK": ("Pakistan",),
    "BGD": ("Bangladesh",),
    "YEM": ("Yaman",),
    "THA": ("Thailand",),
    "VNM": ("Vietnam",),
    "RUS": ("Rusia",),
    "NLD": ("Belanda",),
}


def write(sheet: Sheet, person: Individual, noise: Noise) -> None:
    """Write one person: six in ten without a full birth date, one in five by a nickname."""
    if person.lodging is not None:
        _guest(sheet, person, person.lodging, noise)
    if person.role is not None and person.registered_role:
        _investor(sheet, person)


def _guest(sheet: Sheet, person: Individual, lodging: Lodging, noise: Noise) -> None:
    number = f"LT-{person.number:07d}"
    name = western(person.name) if noise.happens(0.3) else eastern(person.name)
    if noise.errs(0.2):
        name = f"{person.name.nickname} {person.name.family}".strip()
    born = person.born
    when = long_date(born)
    if noise.errs(0.6):
        when = f"{MONTHS[born.month - 1]} {born.year}" if noise.happens(0.6) else str(born.year)
    sheet.tables["lapor_tamu"].append(
        (
            number,
            name.title(),
            noise.one(SLANG[person.nationality]),
            when,
            None if noise.errs(0.35) else person.passport.number,
            long_date(lodging.arrived),
            long_date(lodging.left) if lodging.left else None,
            lodging.place,
            f"{noise.between(1, 12):02d}/{noise.between(1, 9):02d}",
            lodging.address.village,
            lodging.kind,
        )
    )
    sheet.keys.append(f"lodging_entry/{number}")


def _investor(sheet: Sheet, person: Individual) -> None:
    assert person.role is not None  # noqa: S101  # REASON: the caller asked
    company = person.role.company
    sheet.once("izin_usaha", company.nib, (company.nib, company.name, company.standing))
    row = (company.nib, person.number, western(person.name), person.passport.number, person.role.title)
    sheet.tables["pemodal"].append(row)
    sheet.keys.append(f"business_role/{company.nib}/{person.number}")


VIEW = View("public", TABLES, write)
