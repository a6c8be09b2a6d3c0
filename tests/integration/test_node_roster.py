"""Rosters at a node: never gone back from, and a newer one fetched from the coordinator before a query is judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coordinator.cli.officer import Officer
from deploy.ceremony.rosters import install_roster
from federation.calling.rosters import fetch_roster
from federation.errors import MemberSuspended, NotInLog, RosterMismatch, UntrustedSignature
from federation.roster import Roster
from federation.wire.entry import decode_entry
from federation.wire.statement import decode
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.federation import CARRIER, COORDINATOR, GUEST, Federation

NODE = "imigrasi"
_HELD = "SELECT version FROM simpul.roster ORDER BY version"


def renewed(federation: Federation) -> Officer:
    """The officer, once they have taken the roster in force into their folder."""
    folder = federation.officer().folder
    install_roster(federation.place.roster, folder)
    return Officer.from_folder(folder)


async def versions(federation: Federation, member: str = NODE) -> list[int]:
    """The roster versions that a member has accepted."""
    return [row["version"] for row in await federation.rows(member, _HELD)]


async def test_a_query_that_names_a_newer_roster_has_every_version_fetched_verified_and_logged(
    small: Federation,
) -> None:
    for change in ({"suspend": frozenset({GUEST})}, {"reinstate": frozenset({GUEST})}):
        small.change_roster(**change)
        await small.stop(COORDINATOR)
        await small.start(COORDINATOR)
        alya = renewed(small)
    assert (await versions(small, COORDINATOR), await versions(small)) == ([1, 2, 3], [1])
    told = await small.ask(small.query(HELD[0].person, officer=alya), alya)
    assert told.answer(NODE).subjects[0].band == "strong"
    assert told.answer(NODE).roster_version == 3
    assert await versions(small) == [1, 2, 3]
    entries = [decode_entry(row["leaf"]) for row in await small.rows(NODE, "SELECT leaf FROM simpul.log_entry")]
    assert [entry.kind for entry in entries].count("roster_accepted") == 3


async def test_a_query_that_names_an_older_roster_is_judged_by_the_newest(small: Federation) -> None:
    await small.stop()
    small.revoke("gunawan")
    await small.start()
    assert await versions(small) == [1, 2]
    told = await small.ask(small.query(HELD[0].person))
    assert told.answer(NODE).subjects[0].band == "strong"
    gunawan = small.officer("gunawan")
    with pytest.raises(UntrustedSignature, match="revoked"):
        await small.ask(small.query(HELD[0].person, officer=gunawan), gunawan)


async def test_an_older_roster_in_the_file_changes_nothing(small: Federation) -> None:
    older = small.folder(NODE).roster.read_bytes()
    await small.stop()
    small.revoke("gunawan")
    await small.start()
    await small.stop()
    for member in (NODE, COORDINATOR):
        small.folder(member).roster.write_bytes(older)
    await small.start()
    assert await versions(small) == [1, 2]
    told = await small.ask(small.query(HELD[0].person))
    assert told.answer(NODE).roster_version == 2


async def test_a_roster_that_nobody_has_is_told_as_a_mismatch_and_the_node_keeps_its_own(small: Federation) -> None:
    small.change_roster(suspend=frozenset({GUEST}))
    alya = renewed(small)  # while the coordinator, too, still holds version 1
    with pytest.raises(RosterMismatch):
        await small.ask(small.query(HELD[0].person, officer=alya), alya)
    assert await versions(small) == [1]


async def test_a_coordinator_that_names_a_roster_it_does_not_have_keeps_no_other_from_being_believed(
    small: Federation,
) -> None:
    small.change_roster(suspend=frozenset({GUEST}))
    await small.stop(COORDINATOR)
    await small.start(COORDINATOR)
    alya = renewed(small)
    query = small.query(HELD[0].person, officer=alya)
    other = Carrier(small, CARRIER)  # at whose address nobody hands out a roster
    with pytest.raises(RosterMismatch):
        await other.ask(other.question(replace(query, via=CARRIER)))
    await other.close()
    told = await small.ask(query, alya)
    assert told.answer(NODE).subjects[0].band == "strong"
    assert await versions(small) == [1, 2]


async def test_the_officers_of_a_suspended_member_are_not_heard(small: Federation) -> None:
    await small.stop()
    small.change_roster(suspend=frozenset({NODE}))
    await small.start(COORDINATOR)
    with pytest.raises(MemberSuspended):
        await small.ask(small.query(HELD[0].person))


async def test_a_suspended_node_is_not_asked_and_silent_by_that_name(small: Federation) -> None:
    tono = small.officer("tono", GUEST)
    await small.stop()
    small.change_roster(suspend=frozenset({NODE}))
    await small.start()
    told = await small.ask(small.query(HELD[0].person, officer=tono), tono)
    assert told.silence(NODE) == "suspended"
    received = await small.rows(NODE, "SELECT query_id FROM simpul.received")
    assert received == []


async def test_the_roster_is_handed_out_by_version_to_every_member(small: Federation) -> None:
    await small.stop()
    small.revoke("gunawan")
    await small.start()
    identity = small.keys("tamu").tls
    for asked, expected in ((0, 2), (2, 2)):
        envelope = await fetch_roster(small.member(NODE), "roster", identity, version=asked, deadline_seconds=5.0)
        roster, _ = decode(envelope.payload_type, envelope.payload)
        assert isinstance(roster, Roster)
        assert roster.version == expected
        assert envelope == small.place.open_roster().envelope
    with pytest.raises(NotInLog):
        await fetch_roster(small.member(NODE), "roster", identity, version=7, deadline_seconds=5.0)
