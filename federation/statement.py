"""Statements: everything that is signed, and the payload type each travels under."""

from __future__ import annotations

from typing import Final

from federation.answer import Answer, Refusal
from federation.credential import Credential
from federation.entry import EvidenceRequest
from federation.query import Query
from federation.result import Result
from federation.roster import Roster

Statement = Query | Answer | Refusal | Credential | Roster | Result | EvidenceRequest

PAYLOAD_TYPES: Final[dict[type, str]] = {
    Query: "application/vnd.simpul.query.v1+protobuf",
    Answer: "application/vnd.simpul.answer.v1+protobuf",
    Refusal: "application/vnd.simpul.refusal.v1+protobuf",
    Credential: "application/vnd.simpul.credential.v1+protobuf",
    Roster: "application/vnd.simpul.roster.v1+protobuf",
    Result: "application/vnd.simpul.result.v1+protobuf",
    EvidenceRequest: "application/vnd.simpul.evidence-request.v1+protobuf",
}
STATEMENTS: Final[dict[str, type]] = {name: kind for kind, name in PAYLOAD_TYPES.items()}
