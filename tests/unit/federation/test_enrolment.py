"""Enrolment: what a process holds against what the roster says of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from deploy.ceremony.certificates import Authority, Issued, make_authority
from federation.enrolment import see_certificate, see_keys, see_roster, see_standing
from federation.errors import ConfigError
from federation.instant import Window
from federation.keys import SigningKey
from federation.roster import Key, Member, Roster
from federation.steps import Look
from tests.unit.auditor.invented import Invented

AT = datetime(2026, 11, 1, tzinfo=UTC)
YEAR = Window(AT, AT + timedelta(days=365))
KEY = SigningKey.generate()
MEMBER = "imigrasi"


@pytest.fixture(scope="module")
def roster() -> Roster:
    """A roster in force for a year from AT."""
    return replace(Invented().verified.statement, window=YEAR)


def member(roster: Roster, window: Window = YEAR) -> Member:
    """The member with one statement key."""
    return replace(roster.member(MEMBER), keys=(Key(use="statement", public=KEY.public.spki, window=window),))


@pytest.mark.parametrize(("days", "wrong", "notes"), [(-1, 1, 0), (0, 0, 0), (182, 0, 0), (183, 0, 1), (365, 1, 0)])
def test_a_roster_is_noted_at_half_its_time_and_wrong_outside_it(
    roster: Roster, days: int, wrong: int, notes: int
) -> None:
    look = Look()
    see_roster(look, roster, roster.federation, AT + timedelta(days=days))
    assert (len(look.wrong), len(look.notes)) == (wrong, notes)


def test_a_roster_of_another_federation_is_wrong(roster: Roster) -> None:
    look = Look()
    see_roster(look, roster, "elsewhere", AT)
    assert "elsewhere" in look.wrong[0]


def test_standing_and_role_are_seen(roster: Roster) -> None:
    look = Look()
    see_standing(look, roster, MEMBER, "node")
    assert look.wrong == []
    see_standing(look, roster, MEMBER, "auditor")
    assert "role auditor" in look.wrong[0]
    suspended = replace(
        roster, members=tuple(replace(m, standing="suspended") if m.id == MEMBER else m for m in roster.members)
    )
    look = Look()
    see_standing(look, suspended, MEMBER, "node")
    assert "suspended" in look.wrong[0]
    with pytest.raises(ConfigError):
        see_standing(Look(), roster, "nobody", "node")


@pytest.mark.parametrize(("days", "wrong", "notes"), [(-1, 1, 0), (0, 0, 0), (200, 0, 1), (365, 1, 0)])
def test_a_key_is_noted_at_half_its_time_and_wrong_outside_it(
    roster: Roster, days: int, wrong: int, notes: int
) -> None:
    look = Look()
    see_keys(look, member(roster), {"statement": KEY.public.spki}, AT + timedelta(days=days))
    assert (len(look.wrong), len(look.notes)) == (wrong, notes)


def test_a_key_that_is_not_enrolled_or_for_another_use_is_wrong(roster: Roster) -> None:
    look = Look()
    own = {"statement": SigningKey.generate().public.spki, "log": KEY.public.spki}
    see_keys(look, member(roster), own, AT)
    assert ["this statement key" in look.wrong[0], "this log key" in look.wrong[1]] == [True, True]


@pytest.fixture(scope="module")
def authority() -> Authority:
    """The member's own CA."""
    return _authority()


def _authority() -> Authority:
    made = make_authority(f"simpul://indonesia/{MEMBER}", AT)
    key = load_pem_private_key(made.key, password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return Authority(key, x509.load_pem_x509_certificate(made.certificate))


def _der(authority: Authority) -> bytes:
    return authority.certificate.public_bytes(Encoding.DER)


def seen(roster: Roster, authority: Authority, issued: Issued, at: datetime = AT, key: bytes = b"") -> Look:
    """What is told of a certificate."""
    look = Look()
    enrolled = replace(member(roster), tls_ca=_der(authority))
    see_certificate(look, roster, enrolled, issued.certificate, key or issued.key, at)
    return look


def test_a_certificate_of_the_members_own_ca_is_fine_until_half_its_time(roster: Roster, authority: Authority) -> None:
    issued = authority.for_member(f"simpul://indonesia/{MEMBER}", ["127.0.0.1"], AT)
    assert seen(roster, authority, issued).wrong == []
    assert len(seen(roster, authority, issued, AT + timedelta(days=250)).notes) == 1
    assert "in force from" in seen(roster, authority, issued, AT + timedelta(days=398)).wrong[0]


def test_a_certificate_by_another_ca_for_another_member_or_without_its_key_is_wrong(
    roster: Roster, authority: Authority
) -> None:
    own, other = f"simpul://indonesia/{MEMBER}", "simpul://indonesia/polri"
    issued = authority.for_member(own, [], AT)
    assert "not signed by the CA" in seen(roster, _authority(), issued).wrong[0]
    assert f"does not name {own}" in seen(roster, authority, authority.for_member(other, [], AT)).wrong[0]
    another = authority.for_member(own, [], AT)
    assert "not the key of tls.crt" in seen(roster, authority, issued, key=another.key).wrong[0]


def test_what_is_no_certificate_is_refused(roster: Roster, authority: Authority) -> None:
    issued = authority.for_member(f"simpul://indonesia/{MEMBER}", [], AT)
    with pytest.raises(ConfigError):
        seen(roster, authority, replace(issued, certificate=b"certificate"))
    with pytest.raises(ConfigError):
        seen(roster, authority, issued, key=b"key")
