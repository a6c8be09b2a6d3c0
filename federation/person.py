"""A person, as somebody described them: every value as it was written, and beside it what it was read as."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NamePart:
    """One part of a name whose role the source knows: `given`, `family`, `patronymic`, `middle`."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name as written; `kind` is `primary`, `alias` or `native`; `script` an ISO 15924 code or empty."""

    text: str
    kind: str = "primary"
    script: str = ""
    parts: tuple[NamePart, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Birth:
    """A birth date as written and as read: any of year, month (1-12) and day (1-31) may be unknown.

    `calendar` is `gregorian` unless the text was in another one; year, month and day are always Gregorian.
    """

    text: str = ""
    year: int | None = None
    month: int | None = None
    day: int | None = None
    calendar: str = "gregorian"


@dataclass(frozen=True, slots=True, kw_only=True)
class YearRange:
    """Birth years an age allows, both ends included; `text` is the age as written (`39 tahun`)."""

    text: str = ""
    first: int
    last: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Coded:
    """A value as written and the code it was read as; an empty code means that it was not understood."""

    text: str
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An identity document; `kind` is `passport`, `permit` or `other`; issuer ISO 3166-1 alpha-3; expiry ISO 8601."""

    number: str
    kind: str = "passport"
    issuer: str = ""
    expiry: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NationalIdentifier:
    """A number one country's register gave the person, such as the Indonesian `nik` or Immigration's `niora`."""

    kind: str
    number: str
    issuer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """The attributes by which a person can be recognised.

    `sex.code` is `M`, `F` or `X`; `nationalities[].code` ISO 3166-1 alpha-3 (or `XXA` stateless, `XXB`, `XXC`, `XXX`).
    """

    names: tuple[Name, ...] = ()
    births: tuple[Birth, ...] = ()
    year_range: YearRange | None = None
    sex: Coded | None = None
    nationalities: tuple[Coded, ...] = ()
    documents: tuple[Document, ...] = ()
    national_identifiers: tuple[NationalIdentifier, ...] = ()
    birth_place: str = ""
