"""Queries and credentials as they travel."""

from __future__ import annotations

from federation.credential import Credential
from federation.errors import MalformedStatement
from federation.keys import VerifyingKey
from federation.query import (
    MAX_CASE,
    MAX_SUBJECTS,
    NONCE_BYTES,
    QUERY_ID_BYTES,
    Blinded,
    Clear,
    Committed,
    Page,
    Query,
    Subject,
)
from federation.v1 import credential_pb2, query_pb2
from federation.wire import scalars
from federation.wire.envelope import envelope_from_wire, envelope_to_wire
from federation.wire.person import person_from_wire, person_to_wire

_BLINDED_ELEMENTS = 10
_ELEMENT_BYTES = 32
_MAX_PURPOSES = 64


def query_to_wire(query: Query) -> query_pb2.Query:
    """A query as its message."""
    page = query.page
    return query_pb2.Query(
        federation=query.federation,
        roster_version=query.roster_version,
        query_id=query.query_id,
        nonce=query.nonce,
        credential=envelope_to_wire(query.credential),
        purpose=query.purpose,
        legal_basis=query.legal_basis,
        case_reference=query.case_reference,
        issued=scalars.timestamp(query.window.start),
        expires=scalars.timestamp(query.window.end),
        audience=query.audience,
        via=query.via,
        disclosure_class=query.disclosure_class,
        batch_id=page.batch_id if page else b"",
        page=page.page if page else 0,
        pages=page.pages if page else 0,
        subjects=[_subject_to_wire(subject) for subject in query.subjects],
    )


def query_from_wire(message: query_pb2.Query) -> Query:
    """A message as a query; refuses a missing or impossible field (MalformedStatement, naming it)."""
    if not message.HasField("credential"):
        raise MalformedStatement("Query.credential is missing", field="Query.credential")
    scalars.at_most(message.subjects, MAX_SUBJECTS, "Query.subjects", least=1)
    scalars.at_most(message.audience, 1000, "Query.audience", least=1)
    return Query(
        federation=scalars.identifier(message.federation, "Query.federation"),
        roster_version=message.roster_version,
        query_id=scalars.octets(message.query_id, QUERY_ID_BYTES, "Query.query_id"),
        nonce=scalars.octets(message.nonce, NONCE_BYTES, "Query.nonce"),
        credential=envelope_from_wire(message.credential),
        purpose=scalars.identifier(message.purpose, "Query.purpose"),
        legal_basis=scalars.identifier(message.legal_basis, "Query.legal_basis"),
        case_reference=scalars.text(message.case_reference, "Query.case_reference", MAX_CASE),
        window=scalars.window(message, "issued", "expires"),
        audience=scalars.identifiers(message.audience, "Query.audience"),
        via=scalars.identifier(message.via, "Query.via"),
        disclosure_class=scalars.identifier(message.disclosure_class, "Query.disclosure_class"),
        subjects=tuple(_subject(subject) for subject in message.subjects),
        page=_page(message),
    )


def credential_to_wire(credential: Credential) -> credential_pb2.Credential:
    """A credential as its message."""
    return credential_pb2.Credential(
        federation=credential.federation,
        credential_id=credential.credential_id,
        member=credential.member,
        officer=credential.officer,
        office=credential.office,
        purposes=credential.purposes,
        public_key=credential.public_key.spki,
        not_before=scalars.timestamp(credential.window.start),
        not_after=scalars.timestamp(credential.window.end),
    )


def credential_from_wire(message: credential_pb2.Credential) -> Credential:
    """A message as a credential (MalformedStatement)."""
    return Credential(
        federation=scalars.identifier(message.federation, "Credential.federation"),
        credential_id=scalars.octets(message.credential_id, NONCE_BYTES, "Credential.credential_id"),
        member=scalars.identifier(message.member, "Credential.member"),
        officer=scalars.identifier(message.officer, "Credential.officer"),
        office=scalars.text(message.office, "Credential.office", 128),
        purposes=scalars.identifiers(message.purposes, "Credential.purposes", _MAX_PURPOSES),
        public_key=VerifyingKey.from_spki(message.public_key),
        window=scalars.window(message, "not_before", "not_after"),
    )


def _subject_to_wire(subject: Subject) -> query_pb2.Subject:
    match subject:
        case Clear(person=person):
            return query_pb2.Subject(clear=person_to_wire(person))
        case Committed(commitment=commitment):
            return query_pb2.Subject(commitment=commitment)
        case Blinded():
            return query_pb2.Subject(
                blinded=query_pb2.BlindSubject(
                    commitment=subject.commitment, blinded=subject.blinded, opening_digest=subject.opening_digest
                )
            )


def _subject(message: query_pb2.Subject) -> Subject:
    match message.WhichOneof("kind"):
        case "clear":
            return Clear(person=person_from_wire(message.clear))
        case "commitment":
            return Committed(commitment=scalars.octets(message.commitment, 32, "Subject.commitment"))
        case "blinded":
            return _blinded(message.blinded)
        case _:
            raise MalformedStatement("Subject is empty", field="Subject")


def _blinded(message: query_pb2.BlindSubject) -> Blinded:
    if len(message.blinded) != _BLINDED_ELEMENTS:
        raise MalformedStatement("BlindSubject.blinded must hold 10 elements", field="BlindSubject.blinded")
    return Blinded(
        commitment=scalars.octets(message.commitment, 32, "BlindSubject.commitment"),
        blinded=tuple(scalars.octets(e, _ELEMENT_BYTES, "BlindSubject.blinded") for e in message.blinded),
        opening_digest=scalars.octets(message.opening_digest, 32, "BlindSubject.opening_digest"),
    )


def _page(message: query_pb2.Query) -> Page | None:
    if not (message.batch_id or message.page or message.pages):
        return None
    if not 1 <= message.page <= message.pages:
        raise MalformedStatement("Query.page must be 1 to Query.pages", field="Query.page")
    batch_id = scalars.octets(message.batch_id, QUERY_ID_BYTES, "Query.batch_id")
    return Page(batch_id=batch_id, page=message.page, pages=message.pages)
