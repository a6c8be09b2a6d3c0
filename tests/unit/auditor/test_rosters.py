"""The chain of rosters: the newest under pinned authorities, each before it under the one that follows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from auditor.rosters import Rosters, beside
from federation.envelope import Envelope
from federation.errors import MalformedStatement
from federation.keys import SigningKey
from federation.roster import Roster
from federation.seal import Verified, open_first_roster, seal
from federation.wire.envelope import encode_envelope
from tests.unit.auditor.invented import Invented


def chain(world: Invented, versions: int) -> list[Verified[Roster]]:
    """So many versions, each signed by an authority of its own."""
    made = [world.verified]
    for version in range(2, versions + 1):
        key = SigningKey.generate()
        roster = replace(
            world.roster(), version=version, previous=made[-1].digest, authority_keys=(key.public,), threshold=1
        )
        made.append(open_first_roster(seal(roster, key), (key.public,), 1))
    return made


def test_earlier_rosters_are_trusted_through_the_one_that_follows() -> None:
    made = chain(Invented(), 4)
    rosters = Rosters(made[-1], [roster.envelope for roster in made[:-1]])
    assert [roster.version for roster in rosters] == [4, 3, 2, 1]
    assert rosters.missing == 0


def test_a_roster_that_nothing_names_as_previous_is_ignored() -> None:
    made = chain(Invented(), 3)
    stray = replace(made[1].envelope, payload=made[1].envelope.payload + b"\x78\x01")
    rosters = Rosters(made[-1], [stray, made[0].envelope])
    assert ([roster.version for roster in rosters], rosters.missing) == ([3], 2)


def test_an_earlier_roster_whose_own_signatures_do_not_hold_is_not_trusted() -> None:
    made = chain(Invented(), 2)
    unsigned = replace(made[0].envelope, signatures=made[1].envelope.signatures)
    assert Rosters(made[-1], [unsigned]).missing == 1


def test_an_envelope_that_is_no_roster_is_not_trusted() -> None:
    world = Invented()
    other = Envelope(payload=b"x", payload_type="application/x", signatures=world.verified.envelope.signatures)
    roster = replace(world.roster(), version=2, previous=other.statement_digest)
    assert Rosters(world.found(roster), [other]).missing == 1


def test_a_log_key_of_an_earlier_origin_is_found_by_its_origin() -> None:
    world = Invented()
    renamed = tuple(
        replace(world.member(name), log_origin="", log_vkey="") if name == "polri" else world.member(name)
        for name in world.keys
    )
    second = world.found(replace(world.roster(), version=2, previous=world.verified.digest, members=renamed))
    rosters = Rosters(second, [world.verified.envelope])
    assert rosters.verifier("polri", "polri.example/log1") is not None
    assert rosters.verifier("polri", "polri.example/log2") is None


def test_a_roster_with_a_log_key_that_does_not_name_its_origin_is_refused() -> None:
    world = Invented()
    for wrong in ("elsewhere.example/log1", "polri.example/log1+broken"):
        member = replace(world.member("polri"), log_origin="polri.example/log1", log_vkey=wrong)
        members = tuple(member if name == "polri" else world.member(name) for name in world.keys)
        with pytest.raises(MalformedStatement):
            world.found(replace(world.roster(), members=members))


def test_rosters_beside_the_file_are_read_and_junk_is_passed_over(tmp_path: Path) -> None:
    world = Invented()
    (tmp_path / "roster.1.envelope").write_bytes(encode_envelope(world.verified.envelope))
    (tmp_path / "roster.2.envelope").write_bytes(b"junk")
    assert beside(tmp_path / "roster.envelope") == (world.verified.envelope,)
