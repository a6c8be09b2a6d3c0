"""A person read from the values an officer typed or a record holds, or a sentence saying which cannot be read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Final

from federation.errors import MalformedStatement
from federation.person import Birth, Coded, Document, Name, NationalIdentifier, Person, YearRange
from matching.countries import read_nationality, read_sex
from matching.dates import read_birth, read_birth_place
from matching.documents import clean, read_document
from matching.names import read_name

_HALF: Final = re.compile("[\ud800-\udfff]")
Number = str | Document | NationalIdentifier


def describe(
    *,
    names: Iterable[str] = (),
    born: str = "",
    nationality: str = "",
    sex: str = "",
    documents: Iterable[Number] = (),
    at: date | None = None,
) -> Person:
    """Read typed values as a Person; `at` is the day on which an age was true and the pivot of two-digit years.

    A document is `E12345678`, `CHN E12345678`, a Document or a NationalIdentifier. Empty values are not given.
    Raises MalformedStatement naming the field, and what to write instead, where a value cannot be read.
    """
    names, documents = tuple(names), tuple(documents)
    _require_text(name=names, born=(born,), nationality=(nationality,), sex=(sex,), document=documents)
    births, ages = _born(born, at)
    numbers = [_number(number) for number in documents if number]
    return Person(
        names=tuple(name for text in names if text.strip() for name in _names(text)),
        births=births,
        year_range=ages,
        sex=_sex(sex),
        nationalities=_nationality(nationality),
        documents=tuple(number for number in numbers if isinstance(number, Document)),
        national_identifiers=tuple(number for number in numbers if isinstance(number, NationalIdentifier)),
        birth_place=read_birth_place(born),
    )


def _require_text(**fields: Iterable[object]) -> None:
    """Refuse halves of characters, which a terminal of another encoding hands over."""
    for field, values in fields.items():
        if any(isinstance(value, str) and _HALF.search(value) for value in values):
            raise MalformedStatement("A value holds a broken character: type it again, in UTF-8.", field=field)


def _names(text: str) -> tuple[Name, ...]:
    found = read_name(text)
    if not found:
        raise MalformedStatement("The name cannot be read: write at least one name, without titles.", field="name")
    return found


def _born(text: str, at: date | None) -> tuple[tuple[Birth, ...], YearRange | None]:
    if not text.strip():
        return (), None
    read = read_birth(text, at)
    if not read:
        raise MalformedStatement(
            "The birth date cannot be read or does not exist: write day-month-year (12-03-1986), a year (1986) or an "
            "age (39 tahun).",
            field="born",
        )
    births = tuple(birth for birth in read if isinstance(birth, Birth))
    return births, next((ages for ages in read if isinstance(ages, YearRange)), None)


def _sex(text: str) -> Coded | None:
    if not text.strip():
        return None
    code = read_sex(text)
    if not code:
        raise MalformedStatement("The sex cannot be read: write L (male), P (female), M, F or X.", field="sex")
    return Coded(text=text, code=code)


def _nationality(text: str) -> tuple[Coded, ...]:
    if not text.strip():
        return ()
    code = read_nationality(text)
    if not code:
        raise MalformedStatement(
            "The nationality cannot be read: write a country's name or its three-letter code (CHN).",
            field="nationality",
        )
    return (Coded(text=text, code=code),)


def _number(given: Number) -> Document | NationalIdentifier:
    read = read_document(given) if isinstance(given, str) else given
    if read is None or not any(character.isdigit() for character in clean(read.number)):
        raise MalformedStatement(
            "The document number cannot be read: write its letters and digits, with the issuing state before it if "
            "known (CHN E12345678).",
            field="document",
        )
    return read
