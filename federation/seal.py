"""Sealing statements into envelopes, and opening envelopes: the only way to come by a verified statement."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

from federation.answer import Answer, Refusal, Reply
from federation.credential import Credential
from federation.entry import EvidenceRequest
from federation.envelope import Envelope, Signature
from federation.errors import (
    MalformedStatement,
    RosterMismatch,
    UnknownStatementType,
    UntrustedSignature,
    WrongAudience,
)
from federation.keys import Signer, VerifyingKey
from federation.query import Query
from federation.result import Result
from federation.roster import Roster, check_succession
from federation.statement import PAYLOAD_TYPES, Statement
from federation.tlog.note import NoteVerifier
from federation.tlog.receipt import KnownCheckpoints, Receipt
from federation.tlog.receipt import verify as verify_receipt
from federation.wire.statement import decode, encode

S = TypeVar("S", bound=Statement)
T = TypeVar("T", bound=Statement)

MAX_WINDOW: Final = timedelta(hours=1)
_MAX_OFFICERS: Final = 2
_MAX_CREDENTIALS: Final = 10_000
_opened: Final = object()


@dataclass(frozen=True, slots=True)
class Verified(Generic[S]):
    """A statement whose signatures were verified on the bytes as received; made only by opening an envelope.

    `officers` are the credentials of a query's signers, the first officer's first; `unknown` names fields that this
    version does not know; `countersigner` is the key id of the coordinator's signature, where a query has one.
    """

    statement: S
    envelope: Envelope
    digest: bytes
    officers: tuple[Verified[Credential], ...]
    unknown: tuple[str, ...]
    countersigner: str
    proof: InitVar[object]

    def __post_init__(self, proof: object) -> None:
        if proof is not _opened:
            raise TypeError("a verified statement is made by opening an envelope")


def seal(statement: Statement, *signers: Signer) -> Envelope:
    """Serialise a statement once and sign it with each signer."""
    envelope = Envelope(payload=encode(statement), payload_type=PAYLOAD_TYPES[type(statement)])
    for signer in signers:
        envelope = envelope.signed_by(signer)
    return envelope


def open_first_roster(envelope: Envelope, authorities: tuple[VerifyingKey, ...], threshold: int) -> Verified[Roster]:
    """Open a roster under authority keys that were pinned by hand, and under its own."""
    roster, unknown = _read(envelope, Roster)
    _require_threshold(envelope, authorities, threshold)
    _require_threshold(envelope, roster.authority_keys, roster.threshold)
    return _verified(roster, envelope, unknown=unknown)


def open_next_roster(envelope: Envelope, held: Verified[Roster]) -> Verified[Roster]:
    """Open the roster that directly follows the one held: under the held threshold and under its own."""
    roster, unknown = _read(envelope, Roster)
    if roster.version <= held.statement.version:
        raise RosterMismatch(
            "the roster is not newer than the one held", held=held.statement.version, offered=roster.version
        )
    check_succession(held.statement, held.digest, roster)
    _require_threshold(envelope, held.statement.authority_keys, held.statement.threshold)
    _require_threshold(envelope, roster.authority_keys, roster.threshold)
    return _verified(roster, envelope, unknown=unknown)


class Opener:
    """Opens envelopes under one roster, the newest held; remembers the credentials it has verified, by digest."""

    def __init__(self, roster: Verified[Roster]) -> None:
        self.roster = roster.statement
        self.roster_digest = roster.digest
        self._credentials: dict[bytes, Verified[Credential]] = {}
        self._log_verifiers: dict[str, NoteVerifier] = {}
        self._checkpoints = KnownCheckpoints()

    def require_receipt(self, receipt: Receipt, member: str) -> None:
        """Refuse a receipt that is not of a member's log (MalformedStatement, UntrustedSignature, CorruptLog)."""
        verify_receipt(receipt, self.log_verifier(member), self._checkpoints)

    def log_verifier(self, member: str) -> NoteVerifier:
        """What verifies the checkpoints of a member's log."""
        found = self._log_verifiers.get(member)
        if found is None:
            found = self._log_verifiers[member] = NoteVerifier.from_vkey(self.roster.member(member).log_vkey)
        return found

    def credential(self, envelope: Envelope) -> Verified[Credential]:
        """Open a credential: signed once, by the agency it names, with a key good when its window began."""
        digest = envelope.statement_digest
        known = self._credentials.get(digest)
        if known is not None and known.envelope == envelope:
            return known
        credential, unknown = _read(envelope, Credential)
        self._own_federation(credential.federation)
        signature = _sole(envelope)
        key = self.roster.statement_key(credential.member, signature.key_id, credential.window.start)
        key.verify(signature.sig, envelope.signing_input)
        if digest in self.roster.revoked_credentials:
            raise UntrustedSignature("the officer's credential is revoked", credential=digest.hex())
        found = _verified(credential, envelope, unknown=unknown)
        if len(self._credentials) >= _MAX_CREDENTIALS:
            self._credentials.clear()
        self._credentials[digest] = found
        return found

    def query(self, envelope: Envelope, *, countersigned: bool) -> Verified[Query]:
        """Open a query: every signature is an officer's or the coordinator's, and each verifies.

        Keys and credentials are judged at the instant the query was issued. `countersigned` says whether the
        signature of the query's coordinator is required (at a node) or must be absent (at the coordinator).
        """
        query, unknown = _read(envelope, Query)
        self._own_federation(query.federation)
        if query.roster_version > self.roster.version:
            raise RosterMismatch(
                "the query names a newer roster than the one held",
                held=self.roster.version,
                named=query.roster_version,
            )
        if query.window.end - query.window.start > MAX_WINDOW:
            raise MalformedStatement("the query's window is longer than an hour", field="Query.expires")
        officers, rest = self._officers(query, envelope)
        if countersigned != (len(rest) == 1) or len(rest) > 1:
            raise UntrustedSignature(
                "the coordinator's signature is missing" if countersigned else "a signature of nobody known"
            )
        for signature in rest:
            key = self.roster.statement_key(query.via, signature.key_id, query.window.start)
            key.verify(signature.sig, envelope.signing_input)
        countersigner = rest[0].key_id if rest else ""
        return _verified(query, envelope, officers=officers, unknown=unknown, countersigner=countersigner)

    def reply(self, envelope: Envelope, member: str) -> Verified[Answer] | Verified[Refusal]:
        """Open the answer or refusal of `member`, signed by it alone."""
        if envelope.payload_type == PAYLOAD_TYPES[Answer]:
            answer, unknown = _read(envelope, Answer)
            self._signed_by(envelope, answer, member, answer.answered)
            return _verified(answer, envelope, unknown=unknown)
        refusal, unknown = _read(envelope, Refusal)
        self._signed_by(envelope, refusal, member, refusal.refused)
        return _verified(refusal, envelope, unknown=unknown)

    def result(self, envelope: Envelope, coordinator: str) -> Verified[Result]:
        """Open the result of `coordinator`."""
        result, unknown = _read(envelope, Result)
        self._own_federation(result.federation)
        if result.coordinator != coordinator:
            raise WrongAudience("a result of another coordinator")
        self._member_signature(envelope, coordinator, result.made)
        return _verified(result, envelope, unknown=unknown)

    def evidence_request(self, envelope: Envelope) -> Verified[EvidenceRequest]:
        """Open an auditor's request for wraps."""
        request, unknown = _read(envelope, EvidenceRequest)
        self._own_federation(request.federation)
        self.roster.in_good_standing(request.auditor, "auditor")
        self._member_signature(envelope, request.auditor, request.window.start)
        return _verified(request, envelope, unknown=unknown)

    def _signed_by(self, envelope: Envelope, reply: Reply, member: str, at: datetime) -> None:
        self._own_federation(reply.federation)
        if reply.member != member:
            raise UntrustedSignature("the reply names another member", member=member)
        self._member_signature(envelope, member, at)

    def _member_signature(self, envelope: Envelope, member: str, at: datetime) -> None:
        signature = _sole(envelope)
        key = self.roster.statement_key(member, signature.key_id, at)
        key.verify(signature.sig, envelope.signing_input)

    def _own_federation(self, federation: str) -> None:
        if federation != self.roster.federation:
            raise WrongAudience("a statement of another federation")

    def _officers(
        self, query: Query, envelope: Envelope
    ) -> tuple[tuple[Verified[Credential], ...], tuple[Signature, ...]]:
        first = self._officer(query.credential, query)
        officers: list[Verified[Credential]] = []
        rest: list[Signature] = []
        for signature in envelope.signatures:
            if signature.key_id == first.statement.public_key.key_id and signature.credential is None:
                officers.insert(0, first)
            elif signature.credential is not None:
                officers.append(self._second_officer(signature, first, query))
            else:
                rest.append(signature)
                continue
            officer = first if signature.credential is None else officers[-1]
            officer.statement.public_key.verify(signature.sig, envelope.signing_input)
        if not officers or officers[0] is not first or officers.count(first) != 1 or len(officers) > _MAX_OFFICERS:
            raise UntrustedSignature("the officer's signature is missing, or there are too many")
        return tuple(officers), tuple(rest)

    def _officer(self, envelope: Envelope, query: Query) -> Verified[Credential]:
        credential = self.credential(envelope)
        if query.window.start not in credential.statement.window:
            raise UntrustedSignature("the officer's credential was not valid when the query was issued; renew it")
        self.roster.in_good_standing(credential.statement.member)
        return credential

    def _second_officer(self, signature: Signature, first: Verified[Credential], query: Query) -> Verified[Credential]:
        if signature.credential is None:
            raise UntrustedSignature("the second officer's credential is missing")
        second = self._officer(signature.credential, query)
        if second.statement.public_key.key_id != signature.key_id:
            raise UntrustedSignature("the second officer's credential is of another key")
        if second.statement.member != first.statement.member or second.statement.officer == first.statement.officer:
            raise UntrustedSignature("the second officer must be another officer of the same member")
        return second


