"""Answers and refusals as they travel."""

from __future__ import annotations

from typing import Final, get_args

from federation.answer import MAX_MATCHES, Answer, Contact, Match, Refusal, SubjectAnswer, Text
from federation.comparison import BANDS, AlignedPart, Band, Comparison, Outcome
from federation.errors import MalformedStatement
from federation.query import MAX_SUBJECTS, NONCE_BYTES, QUERY_ID_BYTES
from federation.v1 import answer_pb2 as pb
from federation.wire import scalars

_OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
_MAX_FIELDS: Final = 64
_MAX_ALIGNED: Final = 256
_MAX_BITS: Final = 10_000.0


def answer_to_wire(answer: Answer) -> pb.Answer:
    """An answer as its message."""
    return pb.Answer(
        federation=answer.federation,
        query_digest=answer.query_digest,
        query_id=answer.query_id,
        nonce=answer.nonce,
        member=answer.member,
        roster_version=answer.roster_version,
        answered=scalars.timestamp(answer.answered),
        disclosure_class=answer.disclosure_class,
        subjects=[
            pb.SubjectAnswer(
                subject=s.subject, band=s.band, matches=[_match_to_wire(match) for match in s.matches], cut=s.cut
            )
            for s in answer.subjects
        ],
        notice=_text_to_wire(answer.notice),
        contact=_contact_to_wire(answer.contact),
        index_as_of=scalars.timestamp(answer.index_as_of) if answer.index_as_of else None,
        parameters=answer.parameters,
    )


def answer_from_wire(message: pb.Answer) -> Answer:
    """A message as an answer (MalformedStatement, naming the field)."""
    scalars.at_most(message.subjects, MAX_SUBJECTS, "Answer.subjects")
    return Answer(
        federation=scalars.identifier(message.federation, "Answer.federation"),
        query_digest=scalars.octets(message.query_digest, 32, "Answer.query_digest"),
        query_id=scalars.octets(message.query_id, QUERY_ID_BYTES, "Answer.query_id"),
        nonce=scalars.octets(message.nonce, NONCE_BYTES, "Answer.nonce"),
        member=scalars.identifier(message.member, "Answer.member"),
        roster_version=message.roster_version,
        answered=scalars.instant(message, "answered"),
        disclosure_class=scalars.identifier(message.disclosure_class, "Answer.disclosure_class"),
        subjects=tuple(_subject(s, place) for place, s in enumerate(message.subjects)),
        notice=_text(message.notice) if message.HasField("notice") else None,
        contact=_contact(message.contact) if message.HasField("contact") else None,
        index_as_of=scalars.optional_instant(message, "index_as_of"),
        parameters=scalars.identifier(message.parameters, "Answer.parameters") if message.parameters else "",
    )


def refusal_to_wire(refusal: Refusal) -> pb.Refusal:
    """A refusal as its message."""
    return pb.Refusal(
        federation=refusal.federation,
        query_digest=refusal.query_digest,
        query_id=refusal.query_id,
        nonce=refusal.nonce,
        member=refusal.member,
        roster_version=refusal.roster_version,
        refused=scalars.timestamp(refusal.refused),
        reason=refusal.reason,
        detail=refusal.detail,
        remedy=_text_to_wire(refusal.remedy),
        retry_after=scalars.duration(refusal.retry_after) if refusal.retry_after is not None else None,
    )


def refusal_from_wire(message: pb.Refusal) -> Refusal:
    """A message as a refusal (MalformedStatement, naming the field)."""
    waits = message.HasField("retry_after")
    return Refusal(
        federation=scalars.identifier(message.federation, "Refusal.federation"),
        query_digest=scalars.octets(message.query_digest, 32, "Refusal.query_digest"),
        query_id=scalars.octets(message.query_id, QUERY_ID_BYTES, "Refusal.query_id"),
        nonce=scalars.octets(message.nonce, NONCE_BYTES, "Refusal.nonce"),
        member=scalars.identifier(message.member, "Refusal.member"),
        roster_version=message.roster_version,
        refused=scalars.instant(message, "refused"),
        reason=scalars.identifier(message.reason, "Refusal.reason"),
        detail=scalars.text(message.detail, "Refusal.detail", 256),
        remedy=_text(message.remedy) if message.HasField("remedy") else None,
        retry_after=scalars.interval(message.retry_after, "Refusal.retry_after") if waits else None,
    )


def _match_to_wire(match: Match) -> pb.Match:
    return pb.Match(
        band=match.band,
        record_type=match.record_type,
        disclosure_class=match.disclosure_class,
        as_of=scalars.timestamp(match.as_of) if match.as_of else None,
        fields=[pb.Field(name=name, values=values) for name, values in match.fields],
        reference=match.reference,
        score=match.score,
        prior_bits=match.prior_bits,
        comparisons=[_comparison_to_wire(comparison) for comparison in match.comparisons],
    )


