"""Results as they travel."""

from __future__ import annotations

from federation.errors import MalformedStatement
from federation.query import MAX_SUBJECTS, NONCE_BYTES, QUERY_ID_BYTES
from federation.result import Answered, Claim, Indication, MemberOutcome, Refused, Result, Silence, SubjectResult
from federation.v1 import result_pb2 as pb
from federation.wire import scalars
from federation.wire.answer import band_from_wire


def result_to_wire(result: Result) -> pb.Result:
    """A result as its message."""
    return pb.Result(
        federation=result.federation,
        query_digest=result.query_digest,
        query_id=result.query_id,
        nonce=result.nonce,
        coordinator=result.coordinator,
        roster_version=result.roster_version,
        made=scalars.timestamp(result.made),
        outcomes=[_outcome_to_wire(outcome) for outcome in result.outcomes],
        subjects=[_subject_to_wire(subject) for subject in result.subjects],
    )


def result_from_wire(message: pb.Result) -> Result:
    """A message as a result (MalformedStatement, naming the field)."""
    scalars.at_most(message.subjects, MAX_SUBJECTS, "Result.subjects")
    scalars.identifiers([outcome.member for outcome in message.outcomes], "Result.outcomes")
    return Result(
        federation=scalars.identifier(message.federation, "Result.federation"),
        query_digest=scalars.octets(message.query_digest, 32, "Result.query_digest"),
        query_id=scalars.octets(message.query_id, QUERY_ID_BYTES, "Result.query_id"),
        nonce=scalars.octets(message.nonce, NONCE_BYTES, "Result.nonce"),
        coordinator=scalars.identifier(message.coordinator, "Result.coordinator"),
        roster_version=message.roster_version,
        made=scalars.instant(message, "made"),
        outcomes=tuple(_outcome(outcome) for outcome in message.outcomes),
        subjects=tuple(_subject(subject, place) for place, subject in enumerate(message.subjects)),
    )


def silence_to_wire(silence: Silence) -> pb.Silence:
    """A silence as its message."""
    return pb.Silence(member=silence.member, reason=silence.reason, detail=silence.detail)


def silence_from_wire(message: pb.Silence) -> Silence:
    """A message as a silence (MalformedStatement)."""
    return Silence(
        member=scalars.identifier(message.member, "Silence.member"),
        reason=scalars.identifier(message.reason, "Silence.reason"),
        detail=scalars.text(message.detail, "Silence.detail", 64),
    )


def _outcome_to_wire(outcome: MemberOutcome) -> pb.MemberOutcome:
    message = pb.MemberOutcome(member=outcome.member)
    match outcome:
        case Answered():
            message.answer.statement_digest = outcome.statement_digest
            message.answer.disclosure_class = outcome.disclosure_class
        case Refused():
            message.refusal.statement_digest = outcome.statement_digest
            message.refusal.reason = outcome.reason
        case Silence():
            message.silence.CopyFrom(silence_to_wire(outcome))
    return message


def _outcome(message: pb.MemberOutcome) -> MemberOutcome:
    match message.WhichOneof("kind"):
        case "answer":
            return Answered(
                member=message.member,
                statement_digest=scalars.octets(message.answer.statement_digest, 32, "ReplyDigest.statement_digest"),
                disclosure_class=scalars.identifier(message.answer.disclosure_class, "ReplyDigest.disclosure_class"),
            )
        case "refusal":
            return Refused(
                member=message.member,
                statement_digest=scalars.octets(message.refusal.statement_digest, 32, "ReplyDigest.statement_digest"),
                reason=scalars.identifier(message.refusal.reason, "ReplyDigest.reason"),
            )
        case "silence":
            return silence_from_wire(message.silence)
        case _:
            raise MalformedStatement("MemberOutcome is empty", field="MemberOutcome")


def _subject_to_wire(subject: SubjectResult) -> pb.SubjectResult:
    return pb.SubjectResult(
        subject=subject.subject,
        strong=subject.strong,
        possible=subject.possible,
        none=subject.none,
        notified=subject.notified,
        refused=subject.refused,
        silent=subject.silent,
        claims=[_claim_to_wire(claim) for claim in subject.claims],
        indications=[
            pb.Indication(id=i.id, severity=i.severity, standing=i.standing, because=i.because)
            for i in subject.indications
        ],
        separable=subject.separable,
    )


def _claim_to_wire(claim: Claim) -> pb.Claim:
    return pb.Claim(
        member=claim.member,
        record_type=claim.record_type,
        field=claim.field,
        values=claim.values,
        band=claim.band,
        disclosure_class=claim.disclosure_class,
        as_of=scalars.timestamp(claim.as_of) if claim.as_of else None,
        match=claim.match,
    )


def _subject(message: pb.SubjectResult, place: int) -> SubjectResult:
    if message.subject != place:
        raise MalformedStatement("Result.subjects are not in the query's order", field="SubjectResult.subject")
    return SubjectResult(
        subject=message.subject,
        strong=scalars.identifiers(message.strong, "SubjectResult.strong"),
        possible=scalars.identifiers(message.possible, "SubjectResult.possible"),
        none=scalars.identifiers(message.none, "SubjectResult.none"),
        notified=scalars.identifiers(message.notified, "SubjectResult.notified"),
        refused=scalars.identifiers(message.refused, "SubjectResult.refused"),
        silent=scalars.identifiers(message.silent, "SubjectResult.silent"),
        claims=tuple(_claim(claim) for claim in message.claims),
        indications=tuple(_indication(indication) for indication in message.indications),
        separable=message.separable,
    )


def _claim(message: pb.Claim) -> Claim:
    return Claim(
        member=scalars.identifier(message.member, "Claim.member"),
        record_type=scalars.identifier(message.record_type, "Claim.record_type"),
        field=scalars.identifier(message.field, "Claim.field"),
        values=tuple(scalars.text(value, "Claim.values") for value in message.values),
        band=band_from_wire(message.band, "Claim.band"),
        disclosure_class=scalars.identifier(message.disclosure_class, "Claim.disclosure_class"),
        as_of=scalars.optional_instant(message, "as_of"),
        match=message.match,
    )


def _indication(message: pb.Indication) -> Indication:
    if not 1 <= message.severity <= 4:
        raise MalformedStatement("Indication.severity must be 1 to 4", field="Indication.severity")
    return Indication(
        id=scalars.identifier(message.id, "Indication.id"),
        severity=message.severity,
        standing=scalars.one_of(message.standing, ("indicated", "cannot_tell"), "Indication.standing"),
        because=tuple(scalars.text(value, "Indication.because") for value in message.because),
    )