def _read(envelope: Envelope, kind: type[T]) -> tuple[T, tuple[str, ...]]:
    if envelope.payload_type != PAYLOAD_TYPES[kind]:
        raise UnknownStatementType(f"expected {PAYLOAD_TYPES[kind]}")
    statement, unknown = decode(envelope.payload_type, envelope.payload)
    if not isinstance(statement, kind):
        raise UnknownStatementType(f"expected {PAYLOAD_TYPES[kind]}")
    return statement, unknown


def _verified(
    statement: T,
    envelope: Envelope,
    *,
    officers: tuple[Verified[Credential], ...] = (),
    unknown: tuple[str, ...] = (),
    countersigner: str = "",
) -> Verified[T]:
    return Verified(statement, envelope, envelope.statement_digest, officers, unknown, countersigner, _opened)


def _sole(envelope: Envelope) -> Signature:
    if len(envelope.signatures) != 1 or envelope.signatures[0].credential is not None:
        raise UntrustedSignature("the statement must carry exactly one signature")
    return envelope.signatures[0]


def _require_threshold(envelope: Envelope, keys: tuple[VerifyingKey, ...], threshold: int) -> None:
    """SPEC: 04-roster 3: distinct keys count once; signatures by unknown keys are passed over."""
    by_id = {key.key_id: key for key in keys}
    good: set[str] = set()
    for signature in envelope.signatures:
        key = by_id.get(signature.key_id)
        if key is not None and signature.key_id not in good:
            key.verify(signature.sig, envelope.signing_input)
            good.add(signature.key_id)
    if len(good) < threshold:
        raise UntrustedSignature("the roster has too few authority signatures", has=len(good), needs=threshold)
