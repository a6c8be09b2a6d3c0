"""What a node says: an answer with the least that serves, or a refusal with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from federation.comparison import Band, Comparison

MAX_MATCHES: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Words in both languages."""

    indonesian: str
    english: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """The desk to ring."""

    desk: Text
    telephone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One record in a band, as far as its class lets it be told.

    `fields` are (name, values); `reference` from `fields` up; `score`, `prior_bits`, `comparisons` at `comparison`.
    """

    band: Band
    record_type: str
    disclosure_class: str
    as_of: datetime | None = None
    fields: tuple[tuple[str, tuple[str, ...]], ...] = ()
    reference: str = ""
    score: float | None = None
    prior_bits: float | None = None
    comparisons: tuple[Comparison, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectAnswer:
    """What the node says of one subject: the best band, and the matches its class lets out, strongest first."""

    subject: int
    band: Band
    matches: tuple[Match, ...] = ()
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A node's answer, bound to the query's statement digest."""

    federation: str
    query_digest: bytes
    query_id: bytes
    nonce: bytes
    member: str
    roster_version: int
    answered: datetime
    disclosure_class: str
    subjects: tuple[SubjectAnswer, ...] = ()
    notice: Text | None = None
    contact: Contact | None = None
    index_as_of: datetime | None = None
    parameters: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Considered, and declined: `reason` is an id of the terms, `detail` names the id, field or subject at fault."""

    federation: str
    query_digest: bytes
    query_id: bytes
    nonce: bytes
    member: str
    roster_version: int
    refused: datetime
    reason: str
    detail: str = ""
    remedy: Text | None = None
    retry_after: timedelta | None = None


Reply = Answer | Refusal
