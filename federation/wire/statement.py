"""Statements to payloads and back: the one place where a payload type chooses a reader."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from google.protobuf.message import Message

from federation.answer import Answer, Refusal
from federation.credential import Credential
from federation.entry import EvidenceRequest
from federation.errors import UnknownStatementType
from federation.query import Query
from federation.result import Result
from federation.roster import Roster
from federation.statement import STATEMENTS, Statement
from federation.v1 import answer_pb2, credential_pb2, entry_pb2, query_pb2, result_pb2, roster_pb2
from federation.wire import scalars
from federation.wire.answer import answer_from_wire, answer_to_wire, refusal_from_wire, refusal_to_wire
from federation.wire.entry import evidence_request_from_wire, evidence_request_to_wire
from federation.wire.query import credential_from_wire, credential_to_wire, query_from_wire, query_to_wire
from federation.wire.result import result_from_wire, result_to_wire
from federation.wire.roster import roster_from_wire, roster_to_wire

_CODECS: Final[dict[type, tuple[type[Message], Callable[[Any], Message], Callable[[Any], Statement]]]] = {
    Query: (query_pb2.Query, query_to_wire, query_from_wire),
    Answer: (answer_pb2.Answer, answer_to_wire, answer_from_wire),
    Refusal: (answer_pb2.Refusal, refusal_to_wire, refusal_from_wire),
    Credential: (credential_pb2.Credential, credential_to_wire, credential_from_wire),
    Roster: (roster_pb2.Roster, roster_to_wire, roster_from_wire),
    Result: (result_pb2.Result, result_to_wire, result_from_wire),
    EvidenceRequest: (entry_pb2.EvidenceRequest, evidence_request_to_wire, evidence_request_from_wire),
}


def encode(statement: Statement) -> bytes:
    """The payload of a statement, serialised once."""
    _, to_wire, _ = _CODECS[type(statement)]
    return to_wire(statement).SerializeToString(deterministic=True)


def decode(payload_type: str, payload: bytes) -> tuple[Statement, tuple[str, ...]]:
    """The statement in a payload, and the fields of it that this version does not know.

    Refuses an unknown payload type (UnknownStatementType) and a payload that is not one (MalformedStatement).
    """
    kind = STATEMENTS.get(payload_type)
    if kind is None:
        raise UnknownStatementType("this software does not know the payload type; it may be too old")
    message_type, _, from_wire = _CODECS[kind]
    message = scalars.parse(message_type, payload)
    return from_wire(message), scalars.unknown_fields(message)
