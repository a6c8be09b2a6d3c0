"""Opening rosters: the threshold of the version before and its own, and never back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from federation.errors import MalformedStatement, RosterMismatch, UntrustedSignature
from federation.keys import SigningKey, VerifyingKey
from federation.roster import Roster
from federation.seal import Verified, open_first_roster, open_next_roster, seal
from tests.vectors import cast

ONE, TWO, THREE = cast.AUTHORITIES
NEW = SigningKey.from_seed(bytes([4]) * 32)
PINS = tuple(key.public for key in cast.AUTHORITIES)


def public(*keys: SigningKey) -> tuple[VerifyingKey, ...]:
    return tuple(key.public for key in keys)


def first(*signers: SigningKey, **changes: Any) -> Verified[Roster]:
    return open_first_roster(seal(replace(cast.roster(), **changes), *(signers or (ONE, TWO))), PINS, 2)


def following(held: Verified[Roster], *signers: SigningKey, **changes: Any) -> Verified[Roster]:
    roster = replace(cast.roster(held.statement.version + 1, held.digest), **changes)
    return open_next_roster(seal(roster, *signers), held)


@pytest.mark.parametrize("signers", [(ONE, TWO), (TWO, THREE), (THREE, ONE), (ONE, TWO, THREE)])
def test_as_many_authorities_as_the_threshold_suffice(signers: tuple[SigningKey, ...]) -> None:
    assert first(*signers).statement == cast.roster()


@pytest.mark.parametrize("signers", [(ONE,), (ONE, ONE), (ONE, NEW), (NEW, NEW, NEW)])
def test_fewer_do_not_however_often_they_sign(signers: tuple[SigningKey, ...]) -> None:
    with pytest.raises(UntrustedSignature, match="too few") as refused:
        first(*signers)
    assert refused.value.facts["needs"] == "2"


def test_a_signature_by_an_unknown_key_is_passed_over() -> None:
    assert first(NEW, ONE, TWO).statement.version == 1


def test_a_bad_signature_by_a_known_key_refuses_the_roster() -> None:
    envelope = seal(cast.roster(), ONE, TWO, THREE)
    bad = replace(envelope.signatures[2], sig=envelope.signatures[0].sig)
    with pytest.raises(UntrustedSignature):
        open_first_roster(replace(envelope, signatures=(*envelope.signatures[:2], bad)), PINS, 2)


def test_of_one_key_the_first_signature_counts_and_further_ones_are_passed_over() -> None:
    envelope = seal(cast.roster(), ONE, TWO)
    again = replace(envelope.signatures[0], sig=bytes(64))
    assert (
        open_first_roster(replace(envelope, signatures=(*envelope.signatures, again)), PINS, 2).statement.version == 1
    )
    with pytest.raises(UntrustedSignature):
        open_first_roster(replace(envelope, signatures=(again, *envelope.signatures)), PINS, 2)


def test_the_pinned_threshold_counts_and_the_roster_cannot_lower_it() -> None:
    with pytest.raises(UntrustedSignature, match="too few"):
        first(ONE, threshold=1)


def test_a_first_roster_meets_its_own_threshold_too() -> None:
    with pytest.raises(UntrustedSignature, match="too few"):
        first(ONE, TWO, threshold=3)
    with pytest.raises(UntrustedSignature, match="too few"):
        first(ONE, TWO, authority_keys=public(NEW), threshold=1)


def test_authorities_change_when_both_the_old_and_the_new_sign() -> None:
    held = first()
    changes = {"authority_keys": public(NEW), "threshold": 1}
    second = following(held, ONE, TWO, NEW, **changes)
    assert following(second, NEW, **changes).statement.version == 3
    for signers in ((ONE, TWO), (NEW,), (ONE, NEW)):
        with pytest.raises(UntrustedSignature, match="too few"):
            following(held, *signers, **changes)
    with pytest.raises(UntrustedSignature, match="too few"):
        following(second, ONE, TWO, **changes)


@pytest.mark.parametrize("version", [1, 3, 4])
def test_versions_grow_by_one_and_never_go_back(version: int) -> None:
    held = first()
    roster = replace(cast.roster(2, held.digest), version=version, previous=b"" if version == 1 else held.digest)
    with pytest.raises(RosterMismatch):
        open_next_roster(seal(roster, ONE, TWO), held)


def test_a_roster_that_follows_another_history_is_refused() -> None:
    with pytest.raises(RosterMismatch):
        following(first(), ONE, TWO, previous=bytes(32))
    with pytest.raises(RosterMismatch):
        following(first(), ONE, TWO, federation="lain")


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": 0},
        {"threshold": 4},
        {"authority_keys": (ONE.public, ONE.public), "threshold": 2},
        {"authority_keys": ()},
        {"members": ()},
        {"members": tuple(reversed(cast.roster().members))},
        {"members": cast.roster().members[:1] * 2},
        {"version": 0},
        {"version": 2},
        {"previous": bytes(32)},
    ],
)
def test_a_roster_that_contradicts_itself_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(MalformedStatement):
        first(ONE, TWO, THREE, **changes)
