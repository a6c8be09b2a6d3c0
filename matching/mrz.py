"""The machine readable lines of a passport, read as a person (ICAO Doc 9303, parts 3 and 4)."""

from __future__ import annotations

import re
import unicodedata
from datetime import date
from functools import lru_cache
from typing import Final

import msgspec

from federation.errors import MalformedStatement
from federation.person import Birth, Coded, Document, Person
from matching.calendars import read_year
from matching.countries import read_nationality
from matching.names import read_name

LENGTH: Final = 44
_NAME_LENGTH: Final = 39
_ALLOWED: Final = re.compile(r"[A-Z0-9<]{44}")
_TO_DIGIT: Final = str.maketrans("OQDILBSZG", "000118526")
_TO_LETTER: Final = str.maketrans("01852", "OIBSZ")
_FILLED: Final = {"<": 0} | {character: value for value, character in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
_UNKNOWN: Final = 255
_VALUES: Final = bytes(_FILLED.get(chr(octet), _UNKNOWN) for octet in range(256))
_PAIRS: Final = dict(zip("018526OIBSZG", "OIBSZG018526", strict=True))
_SEXES: Final = {"M": "M", "F": "F", "X": "X"}
_EXPIRY_CENTURY: Final = 70


class Reading(msgspec.Struct, frozen=True):
    """What the lines say: the person, the fields whose check digit fails, those corrected, and whether a name is cut.

    Fields are `document_number`, `birth`, `expiry`, `personal_number` and `composite`.
    """

    person: Person
    failed: tuple[str, ...] = ()
    corrected: tuple[str, ...] = ()
    name_cut: bool = False


def check_digit(field: str) -> str:
    """The check digit of a field: weights 7 3 1, letters 10 to 35, filler 0, modulo 10 (Doc 9303 part 3, 4.9)."""
    values = field.encode().translate(_VALUES)
    if _UNKNOWN in values:
        values = bytes(int(character, 36) if character != "<" else 0 for character in field)
    return str((7 * sum(values[::3]) + 3 * sum(values[1::3]) + sum(values[2::3])) % 10)


def read_td3(line1: str, line2: str, at: date | None = None) -> Person:
    """Read the two lines of 44 characters as a Person. Raises MalformedStatement where they are no TD3 lines."""
    upper, lower = _lines(line1, line2)
    number, _ = _number(lower[0:9], lower[9])
    return _person(upper, lower, (number, _digits(lower[13:19]), _digits(lower[21:27])), at)


def read_lines(line1: str, line2: str, at: date | None = None) -> Reading:
    """Read the two lines and report check digits, corrections and truncation beside the Person.

    Characters confused by optical readers (O0 I1 B8 S5 Z2 G6) are corrected in dates always, and in the document
    number where exactly one correction makes its check digit right. Raises MalformedStatement.
    """
    upper, lower = _lines(line1, line2)
    number, number_fixed = _number(lower[0:9], lower[9])
    birth, expiry = _digits(lower[13:19]), _digits(lower[21:27])
    whole = number + lower[9:13] + birth + lower[19:21] + expiry + lower[27:43]
    checks = {
        "document_number": (number, lower[9]),
        "birth": (birth, lower[19]),
        "expiry": (expiry, lower[27]),
        "personal_number": (lower[28:42], "0" if lower[42] == "<" else lower[42]),
        "composite": (whole[0:10] + whole[13:20] + whole[21:43], lower[43]),
    }
    fixed = {"document_number": number_fixed, "birth": birth != lower[13:19], "expiry": expiry != lower[21:27]}
    return Reading(
        person=_person(upper, lower, (number, birth, expiry), at),
        failed=tuple(f for f, (text, digit) in checks.items() if check_digit(text) != digit.translate(_TO_DIGIT)),
        corrected=tuple(field for field, changed in fixed.items() if changed),
        name_cut=upper[-1] != "<",
    )


def _lines(line1: str, line2: str) -> tuple[str, str]:
    upper, lower = _line(line1, "first"), _line(line2, "second")
    if upper[0] != "P":
        raise MalformedStatement("The first machine readable line must start with P; give both lines as printed.")
    return upper, lower


def _line(text: str, which: str) -> str:
    plain = text[: 4 * LENGTH]
    if not plain.isascii():
        plain = unicodedata.normalize("NFKC", plain).replace("«", "<<")
    line = "".join(plain.upper().split())
    if which == "first" and _NAME_LENGTH - 30 < len(line) < LENGTH:
        line = line.ljust(LENGTH, "<")
    if not _ALLOWED.fullmatch(line):
        raise MalformedStatement(
            f"The {which} machine readable line must have 44 characters A-Z, 0-9 and <; copy it exactly as printed.",
            length=len(line),
        )
    return line


def _digits(field: str) -> str:
    return field.translate(_TO_DIGIT)


def _number(field: str, digit: str) -> tuple[str, bool]:
    """Correct the number where exactly one exchange of look-alikes makes the check digit right."""
    if check_digit(field) == digit.translate(_TO_DIGIT):
        return field, False
    exchanged = {
        field[:place] + _PAIRS[character] + field[place + 1 :]
        for place, character in enumerate(field)
        if character in _PAIRS
    }
    right = [candidate for candidate in exchanged if check_digit(candidate) == digit.translate(_TO_DIGIT)]
    return (right[0], True) if len(right) == 1 else (field, False)


def _person(upper: str, lower: str, fields: tuple[str, str, str], at: date | None) -> Person:
    number, birth, expiry = fields
    issuer = read_nationality(upper[2:5].translate(_TO_LETTER)) or upper[2:5].strip("<")
    nationality = lower[10:13].translate(_TO_LETTER).strip("<")
    sex = _SEXES.get(lower[20], "")
    return Person(
        names=read_name(upper[5:].translate(_TO_LETTER), "mrz"),
        births=_birth(birth, at),
        sex=Coded(text=lower[20], code=sex) if sex else None,
        nationalities=(Coded(text=nationality, code=read_nationality(nationality)),) if nationality else (),
        documents=_documents(number.strip("<"), issuer, expiry),
    )


@lru_cache(maxsize=16_384)
def _birth(field: str, at: date | None) -> tuple[Birth, ...]:
    if not field[:2].isdecimal():
        return ()
    year = read_year(field[:2], at.year if at else None)[0].year
    month = int(field[2:4]) if field[2:4].isdecimal() else 0
    day = int(field[4:6]) if field[4:6].isdecimal() else 0
    try:
        date(year, month or 1, day or 1)
    except ValueError:
        return ()
    return (Birth(text=field, year=year, month=month or None, day=day if month and day else None),)


def _documents(number: str, issuer: str, expiry: str) -> tuple[Document, ...]:
    if not number:
        return ()
    century = 1900 if expiry[:2].isdecimal() and int(expiry[:2]) >= _EXPIRY_CENTURY else 2000
    try:
        until = date(century + int(expiry[:2]), int(expiry[2:4]), int(expiry[4:6])).isoformat()
    except ValueError:
        until = ""
    return (Document(number=number.replace("<", ""), issuer=issuer, expiry=until),)
