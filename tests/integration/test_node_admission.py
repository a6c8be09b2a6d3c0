"""What a node does not consider: each fault is told by name, before anything is logged or looked up."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from coordinator.cli.officer import Officer
from federation.append import query_entry
from federation.credential import Credential
from federation.envelope import Envelope
from federation.errors import (
    FederationError,
    MalformedStatement,
    QueryExpired,
    QueryNotYetValid,
    UnknownStatementType,
    UntrustedSignature,
    WrongAudience,
)
from federation.instant import Window
from federation.keys import SigningKey
from federation.query import Query
from federation.seal import seal
from federation.tlog.note import NoteSigner
from federation.v1 import node_pb2 as pb
from federation.wire.entry import encode_entry
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.federation import CARRIER, COORDINATOR, Federation
from tests.paper import PaperLog

pytestmark = pytest.mark.asyncio(loop_scope="session")
SUBJECT = HELD[0].person


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def nothing_is_logged(federation: Federation) -> AsyncIterator[None]:
    """Hold every test of this file to it: where a fault is told, the node's log is as it was."""
    count = "SELECT count(*) AS entries FROM simpul.log_entry"
    before = await federation.rows("imigrasi", count)
    yield
    assert await federation.rows("imigrasi", count) == before


def credential(key: SigningKey, signer: SigningKey, window: Window) -> Envelope:
    """A credential that somebody signed for an officer of imigrasi."""
    return seal(
        Credential(
            federation="uji",
            credential_id=os.urandom(16),
            member="imigrasi",
            officer="alya",
            office="Wasdak",
            purposes=("life_safety",),
            public_key=key.public,
            window=window,
        ),
        signer,
    )


def with_credential(federation: Federation, signer: SigningKey, window: Window) -> Envelope:
    """A query of an officer whose credential `signer` signed, signed by that officer."""
    key = SigningKey.generate()
    query = federation.query(SUBJECT)
    query = replace(query, credential=credential(key, signer, window), via=CARRIER)
    return seal(query, key)


def unreceipted(carrier: Carrier, envelope: Envelope) -> pb.Question:
    """A question whose query the carrier's own opener would refuse, with a receipt for its very bytes."""
    query = carrier.opener.query(carrier.countersigned(carrier.federation.query(SUBJECT)), countersigned=True)
    entry = replace(
        query_entry("query_asked", query, carrier.federation.clock()),
        statement_digest=envelope.statement_digest,
        query_digest=envelope.statement_digest,
    )
    receipt = carrier.log.receipt(carrier.log.append(encode_entry(entry))).encode()
    return carrier.question(envelope, receipt)


async def refused(carrier: Carrier, question: Query | Envelope | pb.Question, kind: type[FederationError]) -> str:
    """Ask, and return the message of the fault that must come."""
    with pytest.raises(kind) as caught:
        await carrier.ask(question)
    assert type(caught.value) is kind
    return caught.value.message


async def test_an_expired_query_is_not_considered(federation: Federation, carrier: Carrier) -> None:
    question = carrier.question(federation.query(SUBJECT))
    federation.clock.move(timedelta(minutes=5, seconds=30))
    await refused(carrier, question, QueryExpired)


async def test_a_query_whose_window_has_not_begun_is_not_considered(federation: Federation, carrier: Carrier) -> None:
    query = federation.query(SUBJECT)
    start = federation.clock() + timedelta(seconds=31)
    early = replace(query, window=Window(start, start + timedelta(minutes=5)))
    await refused(carrier, early, QueryNotYetValid)


async def test_a_window_longer_than_an_hour_is_not_considered(federation: Federation, carrier: Carrier) -> None:
    query = federation.query(SUBJECT)
    now = federation.clock()
    endless = replace(query, via=CARRIER, window=Window(now, now + timedelta(hours=1, seconds=1)))
    envelope = federation.sign(endless).signed_by(carrier.keys.statement)
    await refused(carrier, unreceipted(carrier, envelope), MalformedStatement)


async def test_a_query_for_another_member_is_not_considered(federation: Federation, carrier: Carrier) -> None:
    await refused(carrier, federation.query(SUBJECT, audience=("polri",)), WrongAudience)


async def test_a_query_of_another_federation_is_not_considered(federation: Federation, carrier: Carrier) -> None:
    foreign = replace(federation.query(SUBJECT), federation="lain", via=CARRIER)
    envelope = federation.sign(foreign).signed_by(carrier.keys.statement)
    await refused(carrier, unreceipted(carrier, envelope), WrongAudience)


async def test_a_query_that_another_coordinator_should_carry_is_not_considered(
    federation: Federation, carrier: Carrier
) -> None:
    envelope = federation.sign(federation.query(SUBJECT)).signed_by(federation.keys(COORDINATOR).statement)
    query = carrier.opener.query(envelope, countersigned=True)
    theirs = PaperLog(NoteSigner(federation.member(COORDINATOR).log_origin, federation.keys(COORDINATOR).log))
    entry = encode_entry(query_entry("query_asked", query, federation.clock()))
    receipt = theirs.receipt(theirs.append(entry)).encode()
    await refused(carrier, carrier.question(envelope, receipt), WrongAudience)


async def test_an_officer_for_whom_nobody_in_the_roster_speaks_is_unknown(
    federation: Federation, carrier: Carrier
) -> None:
    window = Window(federation.clock() - timedelta(hours=1), federation.clock() + timedelta(hours=1))
    envelope = with_credential(federation, SigningKey.generate(), window).signed_by(carrier.keys.statement)
    await refused(carrier, unreceipted(carrier, envelope), UntrustedSignature)


