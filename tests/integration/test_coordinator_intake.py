"""What a coordinator does not carry: refused before it is logged, and no node ever hears of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta

import pytest
import pytest_asyncio

from coordinator.cli.officer import Officer
from federation.envelope import Envelope
from federation.errors import (
    FederationError,
    MethodNotAllowed,
    QueryExpired,
    QueryNotYetValid,
    UnknownStatementType,
    UntrustedSignature,
    WrongAudience,
)
from federation.instant import Window
from tests.agencies import HELD
from tests.federation import AUDITOR, CARRIER, COORDINATOR, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")
SUBJECT = HELD[0].person


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def nothing_is_logged(federation: Federation) -> AsyncIterator[None]:
    """Hold every test of this file to it: neither the coordinator nor a node logs anything."""
    count = "SELECT count(*) AS entries FROM simpul.log_entry"
    before = [await federation.rows(member, count) for member in (COORDINATOR, "imigrasi")]
    yield
    assert [await federation.rows(member, count) for member in (COORDINATOR, "imigrasi")] == before


async def refused(
    federation: Federation, envelope: Envelope, kind: type[FederationError], officer: Officer | None = None
) -> None:
    """Bring an envelope, unopened on this side, and have it refused."""
    with pytest.raises(kind) as caught:
        await federation.bring(envelope, (officer or federation.officer()).identity())
    assert type(caught.value) is kind


async def test_a_query_past_or_before_its_window_is_not_carried(federation: Federation) -> None:
    federation.clock.move(timedelta(minutes=10))  # so that the officer's credential began before the window
    query, now = federation.query(SUBJECT), federation.clock()
    past = replace(query, window=Window(now - timedelta(minutes=6), now - timedelta(seconds=30)))
    await refused(federation, federation.sign(past), QueryExpired)
    early = replace(query, window=Window(now + timedelta(seconds=31), now + timedelta(minutes=5)))
    await refused(federation, federation.sign(early), QueryNotYetValid)


async def test_a_query_that_names_another_coordinator_is_not_carried(federation: Federation) -> None:
    elsewhere = replace(federation.query(SUBJECT), via=CARRIER)
    await refused(federation, federation.sign(elsewhere), WrongAudience)


@pytest.mark.parametrize("member", [COORDINATOR, AUDITOR])
async def test_a_query_to_a_member_without_a_node_is_not_carried(federation: Federation, member: str) -> None:
    query = replace(federation.query(SUBJECT), audience=tuple(sorted(("imigrasi", member))))
    await refused(federation, federation.sign(query), WrongAudience)


async def test_a_query_to_a_member_that_is_not_in_the_roster_is_not_carried(federation: Federation) -> None:
    query = replace(federation.query(SUBJECT), audience=("imigrasi", "siapa"))
    await refused(federation, federation.sign(query), UntrustedSignature)


async def test_nobody_brings_the_query_of_another(federation: Federation) -> None:
    envelope = federation.sign(federation.query(SUBJECT))
    for other in (federation.officer("budi"), federation.officer("citra", "polri")):
        await refused(federation, envelope, MethodNotAllowed, other)


async def test_a_query_already_countersigned_is_not_carried(federation: Federation) -> None:
    for signer in (federation.keys(COORDINATOR).statement, federation.keys("polri").statement):
        envelope = federation.sign(federation.query(SUBJECT)).signed_by(signer)
        await refused(federation, envelope, UntrustedSignature)


async def test_a_revoked_officer_is_not_carried(federation: Federation) -> None:
    gunawan = federation.officer("gunawan")
    envelope = federation.sign(federation.query(SUBJECT, officer=gunawan), gunawan)
    await refused(federation, envelope, UntrustedSignature, gunawan)


async def test_a_purpose_that_the_credential_does_not_name_is_not_carried(federation: Federation) -> None:
    made = federation.officer("made", purposes=("lodging_check",))
    envelope = federation.sign(federation.query(SUBJECT, officer=made), made)
    await refused(federation, envelope, MethodNotAllowed, made)


async def test_a_member_without_the_role_requester_does_not_ask(federation: Federation) -> None:
    auditor = federation.officer("rina", AUDITOR)
    envelope = federation.sign(federation.query(SUBJECT, officer=auditor), auditor)
    await refused(federation, envelope, UntrustedSignature, auditor)


async def test_what_is_no_query_is_not_carried(federation: Federation) -> None:
    await refused(federation, federation.officer().credential, UnknownStatementType)
