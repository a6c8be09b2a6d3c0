"""A query: who asks whom about whom, why, on what basis, and how much they ask for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from federation.envelope import Envelope
from federation.errors import QueryExpired, QueryNotYetValid
from federation.instant import Window, micros
from federation.person import Person

MAX_SUBJECTS: Final = 100
NONCE_BYTES: Final = 16
QUERY_ID_BYTES: Final = 16
MAX_CASE: Final = 128  # characters of a case reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Clear:
    """A subject described in the clear."""

    person: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """A subject known only by the digest of a salted description, kept by the asker."""

    commitment: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Blinded:
    """A subject as blinded elements (RFC 9497); answered by a later version."""

    commitment: bytes
    blinded: tuple[bytes, ...]
    opening_digest: bytes


Subject = Clear | Committed | Blinded


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Where a query stands in a list that was asked as several."""

    batch_id: bytes
    page: int
    pages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """The signed question; `credential` is the officer's, still in its envelope."""

    federation: str
    roster_version: int
    query_id: bytes
    nonce: bytes
    credential: Envelope
    purpose: str
    legal_basis: str
    case_reference: str
    window: Window
    audience: tuple[str, ...]
    via: str
    disclosure_class: str
    subjects: tuple[Subject, ...]
    page: Page | None = None


def new_query_id(at: datetime) -> bytes:
    """A fresh UUIDv7 (RFC 9562 5.7), 16 bytes: milliseconds of `at`, then random bits."""
    millis = micros(at) // 1000
    random = bytearray(os.urandom(10))
    random[0] = 0x70 | (random[0] & 0x0F)
    random[2] = 0x80 | (random[2] & 0x3F)
    return millis.to_bytes(6, "big") + bytes(random)


def new_nonce() -> bytes:
    """16 fresh random bytes."""
    return os.urandom(NONCE_BYTES)


def require_in_window(query: Query, at: datetime) -> None:
    """Refuse a query before or past its window, allowing for skew (QueryNotYetValid, QueryExpired)."""
    if not query.window.begun(at):
        raise QueryNotYetValid("the query's window has not begun; compare the clocks", query_id=query.query_id.hex())
    if query.window.ended(at):
        raise QueryExpired("the query's window is over; sign it anew", query_id=query.query_id.hex())
