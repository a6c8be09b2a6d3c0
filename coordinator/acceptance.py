"""Whether a reply may be let in: the right signer, this query, a log entry that proves it; else a silence."""

from __future__ import annotations

from dataclasses import dataclass

from federation.answer import Answer, Refusal
from federation.envelope import Envelope
from federation.errors import (
    CorruptLog,
    FederationError,
    MalformedStatement,
    UnknownStatementType,
    UntrustedSignature,
    WrongAudience,
)
from federation.query import Query
from federation.seal import Opener, Verified
from federation.terms import rank
from federation.tlog.receipt import Receipt
from federation.wire.entry import decode_entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A reply that was let in, and the receipt of the node's entry about it."""

    member: str
    reply: Verified[Answer] | Verified[Refusal]
    receipt: Receipt


def accept(envelope: Envelope, receipt: Receipt, *, opener: Opener, query: Verified[Query], member: str) -> Accepted:
    """Open a node's reply and hold it against its query and its entry; raises what is wrong with it.

    The receipt's inclusion and checkpoint are verified where it is assembled; here its entry must be about this reply.
    """
    reply = opener.reply(envelope, member)
    statement = reply.statement
    if statement.query_digest != query.digest or statement.query_id != query.statement.query_id:
        raise UntrustedSignature("the reply is to another query", member=member)
    if isinstance(statement, Answer):
        _require_fitting(statement, query.statement)
    _require_entry(receipt, reply, query, member)
    return Accepted(member=member, reply=reply, receipt=receipt)


def unacceptable(error: FederationError) -> bool:
    """Whether an error says that a reply came and was not fit to be let in."""
    return isinstance(error, (CorruptLog, MalformedStatement, UnknownStatementType, UntrustedSignature, WrongAudience))


def _require_fitting(answer: Answer, query: Query) -> None:
    """An answer gives no more than was asked, and speaks of each subject or, under a notice, of none."""
    try:
        too_much = rank(answer.disclosure_class) > rank(query.disclosure_class)
        too_much |= any(
            rank(match.disclosure_class) > rank(answer.disclosure_class)
            for subject in answer.subjects
            for match in subject.matches
        )
    except KeyError as error:
        raise MalformedStatement("the answer names a disclosure class that is not of the terms") from error
    if too_much:
        raise MalformedStatement("the answer gives a higher class than was asked for")
    expected = 0 if answer.disclosure_class == "desk_notice" else len(query.subjects)
    if len(answer.subjects) != expected:
        raise MalformedStatement("the answer does not speak of each subject")


def _require_entry(
    receipt: Receipt, reply: Verified[Answer] | Verified[Refusal], query: Verified[Query], member: str
) -> None:
    entry = decode_entry(receipt.entry)
    kind = "answer_given" if isinstance(reply.statement, Answer) else "refusal_given"
    found = (entry.kind, entry.statement_digest, entry.query_digest, entry.members)
    if found != (kind, reply.digest, query.digest, (member,)):
        raise UntrustedSignature("the node's log entry is not about this reply", member=member)
