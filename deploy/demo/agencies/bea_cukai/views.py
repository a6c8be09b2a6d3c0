"""How customs writes people down: the machine readable lines of the passport, now and then cut or misread."""

from __future__ import annotations

import re
from datetime import date, timedelta

from deploy.demo.agencies.noise import Noise, confused
from deploy.demo.agencies.sheet import Sheet, View
from deploy.demo.population.individual import Individual

TABLES = {
    "cd_penumpang": ("id_cd", "mrz1", "mrz2", "flight", "tgl_tiba", "kd_bandara", "alamat"),
    "pelanggaran": ("no_sbp", "id_cd", "jenis", "kantor"),
}
FLIGHTS = ("GA891", "CA977", "KE627", "JL725", "SQ956", "MH711", "CZ387", "TG433", "QR954", "AK384")
NOT_LETTERS = re.compile(r"[^A-Z]+")
WEIGHTS = (7, 3, 1)
VALUES = {**{str(digit): digit for digit in range(10)}, **{chr(65 + at): 10 + at for at in range(26)}, "<": 0}
# One table for each weight, so that a field's digit is three quick sums.
WEIGHED = tuple(
    bytes.maketrans(bytes(map(ord, VALUES)), bytes(value * weight % 10 for value in VALUES.values()))
    for weight in WEIGHTS
)


def write(sheet: Sheet, person: Individual, noise: Noise) -> None:
    """Write one person: the lines exactly, 3 % with the name cut short, 2 % with one character misread."""
    line1, line2 = lines(person)
    if noise.errs(0.03):
        line1 = line1.rstrip("<")[: noise.between(20, 26)].ljust(44, "<")
    if noise.errs(0.02):
        line2 = confused(line2[:28], noise) + line2[28:]
    key = f"CD{person.number:09d}"
    arrived = person.crossings[0].at.date()
    sheet.tables["cd_penumpang"].append(
        (
            key,
            line1,
            line2,
            noise.one(FLIGHTS),
            arrived.year * 10_000 + arrived.month * 100 + arrived.day,
            "CGK",
            person.home.line,
        )
    )
    sheet.keys.append(f"arrival_declaration/{key}")
    if noise.errs(0.004):
        number = f"SBP-{person.number:07d}/KPU.03/{arrived.year}"
        kind = noise.one(("KURANG BAYAR", "LARANGAN", "UANG TUNAI"))
        sheet.tables["pelanggaran"].append((number, key, kind, "KPU Bea dan Cukai Soekarno-Hatta"))
        sheet.keys.append(f"customs_case/{number}")


def lines(person: Individual) -> tuple[str, str]:
    """Write the two lines of 44 characters (ICAO 9303 part 4) of the passport the person travels on."""
    passport = person.second_passport or person.passport
    family = NOT_LETTERS.sub("<", person.name.family.replace("'", ""))
    given = NOT_LETTERS.sub("<", person.name.given.replace("'", ""))
    names = f"{family}<<{given}" if family else given
    line1 = f"P<{passport.issuer}{names}"[:44].ljust(44, "<")
    number = passport.number.ljust(9, "<")
    nationality = person.second_nationality or person.nationality
    born, expires = _six(person.born), _six(min(passport.expires, passport.issued + timedelta(days=3652)))
    first = number + str(check(number))
    second = born + str(check(born))
    third = expires + str(check(expires))
    optional = "<" * 14 + "0"
    line2 = f"{first}{nationality}{second}{person.sex}{third}{optional}"
    return line1, line2 + str(check(first + second + third + optional))


def check(text: str) -> int:
    """The check digit of a field (ICAO 9303 part 3, section 4.9)."""
    octets = text.encode("ascii")
    return sum(sum(octets[at::3].translate(WEIGHED[at])) for at in range(3)) % 10


def _six(day: date) -> str:
    return f"{day.year % 100:02d}{day.month:02d}{day.day:02d}"


VIEW = View("ceisa", TABLES, write)
