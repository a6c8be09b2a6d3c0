"""What a node considers and declines: signed, logged, with its reason, and never dependent on what it holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from federation.answer import Refusal
from federation.envelope import Envelope
from federation.errors import UntrustedSignature
from federation.person import Name, Person
from federation.query import Blinded, Committed, Query
from federation.statement import PAYLOAD_TYPES
from federation.wire.statement import encode
from tests.agencies import ABSENT, HELD, QUOTA, Row
from tests.carrier import Carrier
from tests.federation import CARRIER, GUEST, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")
_UNKNOWN_FIELD = b"\x98\x06\x01"  # field 99, varint 1
BROAD = Person(names=(Name(text="SITI"),))


def with_unknown_field(federation: Federation, query: Query) -> Envelope:
    """A query of a later version, with a field that this one does not know."""
    payload = encode(replace(query, via=CARRIER)) + _UNKNOWN_FIELD
    return Envelope(payload=payload, payload_type=PAYLOAD_TYPES[Query]).signed_by(federation.officer().key)


async def test_an_unknown_field_is_not_understood_and_named(federation: Federation, carrier: Carrier) -> None:
    envelope = with_unknown_field(federation, federation.query(HELD[0].person))
    refusal = (await carrier.ask(carrier.countersigned(envelope))).refusal
    assert (refusal.reason, refusal.detail) == ("not_understood", "Query.99")


@pytest.mark.parametrize(
    "subject",
    [
        Committed(commitment=bytes(32)),
        Blinded(commitment=bytes(32), blinded=(bytes(32),) * 10, opening_digest=bytes(32)),
    ],
    ids=["committed", "blinded"],
)
async def test_a_subject_not_in_the_clear_is_not_understood_and_named(
    federation: Federation, carrier: Carrier, subject: Committed | Blinded
) -> None:
    query = federation.query(HELD[0].person)
    refusal = (await carrier.ask(replace(query, subjects=(*query.subjects, subject)))).refusal
    assert (refusal.reason, refusal.detail) == ("not_understood", "Subject")


@pytest.mark.parametrize("field", ["purpose", "legal_basis", "disclosure_class"])
async def test_an_id_that_the_terms_do_not_know_is_not_understood_and_named(
    federation: Federation, carrier: Carrier, field: str
) -> None:
    query = federation.query(HELD[0].person)
    strange = {
        "purpose": replace(query, purpose="from_2030"),
        "legal_basis": replace(query, legal_basis="from_2030"),
        "disclosure_class": replace(query, disclosure_class="from_2030"),
    }
    refusal = (await carrier.ask(strange[field])).refusal
    assert (refusal.reason, refusal.detail) == ("not_understood", "from_2030")


async def test_a_name_alone_is_too_broad_and_the_subject_named(federation: Federation, carrier: Carrier) -> None:
    refusal = (await carrier.ask(federation.query(HELD[0].person, BROAD))).refusal
    assert (refusal.reason, refusal.detail) == ("too_broad", "subject 1")
    assert refusal.remedy is not None


async def test_a_purpose_that_the_policy_does_not_name_is_refused(federation: Federation, carrier: Carrier) -> None:
    refusal = (await carrier.ask(federation.query(HELD[0].person, purpose="aggregate_statistics"))).refusal
    assert (refusal.reason, refusal.detail) == ("purpose_not_permitted", "aggregate_statistics")


async def test_a_requester_whom_the_rule_does_not_name_is_refused(federation: Federation, carrier: Carrier) -> None:
    citra = federation.officer("citra", "polri")
    query = federation.query(HELD[0].person, purpose="routine_oversight", officer=citra)
    envelope = federation.sign(replace(query, via=CARRIER), citra)
    refusal = (await carrier.ask(carrier.countersigned(envelope))).refusal
    assert (refusal.reason, refusal.detail) == ("requester_not_permitted", "polri")


async def test_a_legal_basis_of_another_purpose_is_refused(federation: Federation, carrier: Carrier) -> None:
    query = replace(federation.query(HELD[0].person), legal_basis="uu16_2004")
    refusal = (await carrier.ask(query)).refusal
    assert (refusal.reason, refusal.detail) == ("basis_mismatch", "uu16_2004")


@pytest.mark.parametrize("case", ["", "SPRIN/1", "IMI-00011", "xIMI-0001", "IMI-0001\n"])
async def test_a_case_of_another_form_is_refused(federation: Federation, carrier: Carrier, case: str) -> None:
    query = federation.query(HELD[0].person, purpose="routine_oversight", case=case)
    refusal = (await carrier.ask(query)).refusal
    assert refusal.reason == "case_invalid"
    assert refusal.remedy is not None


async def test_a_purpose_that_needs_two_officers_is_refused_to_one(federation: Federation, carrier: Carrier) -> None:
    refusal = (await carrier.ask(federation.query(HELD[0].person, purpose="immigration_action"))).refusal
    assert refusal.reason == "second_officer_missing"
    assert refusal.remedy is not None


async def test_more_subjects_than_one_officer_may_ask_about_need_a_second(
    federation: Federation, carrier: Carrier
) -> None:
    people = [row.person for row in HELD[:3]]
    two = await carrier.ask(federation.query(*people[:2], purpose="joint_operation"))
    three = await carrier.ask(federation.query(*people, purpose="joint_operation"))
    assert [subject.band for subject in two.answer.subjects] == ["strong", "strong"]
    assert three.refusal.reason == "second_officer_missing"


async def test_a_second_officer_of_the_same_member_is_enough(federation: Federation, carrier: Carrier) -> None:
    query = replace(federation.query(HELD[0].person, purpose="immigration_action"), via=CARRIER)
    envelope = carrier.countersigned(federation.sign(query, second=federation.officer("budi")))
    assert (await carrier.ask(envelope)).answer.subjects[0].band == "strong"


async def test_a_wrong_second_officer_is_no_second_officer(federation: Federation, carrier: Carrier) -> None:
    query = replace(federation.query(HELD[0].person, purpose="immigration_action"), via=CARRIER)
    budi = federation.officer("budi")
    receipt = carrier.receipt(carrier.countersigned(federation.sign(query, second=budi)))
    alya, citra = federation.officer(), federation.officer("citra", "polri")
    signed = federation.sign(query)
    wrong = (
        signed.signed_by(alya.key, alya.credential),  # the same officer twice
        signed.signed_by(citra.key, citra.credential),  # of another member
        signed.signed_by(alya.key, budi.credential),  # with the credential of another key
        signed.signed_by(budi.key),  # without a credential
        federation.sign(query, second=budi).signed_by(budi.key, budi.credential),  # a third signature
    )
    for envelope in wrong:
        with pytest.raises(UntrustedSignature):
            await carrier.ask(carrier.question(envelope.signed_by(carrier.keys.statement), receipt))


async def test_a_quota_is_of_subjects_an_hour_and_says_when_to_come_again(
    federation: Federation, carrier: Carrier
) -> None:
    guest = federation.officer("tono", GUEST)
    federation.clock.move(timedelta(hours=1))
    federation.clock.at = federation.clock.at.replace(minute=20, second=0, microsecond=0)

    async def ask(*subjects: Person) -> Refusal | None:
        query = federation.query(*subjects, purpose="data_correction", asked="match_only", officer=guest)
        reply = await carrier.ask(carrier.countersigned(federation.sign(replace(query, via=CARRIER), guest)))
        return reply.refusal if isinstance(reply.statement, Refusal) else None

    broad = [await ask(*[BROAD] * 100) for _ in range(QUOTA // 100 - 1)]
    assert {refusal.reason for refusal in broad if refusal} == {"too_broad"}
    assert await ask(*[HELD[0].person] * 100) is None
    spent = await ask(HELD[0].person)
    assert spent is not None
    assert (spent.reason, spent.retry_after) == ("quota_exhausted", timedelta(minutes=40))
    assert (await carrier.ask(federation.query(HELD[0].person))).answer  # another member's hour is its own
    federation.clock.move(timedelta(minutes=40))
    assert await ask(HELD[0].person) is None


REFUSED: dict[str, Callable[[Federation, Row], Query]] = {
    "purpose": lambda f, row: f.query(row.person, purpose="aggregate_statistics"),
    "basis": lambda f, row: replace(f.query(row.person), legal_basis="uu16_2004"),
    "case": lambda f, row: f.query(row.person, purpose="routine_oversight", case="NIHIL-01"),
    "second officer": lambda f, row: f.query(row.person, purpose="immigration_action"),
    "class": lambda f, row: replace(f.query(row.person), disclosure_class="everything"),
    "breadth": lambda f, row: f.query(Person(names=row.person.names)),
}


@pytest.mark.parametrize("why", REFUSED)
async def test_a_refusal_does_not_tell_whether_a_record_is_held(
    federation: Federation, carrier: Carrier, why: str
) -> None:
    held, absent = [await carrier.ask(REFUSED[why](federation, row)) for row in (HELD[0], ABSENT[0])]
    assert held.refusal
    assert held.bare == absent.bare
    assert held.size == absent.size
