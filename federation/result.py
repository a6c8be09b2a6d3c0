"""A result: what a whole federation said of each subject, every claim with the agency that made it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from federation.comparison import Band


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A node gave no acceptable reply; neither a refusal nor "no match". `detail` is the class of the error, if any."""

    member: str
    reason: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """A member answered; `statement_digest` is that of its answer."""

    member: str
    statement_digest: bytes
    disclosure_class: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A member refused; `statement_digest` is that of its refusal."""

    member: str
    statement_digest: bytes
    reason: str


MemberOutcome = Answered | Refused | Silence


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One value that one agency gave of one record; `match` is the record's place in the agency's answer."""

    member: str
    record_type: str
    field: str
    values: tuple[str, ...]
    band: Band
    disclosure_class: str
    as_of: datetime | None
    match: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Indication:
    """What an officer is pointed to, never a verdict; `standing` is `indicated` or `cannot_tell`."""

    id: str
    severity: int
    standing: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectResult:
    """Members by what they said of one subject, and what they claimed."""

    subject: int
    strong: tuple[str, ...] = ()
    possible: tuple[str, ...] = ()
    none: tuple[str, ...] = ()
    notified: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    indications: tuple[Indication, ...] = ()
    separable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The coordinator's merge of all outcomes of one query."""

    federation: str
    query_digest: bytes
    query_id: bytes
    nonce: bytes
    coordinator: str
    roster_version: int
    made: datetime
    outcomes: tuple[MemberOutcome, ...]
    subjects: tuple[SubjectResult, ...]
