"""Entries: the frozen record of what happened, with nothing about a subject in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from federation.instant import Window

KINDS: Final = frozenset(
    {
        "query_asked",
        "query_received",
        "answer_given",
        "refusal_given",
        "not_answered",
        "reply_accepted",
        "silence",
        "result_given",
        "evidence_opened",
        "evidence_erased",
        "evidence_rewrapped",
        "credential_issued",
        "policy_changed",
        "roster_accepted",
        "log_continued",
    }
)
REPLY_KINDS: Final = frozenset({"answer_given", "refusal_given"})
MAX_GROUPS: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a log; digests are 32 bytes or empty; `members` is the audience, or the one node a reply is of.

    `detail` is the code of a silence or of not_answered, or the hex digest that erased, opened and rewrapped name.
    """

    kind: str
    instant: datetime
    statement_digest: bytes
    query_digest: bytes = b""
    query_id: bytes = b""
    requester: str = ""
    credential_digest: bytes = b""
    via: str = ""
    members: tuple[str, ...] = ()
    purpose: str = ""
    subjects: int = 0
    evidence_digest: bytes = b""
    evidence_group: bytes = b""
    wraps_digest: bytes = b""
    retention: str = ""
    detail: str = ""
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRequest:
    """An auditor's signed wish to open evidence groups of one member's log, and why."""

    federation: str
    member: str
    auditor: str
    groups: tuple[bytes, ...]
    reason: str
    case_reference: str
    nonce: bytes
    window: Window


def request_digest(entry: Entry) -> bytes:
    """The 32 bytes that make an append idempotent: two entries with one digest are one entry.

    SPEC: 05-querylog 4: SHA256("simpul-request-v1\\n" + lp(slot) + digest + lp(member)).
    """
    slot, digest, member = _slot(entry)
    return hashlib.sha256(b"simpul-request-v1\n" + _lp(slot.encode()) + digest + _lp(member.encode())).digest()


def _slot(entry: Entry) -> tuple[str, bytes, str]:
    match entry.kind:
        case "query_asked" | "query_received" | "not_answered":
            return entry.kind, entry.query_digest, ""
        case "answer_given" | "refusal_given":
            return "reply", entry.query_digest, ""
        case "reply_accepted" | "silence":
            return entry.kind, entry.query_digest, entry.members[0] if entry.members else ""
        case _:
            return entry.kind, entry.statement_digest, ""


def _lp(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value
