"""The code lists that every member shares: purposes, legal bases, classes, record types, refusals and silences."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Final, Literal

from federation.config import Strict, parse

Language = Literal["id", "en"]

DISCLOSURE_CLASSES: Final = ("desk_notice", "match_only", "contact_point", "status", "fields", "comparison")


class Term(Strict, frozen=True, kw_only=True):
    """An id's two names."""

    indonesian: str
    english: str

    def name(self, language: Language) -> str:
        """The name in `id` or `en`."""
        return self.indonesian if language == "id" else self.english


class LegalBasis(Term, frozen=True, kw_only=True):
    """A law that may be invoked, with its citation."""

    citation: str


class Purpose(Term, frozen=True, kw_only=True):
    """Why one may ask; a second officer signs where there are more subjects than `second_officer_above`."""

    legal_bases: tuple[str, ...]
    retention: str
    second_officer_above: int | None = None


class DisclosureClass(Term, frozen=True, kw_only=True):
    """How much leaves the agency; `rank` rises with it."""

    rank: int


class RecordType(Term, frozen=True, kw_only=True):
    """A kind of record: what may leave under `fields`, what of it under `status`; `special` data is of PDP ps 4."""

    fields: tuple[str, ...]
    status_fields: tuple[str, ...]
    special: bool


class Retention(Term, frozen=True, kw_only=True):
    """How many days evidence is kept."""

    days: int


class Terms(Strict, frozen=True, kw_only=True):
    """All code lists of one version."""

    version: str
    legal_basis: Mapping[str, LegalBasis]
    purpose: Mapping[str, Purpose]
    disclosure_class: Mapping[str, DisclosureClass]
    record_type: Mapping[str, RecordType]
    refusal: Mapping[str, Term]
    silence: Mapping[str, Term]
    retention: Mapping[str, Retention]
    field: Mapping[str, Term]


@cache
def terms() -> Terms:
    """The code lists this software was made with."""
    content = resources.files("federation").joinpath("terms.toml").read_bytes()
    return parse(content, Terms, "federation/terms.toml")


def rank(disclosure_class: str) -> int:
    """Place of a class in the rising order, from 0; KeyError for an unknown one."""
    return _RANK[disclosure_class]


def lower(one: str, other: str) -> str:
    """The class of the two that discloses less."""
    return one if rank(one) <= rank(other) else other


_RANK: Final = {name: place for place, name in enumerate(DISCLOSURE_CLASSES)}
