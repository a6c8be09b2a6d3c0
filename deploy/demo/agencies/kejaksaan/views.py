"""How the prosecution writes people down: a case and its defendants, age and birth date in one cell."""

from __future__ import annotations

from datetime import timedelta

from deploy.demo.agencies.noise import Noise, by_ear, long_date, western
from deploy.demo.agencies.sheet import Sheet, View
from deploy.demo.agencies.tni.views import ADJECTIVES
from deploy.demo.population.individual import Individual

TABLES = {
    "perkara": ("no_reg", "tahap", "kejari", "tgl_register"),
    "terdakwa": ("no_reg", "urut", "nama", "umur_lahir", "kelamin", "kebangsaan"),
    "permintaan_cekal": ("no_surat", "no_reg", "urut", "jenis", "tanggal"),
}
STAGES = ("Tahap I", "P-21", "Tahap II", "Penuntutan", "Upaya Hukum", "Eksekusi")


def write(sheet: Sheet, person: Individual, noise: Noise) -> None:
    """Write one person as defendant: 10 % in the spelling of a translator."""
    registered = person.on - timedelta(days=noise.between(20, 900))
    register = f"PDM-{person.number}/SRG/{registered.month:02d}/{registered.year}"
    born = person.born
    age = registered.year - born.year - ((registered.month, registered.day) < (born.month, born.day))
    name = western(person.name)
    sheet.tables["perkara"].append((register, noise.one(STAGES), "Kejari Serang", registered))
    sheet.tables["terdakwa"].append(
        (
            register,
            1,
            (by_ear(name) if noise.errs(0.1) else name).title(),
            f"{age} tahun / {long_date(born)}",
            "Laki-laki" if person.sex == "M" else "Perempuan",
            noise.one(ADJECTIVES[person.nationality]),
        )
    )
    sheet.keys.append(f"case_party/{register}/1")
    if noise.happens(0.2):
        letter = f"R-{person.number}/M.6/Dip.4/{registered.year}"
        sheet.tables["permintaan_cekal"].append((letter, register, 1, "CEGAH", registered + timedelta(days=9)))
        sheet.keys.append(f"ban_request/{letter}")


VIEW = View("cms", TABLES, write)