def _comparison_to_wire(comparison: Comparison) -> pb.Comparison:
    return pb.Comparison(
        attribute=comparison.attribute,
        outcome=comparison.outcome,
        kind=comparison.kind,
        asked=comparison.asked,
        held=comparison.held,
        bits=comparison.bits,
        evidence=comparison.evidence,
        aligned=[pb.AlignedPart(asked=p.asked, held=p.held, kind=p.kind, bits=p.bits) for p in comparison.aligned],
    )


def _text_to_wire(value: Text | None) -> pb.Text | None:
    return pb.Text(indonesian=value.indonesian, english=value.english) if value else None


def _contact_to_wire(value: Contact | None) -> pb.Contact | None:
    if value is None:
        return None
    return pb.Contact(desk=_text_to_wire(value.desk), telephone=value.telephone, email=value.email)


def _subject(message: pb.SubjectAnswer, place: int) -> SubjectAnswer:
    if message.subject != place:
        raise MalformedStatement("Answer.subjects are not in the query's order", field="SubjectAnswer.subject")
    scalars.at_most(message.matches, MAX_MATCHES, "SubjectAnswer.matches")
    return SubjectAnswer(
        subject=message.subject,
        band=band_from_wire(message.band, "SubjectAnswer.band"),
        matches=tuple(_match(match) for match in message.matches),
        cut=message.cut,
    )


def _match(message: pb.Match) -> Match:
    scalars.at_most(message.fields, _MAX_FIELDS, "Match.fields")
    scalars.at_most(message.comparisons, _MAX_FIELDS, "Match.comparisons")
    return Match(
        band=band_from_wire(message.band, "Match.band"),
        record_type=scalars.identifier(message.record_type, "Match.record_type"),
        disclosure_class=scalars.identifier(message.disclosure_class, "Match.disclosure_class"),
        as_of=scalars.optional_instant(message, "as_of"),
        fields=tuple(_field(field) for field in message.fields),
        reference=scalars.text(message.reference, "Match.reference", 256),
        score=_number(message.score, "Match.score", 0, 1) if message.HasField("score") else None,
        prior_bits=_number(message.prior_bits, "Match.prior_bits") if message.HasField("prior_bits") else None,
        comparisons=tuple(_comparison(comparison) for comparison in message.comparisons),
    )


def _field(message: pb.Field) -> tuple[str, tuple[str, ...]]:
    scalars.at_most(message.values, _MAX_FIELDS, "Field.values")
    name = scalars.identifier(message.name, "Field.name")
    return name, tuple(scalars.text(value, "Field.values") for value in message.values)


def _comparison(message: pb.Comparison) -> Comparison:
    scalars.at_most(message.aligned, _MAX_ALIGNED, "Comparison.aligned")
    for outcome in _OUTCOMES:
        if outcome == message.outcome:
            break
    else:
        raise MalformedStatement("Comparison.outcome is unknown", field="Comparison.outcome")
    return Comparison(
        attribute=scalars.identifier(message.attribute, "Comparison.attribute"),
        outcome=outcome,
        kind=scalars.text(message.kind, "Comparison.kind", 64),
        asked=scalars.text(message.asked, "Comparison.asked"),
        held=scalars.text(message.held, "Comparison.held"),
        bits=_number(message.bits, "Comparison.bits"),
        evidence=scalars.text(message.evidence, "Comparison.evidence", 4096),
        aligned=tuple(
            AlignedPart(
                asked=scalars.text(part.asked, "AlignedPart.asked"),
                held=scalars.text(part.held, "AlignedPart.held"),
                kind=scalars.text(part.kind, "AlignedPart.kind", 64),
                bits=_number(part.bits, "AlignedPart.bits"),
            )
            for part in message.aligned
        ),
    )


def _number(value: float, field: str, least: float = -_MAX_BITS, most: float = _MAX_BITS) -> float:
    if not least <= value <= most:  # false for what is not a number, too
        raise MalformedStatement(f"{field} is out of its range", field=field)
    return value


def band_from_wire(value: str, field: str) -> Band:
    """A band by its name (MalformedStatement)."""
    for band in BANDS:
        if band == value:
            return band
    raise MalformedStatement(f"{field} is no band", field=field)


def _text(message: pb.Text) -> Text:
    return Text(
        indonesian=scalars.text(message.indonesian, "Text.indonesian"),
        english=scalars.text(message.english, "Text.english"),
    )


def _contact(message: pb.Contact) -> Contact:
    return Contact(
        desk=_text(message.desk),
        telephone=scalars.text(message.telephone, "Contact.telephone", 64),
        email=scalars.text(message.email, "Contact.email", 128),
    )
