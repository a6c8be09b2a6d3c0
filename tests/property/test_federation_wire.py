"""Every statement that can be made reads back as it was, and any bytes whatever give a statement or a defined error."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from federation.answer import Answer, Refusal
from federation.credential import Credential
from federation.entry import Entry, request_digest
from federation.envelope import Envelope
from federation.errors import FederationError, MalformedStatement
from federation.person import Person
from federation.query import Query
from federation.result import Result
from federation.roster import Roster
from federation.statement import PAYLOAD_TYPES, Statement
from federation.tlog.receipt import Receipt
from federation.wire.entry import decode_entry, encode_entry
from federation.wire.envelope import decode_envelope, encode_envelope
from federation.wire.person import person_from_wire, person_to_wire
from federation.wire.statement import decode, encode
from tests.property.statements import STATEMENTS, entries, envelopes, persons
from tests.vectors import cast
from tests.vectors.build import answer, refusal, result

SLOW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("name", STATEMENTS)
@SLOW
@given(data=st.data())
def test_a_statement_reads_back_as_it_was(name: str, data: st.DataObject) -> None:
    statement: Statement = data.draw(STATEMENTS[name])
    assert decode(PAYLOAD_TYPES[type(statement)], encode(statement)) == (statement, ())


@SLOW
@given(persons)
def test_a_person_reads_back_as_it_was(person: Person) -> None:
    assert person_from_wire(person_to_wire(person)) == person


@SLOW
@given(entries)
def test_an_entry_reads_back_as_it_was_and_asks_for_the_same_place(entry: Entry) -> None:
    content = encode_entry(entry)
    assert decode_entry(content) == entry
    assert encode_entry(decode_entry(content)) == content
    assert request_digest(decode_entry(content)) == request_digest(entry)


@SLOW
@given(envelopes)
def test_an_envelope_reads_back_as_it_was(envelope: Envelope) -> None:
    assert decode_envelope(encode_envelope(envelope)) == envelope


# -- any bytes: a statement, or a defined error


SEEDS = {
    PAYLOAD_TYPES[Query]: cast.sole_query().payload,
    PAYLOAD_TYPES[Answer]: encode(answer()),
    PAYLOAD_TYPES[Refusal]: encode(refusal()),
    PAYLOAD_TYPES[Result]: encode(result()),
    PAYLOAD_TYPES[Roster]: cast.roster_envelope().payload,
    PAYLOAD_TYPES[Credential]: cast.credential_envelope().payload,
}


def damaged(seed: bytes) -> SearchStrategy[bytes]:
    """Bytes near to good ones: one byte changed, cut short, something put in or added."""
    place = st.integers(0, len(seed) - 1)
    return (
        st.tuples(place, st.integers(0, 255)).map(lambda at: seed[: at[0]] + bytes([at[1]]) + seed[at[0] + 1 :])
        | place.map(lambda at: seed[:at])
        | st.tuples(place, st.binary(max_size=8)).map(lambda at: seed[: at[0]] + at[1] + seed[at[0] :])
        | st.binary(max_size=40).map(lambda more: seed + more)
    )


@pytest.mark.parametrize("kind", PAYLOAD_TYPES.values())
@given(payload=st.binary(max_size=200))
@example(payload=b"\xff" * 32)
def test_any_bytes_are_a_statement_or_a_defined_error(kind: str, payload: bytes) -> None:
    try:
        decode(kind, payload)
    except FederationError as error:
        assert error.message


@pytest.mark.parametrize("kind", SEEDS)
@SLOW
@given(data=st.data())
def test_damaged_statements_are_statements_or_a_defined_error(kind: str, data: st.DataObject) -> None:
    payload = data.draw(damaged(SEEDS[kind]))
    try:
        statement, _ = decode(kind, payload)
    except FederationError as error:
        assert "ERIKSSON" not in error.message + repr(error.facts)
    else:
        assert decode(kind, encode(statement))[0] == statement or "nan" in repr(statement)


@SLOW
@given(damaged(encode_envelope(cast.signed_query())) | st.binary(max_size=100))
def test_damaged_envelopes_are_envelopes_or_a_defined_error(content: bytes) -> None:
    try:
        envelope = decode_envelope(content)
    except MalformedStatement:
        return
    assert decode_envelope(encode_envelope(envelope)) == envelope


@SLOW
@given(damaged(encode_entry(Entry(kind="silence", instant=cast.AT, statement_digest=bytes(32)))))
def test_damaged_entries_are_entries_or_a_defined_error(content: bytes) -> None:
    try:
        decode_entry(content)
    except MalformedStatement as error:
        assert error.message


@SLOW
@given(damaged(b"c2sp.org/tlog-proof@v1\nextra AA==\nindex 1\n\na/b\n1\nAAAA\n\n\xe2\x80\x94 a/b AAAAAAA=\n"))
def test_damaged_receipts_are_receipts_or_a_defined_error(content: bytes) -> None:
    try:
        receipt = Receipt.parse(content)
    except FederationError:
        return
    assert Receipt.parse(receipt.encode()) == receipt
