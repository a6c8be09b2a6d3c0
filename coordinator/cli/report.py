"""A result as JSON for a program to read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from coordinator.acceptance import Accepted
from coordinator.dispatch import Outcome
from federation.answer import Answer
from federation.query import Query
from federation.result import Result
from federation.terms import rank


def as_json(query: Query, outcomes: Mapping[str, Outcome], result: Result) -> dict[str, Any]:
    """The query's ids, each member's reply, and the merged result; `receipt` is true where the reply was proved."""
    return {
        "query_id": query.query_id.hex(),
        "purpose": query.purpose,
        "legal_basis": query.legal_basis,
        "case": query.case_reference,
        "replies": [_reply(outcome) for _, outcome in sorted(outcomes.items())],
        "subjects": [_subject(subject) for subject in msgspec.to_builtins(result.subjects)],
    }


def _reply(outcome: Outcome) -> dict[str, Any]:
    row: dict[str, Any] = {"member": outcome.member, "reason": None, "class": None, "bands": None, "matches": None}
    if not isinstance(outcome, Accepted):
        return row | {"kind": "silence", "reason": outcome.reason, "receipt": False}
    row |= {"receipt": True, "index": outcome.receipt.index}
    statement = outcome.reply.statement
    if not isinstance(statement, Answer):
        return row | {"kind": "refusal", "reason": statement.reason, "detail": statement.detail}
    return row | {
        "kind": "answer",
        "class": statement.disclosure_class,
        "bands": [subject.band for subject in statement.subjects],
        "matches": disclosed_matches(statement),
    }


def disclosed_matches(answer: Answer) -> int | None:
    """How many matches an answer discloses; below `status` 1 for a subject in a band, else 0; None for a notice."""
    if answer.disclosure_class == "desk_notice":
        return None
    if rank(answer.disclosure_class) < rank("status"):
        return sum(subject.band != "none" for subject in answer.subjects)
    return sum(len(subject.matches) for subject in answer.subjects)


def _subject(subject: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in subject.items() if name != "indications" or value}
