"""A person read from the values an officer typed or a record holds, or a sentence saying which cannot be read."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from federation.person import Document, NationalIdentifier, Person


def describe(
    *,
    names: Iterable[str] = (),
    born: str = "",
    nationality: str = "",
    sex: str = "",
    documents: Iterable[str | Document] = (),
    national_identifiers: Iterable[NationalIdentifier] = (),
    birth_place: str = "",
    at: date | None = None,
) -> Person:
    """Read typed values as a Person. A document is `number` or `ISSUER number`.

    Raises MalformedStatement naming the field, and what to write instead, where a value cannot be read.
    """
    raise NotImplementedError
