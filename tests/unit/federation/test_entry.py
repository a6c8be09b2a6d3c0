"""Entries: what makes two of them one, and what they may not hold."""

from __future__ import annotations

import hashlib
from dataclasses import fields, replace

import pytest

from federation.append import query_entry, stored_request
from federation.entry import KINDS, REPLY_KINDS, Entry, request_digest
from federation.errors import MalformedStatement
from federation.v1 import entry_pb2
from federation.wire.entry import decode_entry, encode_entry
from tests.vectors import cast

QUERY, OTHER = bytes([1]) * 32, bytes([2]) * 32
ENTRY = Entry(
    kind="query_asked",
    instant=cast.AT,
    statement_digest=OTHER,
    query_digest=QUERY,
    query_id=cast.QUERY_ID,
    members=(cast.NODE, cast.COORDINATOR),
)


def expected(slot: str, digest: bytes, member: str) -> bytes:
    """SPEC: 05-querylog 4, word for word."""
    text = b"simpul-request-v1\n" + len(slot).to_bytes(4, "big") + slot.encode() + digest
    return hashlib.sha256(text + len(member).to_bytes(4, "big") + member.encode()).digest()


@pytest.mark.parametrize("kind", ["query_asked", "query_received", "not_answered"])
def test_an_entry_about_a_query_is_one_for_the_query(kind: str) -> None:
    entry = replace(ENTRY, kind=kind)
    assert request_digest(entry) == expected(kind, QUERY, "")
    assert request_digest(replace(entry, statement_digest=bytes(32), members=())) == request_digest(entry)


def test_a_query_has_one_reply_whether_an_answer_or_a_refusal() -> None:
    digests = {
        request_digest(replace(ENTRY, kind=kind, statement_digest=bytes([n]) * 32))
        for n, kind in enumerate(sorted(REPLY_KINDS))
    }
    assert digests == {expected("reply", QUERY, "")}


@pytest.mark.parametrize("kind", ["reply_accepted", "silence"])
def test_what_a_coordinator_notes_of_a_node_is_one_for_the_query_and_the_node(kind: str) -> None:
    assert request_digest(replace(ENTRY, kind=kind)) == expected(kind, QUERY, cast.NODE)
    assert request_digest(replace(ENTRY, kind=kind, members=())) == expected(kind, QUERY, "")


@pytest.mark.parametrize(
    "kind",
    [
        "result_given",
        "evidence_opened",
        "evidence_erased",
        "evidence_rewrapped",
        "credential_issued",
        "policy_changed",
        "roster_accepted",
        "log_continued",
        "a_kind_of_later",
    ],
)
def test_every_other_entry_is_one_for_its_statement(kind: str) -> None:
    assert request_digest(replace(ENTRY, kind=kind)) == expected(kind, OTHER, "")


def test_no_two_kinds_share_a_request_but_the_two_replies() -> None:
    found = {kind: request_digest(replace(ENTRY, kind=kind)) for kind in KINDS}
    assert len(set(found.values())) == len(KINDS) - 1


def test_a_stored_entry_gives_its_request_again() -> None:
    assert stored_request(encode_entry(ENTRY)) == request_digest(ENTRY)


def test_an_entry_has_no_place_for_an_outcome_or_a_subject() -> None:
    known = {field.name for field in fields(Entry)}
    assert known == {field.name for field in entry_pb2.Entry.DESCRIPTOR.fields}
    assert not known & {"band", "bands", "matches", "match", "outcome", "person", "names", "result", "answer"}


def test_the_entry_of_a_query_says_who_asked_what_for_and_of_whom() -> None:
    query = cast.opener().query(cast.countersigned(cast.signed_query()), countersigned=True)
    entry = query_entry("query_received", query, cast.AT)
    assert entry.statement_digest == entry.query_digest == query.digest
    assert (entry.requester, entry.via, entry.members) == (cast.REQUESTER, cast.COORDINATOR, (cast.NODE,))
    assert entry.credential_digest == cast.credential_envelope().statement_digest
    assert (entry.purpose, entry.subjects, entry.retention) == ("immigration_action", 1, "standard")
    assert b"ERIKSSON" not in encode_entry(entry)
    assert b"L898902C3" not in encode_entry(entry)


def test_a_reply_names_its_one_node_and_keeps_the_rule_of_its_purpose() -> None:
    query = cast.opener().query(cast.countersigned(cast.signed_query()), countersigned=True)
    entry = query_entry("answer_given", query, cast.AT, statement_digest=OTHER, members=(cast.NODE,), detail="x")
    assert (entry.statement_digest, entry.query_digest, entry.members) == (OTHER, query.digest, (cast.NODE,))


def test_an_entry_of_another_version_is_refused_with_what_to_do() -> None:
    with pytest.raises(MalformedStatement, match="newer auditor"):
        decode_entry(encode_entry(replace(ENTRY, version=2)))


def test_a_kind_of_later_is_carried_through() -> None:
    assert decode_entry(encode_entry(replace(ENTRY, kind="a_kind_of_later"))).kind == "a_kind_of_later"


@pytest.mark.parametrize(
    "changes",
    [
        {"statement_digest": b""},
        {"statement_digest": bytes(31)},
        {"query_digest": bytes(33)},
        {"query_id": bytes(15)},
        {"credential_digest": bytes(1)},
        {"evidence_digest": bytes(1)},
        {"evidence_group": bytes(1)},
        {"wraps_digest": bytes(1)},
        {"kind": "Not An Id"},
        {"requester": "x" * 65},
        {"members": (cast.REQUESTER, cast.NODE, cast.REQUESTER)},
        {"detail": "x" * 257},
        {"detail": "\x00"},
    ],
)
def test_an_entry_beyond_its_limits_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(MalformedStatement):
        decode_entry(encode_entry(replace(ENTRY, **changes)))  # type: ignore[arg-type]
