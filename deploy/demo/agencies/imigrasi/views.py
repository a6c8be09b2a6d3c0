"""How Immigration writes people down: SURNAME GIVEN, ICAO codes, a permit, crossings, bans and hotel reports."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from deploy.demo.agencies.noise import Noise, eastern
from deploy.demo.agencies.sheet import Sheet, View
from deploy.demo.population.individual import Individual
from deploy.demo.population.places import Company

TABLES = {
    "orang_asing": (
        "niora",
        "nm_lengkap",
        "tgl_lahir",
        "jns_kelamin",
        "kd_negara",
        "no_paspor",
        "tgl_habis",
        "dilindungi",
        "diperbarui",
    ),
    "penjamin": ("id", "nama", "nib"),
    "izin_tinggal": (
        "no_izin",
        "niora",
        "jenis",
        "indeks",
        "terbit",
        "berlaku",
        "id_penjamin",
        "alamat",
        "kab_kota",
        "kantor",
        "status",
    ),
    "perlintasan": ("niora", "arah", "tpi", "waktu"),
    "cekal": ("no_skep", "niora", "jenis", "mulai", "akhir"),
    "apoa": ("no_stp", "nama", "no_paspor", "masuk", "keluar", "hotel", "kab_kota", "dilindungi"),
    "detensi": ("no_detensi", "niora", "masuk", "keluar", "status"),
    "tak": ("no_tak", "niora", "jenis", "tanggal", "status"),
}


def write(sheet: Sheet, person: Individual, noise: Noise) -> None:
    """Write one person: 2 % with a typing error, 8 % still on the old passport."""
    niora = f"N{person.number * 387_420_489 % 10**9:09d}"
    name = eastern(person.name)
    passport = noise.passport(person, 0.08)
    updated = datetime(person.on.year, person.on.month, person.on.day, tzinfo=UTC) - timedelta(
        minutes=noise.between(60, 60_000)
    )
    tables = sheet.tables
    tables["orang_asing"].append(
        (
            niora,
            noise.typing_error(name) if noise.errs(0.02) else name,
            person.born,
            "L" if person.sex == "M" else "P",
            passport.issuer,
            passport.number,
            passport.expires,
            person.protected,
            updated,
        )
    )
    _permit(sheet, person, niora)
    tables["perlintasan"].extend(
        (niora, "D" if crossing.inward else "B", crossing.gate, crossing.at) for crossing in person.crossings
    )
    sheet.keys.append(f"movement/{niora}")
    if person.ban:
        _ban(sheet, person, niora)
    if person.lodging and person.lodging.kind == "hotel" and noise.happens(0.8):
        _hotel(sheet, person)
    if "overstay" in person.plants and noise.errs(0.15):
        _action(sheet, person, niora)


def _permit(sheet: Sheet, person: Individual, niora: str) -> None:
    permit = person.permit
    sponsor = _sponsor(sheet, permit.sponsor) if permit.sponsor else None
    office = "Kanim Kelas I Non TPI Tangerang" if "Tangerang" in person.home.regency else "Kanim Kelas I TPI Serang"
    sheet.tables["izin_tinggal"].append(
        (
            permit.number,
            niora,
            permit.kind,
            permit.index,
            permit.start,
            permit.end,
            sponsor,
            person.home.line,
            person.home.regency,
            office,
            permit.status,
        )
    )
    sheet.keys.append(f"stay_permit/{permit.number}")


def _sponsor(sheet: Sheet, company: Company) -> int:
    number = int(company.nib) % 10**9
    sheet.once("penjamin", company.nib, (number, company.name, company.nib))
    return number


def _ban(sheet: Sheet, person: Individual, niora: str) -> None:
    order = f"IMI.{person.number:07d}.GR.02.{'06' if person.ban == 'C' else '07'}"
    start = person.on - timedelta(days=60)
    end = start + timedelta(days=180 if person.ban == "C" else 3650)
    sheet.tables["cekal"].append((order, niora, person.ban, start, end))
    sheet.keys.append(f"ban/{order}")


def _hotel(sheet: Sheet, person: Individual) -> None:
    lodging = person.lodging
    assert lodging is not None  # noqa: S101  # REASON: the caller asked
    number = f"STP{person.number:08d}"
    sheet.tables["apoa"].append(
        (
            number,
            eastern(person.name),
            person.passport.number,
            lodging.arrived,
            lodging.left,
            lodging.place,
            lodging.address.regency,
            person.protected,
        )
    )
    sheet.keys.append(f"lodging_report/{number}")


def _action(sheet: Sheet, person: Individual, niora: str) -> None:
    """Write the administrative action, and the detention, of somebody who was already found."""
    day: date = person.on - timedelta(days=3)
    number = f"TAK-{person.number:07d}"
    sheet.tables["tak"].append((number, niora, "BIAYA BEBAN", day, "PROSES"))
    sheet.tables["detensi"].append((f"DET-{person.number:07d}", niora, day, None, "AKTIF"))
    sheet.keys += [f"admin_action/{number}", f"detention/DET-{person.number:07d}"]


VIEW = View("keim", TABLES, write)
