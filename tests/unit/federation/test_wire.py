"""Statements as they travel: what each refuses beyond its limits, by the name of the field and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from federation.answer import Match, SubjectAnswer
from federation.comparison import AlignedPart, Comparison
from federation.errors import MalformedStatement, UnknownStatementType
from federation.person import Birth, Coded, Document, Name, NamePart, NationalIdentifier, Person, YearRange
from federation.query import Blinded, Clear, Committed, Page, Query
from federation.result import Indication, Silence, SubjectResult
from federation.statement import PAYLOAD_TYPES, STATEMENTS, Statement
from federation.v1 import query_pb2, result_pb2, roster_pb2
from federation.wire.query import query_from_wire
from federation.wire.result import result_from_wire
from federation.wire.roster import roster_from_wire
from federation.wire.statement import decode, encode
from tests.vectors import cast
from tests.vectors.build import answer, refusal, result


def reread(statement: Statement) -> Statement:
    found, unknown = decode(PAYLOAD_TYPES[type(statement)], encode(statement))
    assert unknown == ()
    return found


def refused(statement: Statement) -> str:
    """The field that is named."""
    with pytest.raises(MalformedStatement) as error:
        reread(statement)
    return error.value.facts.get("field", "")


def about(**changes: Any) -> Query:
    return replace(cast.query(), subjects=(Clear(person=replace(Person(), **changes)),))


def test_payload_types_are_vendor_types_of_version_one_and_each_is_one_statement() -> None:
    assert len(STATEMENTS) == len(PAYLOAD_TYPES) == 7
    for name in STATEMENTS:
        assert name.startswith("application/vnd.simpul.")
        assert name.endswith(".v1+protobuf")


def test_an_unknown_payload_type_is_refused() -> None:
    with pytest.raises(UnknownStatementType, match="too old"):
        decode("application/vnd.simpul.query.v2+protobuf", b"")


QUERIES: list[tuple[dict[str, Any], str]] = [
    ({"federation": ""}, "Query.federation"),
    ({"query_id": bytes(15)}, "Query.query_id"),
    ({"nonce": b""}, "Query.nonce"),
    ({"purpose": "Routine oversight"}, "Query.purpose"),
    ({"legal_basis": ""}, "Query.legal_basis"),
    ({"case_reference": "x" * 129}, "Query.case_reference"),
    ({"case_reference": "a\x00"}, "Query.case_reference"),
    ({"audience": ()}, "Query.audience"),
    ({"audience": ("polri", "imigrasi")}, "Query.audience"),
    ({"audience": ("polri", "polri")}, "Query.audience"),
    ({"via": ""}, "Query.via"),
    ({"disclosure_class": ""}, "Query.disclosure_class"),
    ({"subjects": ()}, "Query.subjects"),
    ({"subjects": (Clear(person=cast.person()),) * 101}, "Query.subjects"),
    ({"subjects": (Committed(commitment=bytes(31)),)}, "Subject.commitment"),
    (
        {"subjects": (Blinded(commitment=bytes(32), blinded=(bytes(32),) * 9, opening_digest=bytes(32)),)},
        "BlindSubject.blinded",
    ),
    (
        {"subjects": (Blinded(commitment=bytes(32), blinded=(bytes(31),) * 10, opening_digest=bytes(32)),)},
        "BlindSubject.blinded",
    ),
    ({"page": Page(batch_id=bytes(16), page=0, pages=1)}, "Query.page"),
    ({"page": Page(batch_id=bytes(16), page=3, pages=2)}, "Query.page"),
    ({"page": Page(batch_id=bytes(15), page=1, pages=1)}, "Query.batch_id"),
]


@pytest.mark.parametrize(("changes", "field"), QUERIES)
def test_a_query_beyond_its_limits_names_the_field(changes: dict[str, Any], field: str) -> None:
    assert refused(replace(cast.query(), **changes)) == field


PERSONS: list[tuple[dict[str, Any], str]] = [
    ({"names": (Name(text=""),)}, "Name.text"),
    ({"names": (Name(text="x" * 1025),)}, "Name.text"),
    ({"names": (Name(text="x", kind="nickname"),)}, "Name.kind"),
    ({"names": (Name(text="x", script="Latn" * 3),)}, "Name.script"),
    ({"names": (Name(text="x"),) * 33}, "Person.names"),
    ({"names": (Name(text="x", parts=(NamePart(kind="title", text="x"),)),)}, "NamePart.kind"),
    ({"births": (Birth(),)}, "Birth"),
    ({"births": (Birth(month=13),)}, "Birth"),
    ({"births": (Birth(day=32),)}, "Birth"),
    ({"births": (Birth(year=10_000),)}, "Birth"),
    ({"births": (Birth(year=1974, calendar="x" * 33),)}, "Birth.calendar"),
    ({"year_range": YearRange(first=1990, last=1989)}, "YearRange"),
    ({"year_range": YearRange(first=0, last=1989)}, "YearRange"),
    ({"sex": Coded(text="F\x01")}, "Person.sex.text"),
    ({"nationalities": (Coded(text="x", code="x" * 9),)}, "Person.nationalities.code"),
    ({"documents": (Document(number=""),)}, "Document.number"),
    ({"documents": (Document(number="1" * 65),)}, "Document.number"),
    ({"documents": (Document(number="1", kind="visa"),)}, "Document.kind"),
    ({"national_identifiers": (NationalIdentifier(kind="nik", number=""),)}, "NationalIdentifier.number"),
    ({"national_identifiers": (NationalIdentifier(kind="NIK", number="1"),)}, "NationalIdentifier.kind"),
    ({"birth_place": "x" * 1025}, "Person.birth_place"),
]


@pytest.mark.parametrize(("changes", "field"), PERSONS)
def test_a_person_beyond_its_limits_names_the_field(changes: dict[str, Any], field: str) -> None:
    assert refused(about(**changes)) == field


def match(**changes: Any) -> Match:
    return replace(answer().subjects[0].matches[0], **changes)


def compared(**changes: Any) -> Comparison:
    return replace(Comparison(attribute="name", outcome="agrees", kind="same"), **changes)


SUBJECTS: list[tuple[SubjectAnswer, str]] = [
    (SubjectAnswer(subject=1, band="none"), "SubjectAnswer.subject"),
    (SubjectAnswer(subject=0, band="certain"), "SubjectAnswer.band"),  # type: ignore[arg-type]
    (SubjectAnswer(subject=0, band="strong", matches=(match(),) * 21), "SubjectAnswer.matches"),
    (SubjectAnswer(subject=0, band="strong", matches=(match(band="x"),)), "Match.band"),
    (SubjectAnswer(subject=0, band="strong", matches=(match(record_type=""),)), "Match.record_type"),
    (SubjectAnswer(subject=0, band="strong", matches=(match(disclosure_class=""),)), "Match.disclosure_class"),
    (SubjectAnswer(subject=0, band="strong", matches=(match(reference="x" * 257),)), "Match.reference"),
    (SubjectAnswer(subject=0, band="strong", matches=(match(fields=(("on", ("x",)),) * 65),)), "Match.fields"),
    (SubjectAnswer(subject=0, band="strong", matches=(match(fields=(("on", ("x",) * 65),)),)), "Field.values"),
    (
        SubjectAnswer(subject=0, band="strong", matches=(match(comparisons=(compared(outcome="x"),)),)),
        "Comparison.outcome",
    ),
    (
        SubjectAnswer(
            subject=0,
            band="strong",
            matches=(match(comparisons=(compared(aligned=(AlignedPart(asked="", held="", kind="", bits=0),) * 257),)),),
        ),
        "Comparison.aligned",
    ),
]


@pytest.mark.parametrize(("subject", "field"), SUBJECTS)
def test_an_answer_beyond_its_limits_names_the_field(subject: SubjectAnswer, field: str) -> None:
    assert refused(replace(answer(), subjects=(subject,))) == field


@pytest.mark.parametrize("score", [float("nan"), float("inf"), -0.1, 1.1])
def test_a_score_that_is_not_from_0_to_1_is_refused(score: float) -> None:
    subject = SubjectAnswer(subject=0, band="strong", matches=(match(score=score),))
    assert refused(replace(answer(), subjects=(subject,))) == "Match.score"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"reason": ""}, "Refusal.reason"),
        ({"detail": "x" * 257}, "Refusal.detail"),
        ({"nonce": bytes(15)}, "Refusal.nonce"),
        ({"query_digest": b""}, "Refusal.query_digest"),
        ({"retry_after": timedelta(days=367)}, "Refusal.retry_after"),
    ],
)
def test_a_refusal_beyond_its_limits_names_the_field(changes: dict[str, Any], field: str) -> None:
    assert refused(replace(refusal(), **changes)) == field


def indication(**changes: Any) -> Indication:
    return replace(Indication(id="x", severity=1, standing="indicated", because=()), **changes)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"outcomes": (Silence(member="b", reason="busy"), Silence(member="a", reason="busy"))}, "Result.outcomes"),
        ({"outcomes": (Silence(member="a", reason="busy"), Silence(member="a", reason="busy"))}, "Result.outcomes"),
        ({"outcomes": (Silence(member="a", reason=""),)}, "Silence.reason"),
        ({"subjects": (SubjectResult(subject=1),)}, "SubjectResult.subject"),
        ({"subjects": (SubjectResult(subject=0, strong=("b", "a")),)}, "SubjectResult.strong"),
        ({"subjects": (SubjectResult(subject=0, indications=(indication(severity=5),)),)}, "Indication.severity"),
        (
            {"subjects": (SubjectResult(subject=0, indications=(indication(standing="proven"),)),)},
            "Indication.standing",
        ),
    ],
)
def test_a_result_beyond_its_limits_names_the_field(changes: dict[str, Any], field: str) -> None:
    assert refused(replace(result(), **changes)) == field


def roster_message() -> roster_pb2.Roster:
    return roster_pb2.Roster.FromString(cast.roster_envelope().payload)


def with_role(message: roster_pb2.Roster) -> None:
    message.members[0].roles.append("king")


def with_standing(message: roster_pb2.Roster) -> None:
    message.members[0].standing = "fine"


def with_weak_key(message: roster_pb2.Roster) -> None:
    key = message.members[0].keys[0]
    key.public_key = key.public_key[:12] + b"\x01" + bytes(31)


def with_use(message: roster_pb2.Roster) -> None:
    message.members[0].keys[0].use = "tls"


def with_short_evidence_key(message: roster_pb2.Roster) -> None:
    message.members[0].keys[0].use = "evidence"


def with_weak_authority(message: roster_pb2.Roster) -> None:
    message.authority_keys[0] = message.authority_keys[0][:12] + b"\x01" + bytes(31)


@pytest.mark.parametrize(
    "change", [with_role, with_standing, with_weak_key, with_use, with_short_evidence_key, with_weak_authority]
)
def test_a_roster_with_a_value_out_of_its_list_or_a_weak_key_is_refused(
    change: Callable[[roster_pb2.Roster], None],
) -> None:
    message = roster_message()
    roster_from_wire(message)
    change(message)
    with pytest.raises(MalformedStatement):
        roster_from_wire(message)


def with_an_endpoint_twice(message: roster_pb2.Roster) -> None:
    message.members[2].endpoints.add(kind="node", url="elsewhere.example:1")


def with_an_endpoint_of_no_kind(message: roster_pb2.Roster) -> None:
    message.members[2].endpoints.add(kind="\x00", url="elsewhere.example:1")


def with_one_key_for_two_members(message: roster_pb2.Roster) -> None:
    message.members[2].keys[0].public_key = message.members[3].keys[0].public_key


def with_one_key_for_two_uses(message: roster_pb2.Roster) -> None:
    message.members[2].keys[1].public_key = message.members[2].keys[0].public_key


def with_a_log_key_of_another_origin(message: roster_pb2.Roster) -> None:
    message.members[2].log_origin = "elsewhere.example/log"


@pytest.mark.parametrize(
    "change",
    [
        with_an_endpoint_twice,
        with_an_endpoint_of_no_kind,
        with_one_key_for_two_members,
        with_one_key_for_two_uses,
        with_a_log_key_of_another_origin,
    ],
)
def test_a_roster_that_two_readers_could_read_differently_is_refused(
    change: Callable[[roster_pb2.Roster], None],
) -> None:
    message = roster_message()
    change(message)
    with pytest.raises(MalformedStatement):
        roster_from_wire(message)


@pytest.mark.parametrize("field", ["credential", "issued", "expires"])
def test_a_required_part_of_a_query_that_is_missing_is_named(field: str) -> None:
    message = query_pb2.Query.FromString(cast.sole_query().payload)
    message.ClearField(field)  # type: ignore[arg-type]
    with pytest.raises(MalformedStatement, match=field):
        query_from_wire(message)


def test_a_subject_and_an_outcome_of_no_kind_are_refused() -> None:
    query = query_pb2.Query.FromString(cast.sole_query().payload)
    query.subjects[0].ClearField("clear")
    with pytest.raises(MalformedStatement, match="Subject is empty"):
        query_from_wire(query)
    found = result_pb2.Result.FromString(encode(result()))
    found.outcomes[0].ClearField("answer")
    with pytest.raises(MalformedStatement, match="MemberOutcome is empty"):
        result_from_wire(found)
