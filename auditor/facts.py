"""What a statement determines of the entry that records it, field by field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from federation.answer import Answer, Refusal
from federation.entry import Entry, EvidenceRequest
from federation.instant import SKEW
from federation.query import Query
from federation.result import Result
from federation.seal import Verified

EXPECTED: Final[Mapping[str, tuple[type, ...]]] = {
    "query_asked": (Query,),
    "query_received": (Query,),
    "answer_given": (Answer,),
    "refusal_given": (Refusal,),
    "reply_accepted": (Answer, Refusal),
    "result_given": (Result,),
    "evidence_opened": (EvidenceRequest,),
}
OF_QUERY: Final = ("query_id", "requester", "credential_digest", "via", "purpose", "subjects")


def contradictions(entry: Entry, member: str, verified: Verified[Any]) -> Iterator[tuple[str, str, str]]:
    """Every field of an entry in `member`'s log that its evidence says otherwise: (field, expected, found)."""
    statement = verified.statement
    if not isinstance(statement, EXPECTED.get(entry.kind, (object,))):
        yield "kind", f"an entry of {type(statement).__name__}", entry.kind
        return
    for name, expected in _determined(verified).items():
        found = getattr(entry, name)
        if found != expected:
            yield name, text(expected), text(found)
    if isinstance(statement, Query):
        yield from _of_query(entry, member, statement)
    if isinstance(statement, EvidenceRequest) and statement.member != member:
        yield "members", f"a request for the log of {member}", statement.member


def text(value: object) -> str:
    """A field's value, as a finding shows it."""
    match value:
        case bytes():
            return value.hex()
        case tuple():
            return ",".join(map(str, value))
        case _:
            return str(value)


def _determined(verified: Verified[Any]) -> Mapping[str, object]:
    match verified.statement:
        case Query() as query:
            officer = verified.officers[0]
            return {
                "query_digest": verified.digest,
                "query_id": query.query_id,
                "requester": officer.statement.member,
                "credential_digest": officer.digest,
                "via": query.via,
                "members": query.audience,
                "purpose": query.purpose,
                "subjects": len(query.subjects),
            }
        case Answer() | Refusal() as reply:
            return {"query_digest": reply.query_digest, "query_id": reply.query_id, "members": (reply.member,)}
        case Result() as result:
            return {"query_digest": result.query_digest, "query_id": result.query_id, "via": result.coordinator}
        case EvidenceRequest() as request:
            return {
                "requester": request.auditor,
                "members": (request.member,),
                "subjects": len(request.groups),
            }
        case _:
            return {}


def _of_query(entry: Entry, member: str, query: Query) -> Iterator[tuple[str, str, str]]:
    """A query is logged within its window, by its coordinator and by nodes of its audience alone."""
    if entry.kind == "query_asked" and query.via != member:
        yield "via", f"{member}, whose log this is", query.via
    if entry.kind == "query_received" and member not in query.audience:
        yield "members", f"an audience with {member}, whose log this is", text(query.audience)
    if not _within(entry.instant, query):
        window = f"{query.window.start.isoformat()} to {query.window.end.isoformat()}, the query's window"
        yield "instant", window, entry.instant.isoformat()


def _within(at: datetime, query: Query) -> bool:
    # one skew that the protocol allows at admission, and one for the time between admission and the log
    return query.window.begun(at, 2 * SKEW) and not query.window.ended(at, 2 * SKEW)