async def test_an_officer_for_whom_another_member_speaks_is_unknown(federation: Federation, carrier: Carrier) -> None:
    window = Window(federation.clock() - timedelta(hours=1), federation.clock() + timedelta(hours=1))
    signer = federation.keys("polri").statement
    envelope = with_credential(federation, signer, window).signed_by(carrier.keys.statement)
    await refused(carrier, unreceipted(carrier, envelope), UntrustedSignature)


@pytest.mark.parametrize(
    ("begins", "ends"), [(-2.0, 0.0), (0.01, 2.0)], ids=["ended as it was issued", "begins after it was issued"]
)
async def test_a_credential_out_of_its_window_is_refused(
    federation: Federation, carrier: Carrier, begins: float, ends: float
) -> None:
    now = federation.clock()
    window = Window(now + timedelta(hours=begins), now + timedelta(hours=ends))
    envelope = with_credential(federation, federation.keys("imigrasi").statement, window)
    await refused(carrier, unreceipted(carrier, envelope.signed_by(carrier.keys.statement)), UntrustedSignature)


async def test_a_revoked_credential_is_refused(federation: Federation, carrier: Carrier) -> None:
    gunawan = federation.officer("gunawan")
    query = replace(federation.query(SUBJECT, officer=gunawan), via=CARRIER)
    envelope = federation.sign(query, gunawan).signed_by(carrier.keys.statement)
    assert "revoked" in await refused(carrier, unreceipted(carrier, envelope), UntrustedSignature)


async def test_the_officers_signature_cannot_be_left_out(federation: Federation, carrier: Carrier) -> None:
    bare = seal(replace(federation.query(SUBJECT), via=CARRIER), carrier.keys.statement)
    await refused(carrier, unreceipted(carrier, bare), UntrustedSignature)


async def test_another_officers_signature_does_not_stand_for_the_one_named(
    federation: Federation, carrier: Carrier
) -> None:
    budi = federation.officer("budi")
    envelope = seal(replace(federation.query(SUBJECT), via=CARRIER), budi.key).signed_by(carrier.keys.statement)
    await refused(carrier, unreceipted(carrier, envelope), UntrustedSignature)


async def test_the_coordinators_signature_cannot_be_left_out(federation: Federation, carrier: Carrier) -> None:
    envelope = federation.sign(replace(federation.query(SUBJECT), via=CARRIER))
    assert "missing" in await refused(carrier, unreceipted(carrier, envelope), UntrustedSignature)


async def test_another_members_signature_does_not_stand_for_the_coordinators(
    federation: Federation, carrier: Carrier
) -> None:
    for signer in (federation.keys("polri").statement, federation.keys(COORDINATOR).statement, SigningKey.generate()):
        envelope = carrier.countersigned(federation.query(SUBJECT), signer)
        await refused(carrier, unreceipted(carrier, envelope), UntrustedSignature)


async def test_a_query_changed_after_it_was_signed_is_refused(federation: Federation, carrier: Carrier) -> None:
    envelope = carrier.countersigned(federation.query(SUBJECT))
    payload = envelope.payload.replace(b"IMI-0001", b"IMI-0002")
    assert payload != envelope.payload
    await refused(carrier, unreceipted(carrier, replace(envelope, payload=payload)), UntrustedSignature)


async def test_a_query_without_the_coordinators_receipt_is_refused(federation: Federation, carrier: Carrier) -> None:
    envelope = carrier.countersigned(federation.query(SUBJECT))
    await refused(carrier, carrier.question(envelope, b""), UntrustedSignature)


async def test_a_receipt_for_another_query_is_refused(federation: Federation, carrier: Carrier) -> None:
    one, other = (carrier.countersigned(federation.query(SUBJECT)) for _ in range(2))
    await refused(carrier, carrier.question(one, carrier.receipt(other)), UntrustedSignature)


async def test_a_receipt_for_another_kind_of_entry_is_refused(federation: Federation, carrier: Carrier) -> None:
    envelope = carrier.countersigned(federation.query(SUBJECT))
    query = carrier.opener.query(envelope, countersigned=True)
    entry = query_entry("query_received", query, federation.clock())
    receipt = carrier.log.receipt(carrier.log.append(encode_entry(entry))).encode()
    await refused(carrier, carrier.question(envelope, receipt), UntrustedSignature)


@pytest.mark.parametrize("forged", ["by another key", "under another origin", "of an entry not in the tree", "cut"])
async def test_a_forged_receipt_is_refused(federation: Federation, carrier: Carrier, forged: str) -> None:
    envelope = carrier.countersigned(federation.query(SUBJECT))
    query = carrier.opener.query(envelope, countersigned=True)
    entry = encode_entry(query_entry("query_asked", query, federation.clock()))
    origin = federation.member(CARRIER).log_origin
    match forged:
        case "by another key":
            log = PaperLog(NoteSigner(origin, SigningKey.generate()))
            receipt = log.receipt(log.append(entry)).encode()
        case "under another origin":
            log = PaperLog(NoteSigner(federation.member(COORDINATOR).log_origin, carrier.keys.log))
            receipt = log.receipt(log.append(entry)).encode()
        case "of an entry not in the tree":
            honest = carrier.log.receipt(carrier.log.append(hashlib.sha256(entry).digest()))
            receipt = replace(honest, entry=entry).encode()
        case _:
            receipt = carrier.receipt(envelope)[:-20]
    await refused(carrier, carrier.question(envelope, receipt), UntrustedSignature)


async def test_an_envelope_that_holds_no_query_is_refused(federation: Federation, carrier: Carrier) -> None:
    officer: Officer = federation.officer()
    await refused(carrier, unreceipted(carrier, officer.credential), UnknownStatementType)
    nonsense = Envelope(payload=b"\xff" * 40, payload_type="application/vnd.simpul.query.v1+protobuf")
    await refused(carrier, unreceipted(carrier, nonsense.signed_by(officer.key)), MalformedStatement)
