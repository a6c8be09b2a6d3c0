"""How another member's roster and clock stand to the ones here."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from federation.calling.seen import Seen, tell_seen
from federation.envelope import Envelope
from federation.roster import Member
from federation.seal import open_next_roster, seal
from federation.steps import Look
from tests.unit.auditor.invented import Invented

MEMBER = "imigrasi"


@pytest.fixture(scope="module")
def world() -> Invented:
    return Invented()


def told(world: Invented, roster: Envelope | None = None, ahead: timedelta | None = timedelta()) -> Look:
    """What is told of a member that hands out a roster, by its clock."""
    look = Look()
    member: Member = world.verified.statement.member(MEMBER)
    tell_seen(look, member, Seen(roster=roster or world.verified.envelope, ahead=ahead), world.verified)
    return look


@pytest.mark.parametrize(
    ("seconds", "wrong", "notes"), [(0, 0, 0), (-5, 0, 0), (6, 0, 1), (-30, 0, 1), (31, 1, 0), (-31, 1, 0)]
)
def test_a_clock_is_noted_from_five_seconds_and_wrong_beyond_the_skew(
    world: Invented, seconds: int, wrong: int, notes: int
) -> None:
    look = told(world, ahead=timedelta(seconds=seconds))
    assert (len(look.wrong), len(look.notes)) == (wrong, notes)


def test_a_member_that_does_not_tell_its_clock_is_noted(world: Invented) -> None:
    assert "older version" in told(world, ahead=None).notes[0]


def test_the_same_roster_is_fine_and_another_of_its_version_is_wrong(world: Invented) -> None:
    assert told(world).wrong == []
    other = world.found(replace(world.verified.statement, terms_version="another"))
    assert "ANOTHER roster of version" in told(world, other.envelope).wrong[0]


def test_a_newer_and_an_older_roster_are_noted(world: Invented) -> None:
    first = world.verified
    statement = replace(first.statement, version=2, previous=first.digest)
    second = open_next_roster(seal(statement, world.authority), first)
    for held, handed, says in ((first, second, "install the newer one"), (second, first, "still holds roster 1")):
        look = Look()
        seen = Seen(roster=handed.envelope, ahead=timedelta())
        tell_seen(look, held.statement.member(MEMBER), seen, held)
        assert says in look.notes[0]
        assert look.wrong == []


def test_a_statement_that_is_no_roster_of_this_federation_is_wrong(world: Invented) -> None:
    elsewhere = world.found(replace(world.verified.statement, federation="elsewhere"))
    assert "no roster of this federation" in told(world, elsewhere.envelope).wrong[0]
