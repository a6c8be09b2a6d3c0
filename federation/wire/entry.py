"""Log entries and evidence requests as they travel and are stored."""

from __future__ import annotations

from federation.entry import MAX_GROUPS, Entry, EvidenceRequest
from federation.errors import MalformedStatement
from federation.query import NONCE_BYTES, QUERY_ID_BYTES
from federation.v1 import entry_pb2 as pb
from federation.wire import scalars


def encode_entry(entry: Entry) -> bytes:
    """An entry as the bytes that are hashed, stored and shown: made once and never again."""
    return pb.Entry(
        version=entry.version,
        kind=entry.kind,
        instant=scalars.timestamp(entry.instant),
        statement_digest=entry.statement_digest,
        query_digest=entry.query_digest,
        query_id=entry.query_id,
        requester=entry.requester,
        credential_digest=entry.credential_digest,
        via=entry.via,
        members=entry.members,
        purpose=entry.purpose,
        subjects=entry.subjects,
        evidence_digest=entry.evidence_digest,
        evidence_group=entry.evidence_group,
        wraps_digest=entry.wraps_digest,
        retention=entry.retention,
        detail=entry.detail,
    ).SerializeToString(deterministic=True)


def decode_entry(content: bytes) -> Entry:
    """Stored bytes as an entry; kinds not known are carried through (MalformedStatement)."""
    message = scalars.parse(pb.Entry, content)
    if message.version != 1:
        raise MalformedStatement("Entry.version is not 1; read this log with a newer auditor", field="Entry.version")
    return Entry(
        version=message.version,
        kind=scalars.identifier(message.kind, "Entry.kind"),
        instant=scalars.instant(message, "instant"),
        statement_digest=scalars.octets(message.statement_digest, 32, "Entry.statement_digest"),
        query_digest=scalars.optional_octets(message.query_digest, 32, "Entry.query_digest"),
        query_id=scalars.optional_octets(message.query_id, QUERY_ID_BYTES, "Entry.query_id"),
        requester=scalars.text(message.requester, "Entry.requester", 64),
        credential_digest=scalars.optional_octets(message.credential_digest, 32, "Entry.credential_digest"),
        via=scalars.text(message.via, "Entry.via", 64),
        members=scalars.identifiers(message.members, "Entry.members"),
        purpose=scalars.text(message.purpose, "Entry.purpose", 64),
        subjects=message.subjects,
        evidence_digest=scalars.optional_octets(message.evidence_digest, 32, "Entry.evidence_digest"),
        evidence_group=scalars.optional_octets(message.evidence_group, 32, "Entry.evidence_group"),
        wraps_digest=scalars.optional_octets(message.wraps_digest, 32, "Entry.wraps_digest"),
        retention=scalars.text(message.retention, "Entry.retention", 64),
        detail=scalars.text(message.detail, "Entry.detail", 256),
    )


def evidence_request_to_wire(request: EvidenceRequest) -> pb.EvidenceRequest:
    """An evidence request as its message."""
    return pb.EvidenceRequest(
        federation=request.federation,
        member=request.member,
        auditor=request.auditor,
        groups=request.groups,
        reason=request.reason,
        case_reference=request.case_reference,
        nonce=request.nonce,
        issued=scalars.timestamp(request.window.start),
        expires=scalars.timestamp(request.window.end),
    )


def evidence_request_from_wire(message: pb.EvidenceRequest) -> EvidenceRequest:
    """A message as an evidence request; refuses one without groups or reason (MalformedStatement)."""
    scalars.at_most(message.groups, MAX_GROUPS, "EvidenceRequest.groups", least=1)
    if not message.reason:
        raise MalformedStatement("EvidenceRequest.reason is empty", field="EvidenceRequest.reason")
    return EvidenceRequest(
        federation=scalars.identifier(message.federation, "EvidenceRequest.federation"),
        member=scalars.identifier(message.member, "EvidenceRequest.member"),
        auditor=scalars.identifier(message.auditor, "EvidenceRequest.auditor"),
        groups=tuple(scalars.octets(group, 32, "EvidenceRequest.groups") for group in message.groups),
        reason=scalars.text(message.reason, "EvidenceRequest.reason"),
        case_reference=scalars.text(message.case_reference, "EvidenceRequest.case_reference", 128),
        nonce=scalars.octets(message.nonce, NONCE_BYTES, "EvidenceRequest.nonce"),
        window=scalars.window(message, "issued", "expires"),
    )
