"""The normal form of a person: everything a comparison needs and everything its evidence shows, computed once."""

from __future__ import annotations

from typing import Final

import msgspec

from federation.person import Person

VERSION: Final = 1


class NameForm(msgspec.Struct, frozen=True, array_like=True):
    """One name: as written, its kind, and its romanised tokens in the order of the text."""

    text: str
    kind: str = "primary"
    tokens: tuple[str, ...] = ()
    romanised: bool = False


class BirthForm(msgspec.Struct, frozen=True, array_like=True):
    """One birth date; 0 where a part is unknown."""

    text: str
    year: int = 0
    month: int = 0
    day: int = 0


class NumberForm(msgspec.Struct, frozen=True, array_like=True):
    """A document or national identifier: as written, cleaned, with look-alike characters folded."""

    text: str
    kind: str
    number: str
    folded: str
    issuer: str = ""


class Form(msgspec.Struct, frozen=True, array_like=True):
    """A person in normal form. `years` is the range an age allows, both ends included, or (0, 0)."""

    version: int
    names: tuple[NameForm, ...] = ()
    births: tuple[BirthForm, ...] = ()
    years: tuple[int, int] = (0, 0)
    years_text: str = ""
    sex: str = ""
    sex_text: str = ""
    nationalities: tuple[str, ...] = ()
    nationality_texts: tuple[str, ...] = ()
    documents: tuple[NumberForm, ...] = ()
    national_identifiers: tuple[NumberForm, ...] = ()


def prepare(person: Person) -> Form:
    """Compute the normal form of `person`; never refuses, what cannot be read is kept as text alone."""
    raise NotImplementedError


def encode(form: Form) -> bytes:
    """Write `form` as MessagePack."""
    raise NotImplementedError


def decode(data: bytes) -> Form:
    """Read what `encode` wrote. Raises CorruptForm where the bytes are no form of this version."""
    raise NotImplementedError


def enough(form: Form) -> bool:
    """Whether the form can identify a person: a number, or a name and at least a birth year or an age."""
    raise NotImplementedError
