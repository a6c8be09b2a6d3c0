"""The roster: whose keys speak for whom at an instant, and who is in good standing."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from federation.comparison import BANDS, better
from federation.errors import MemberSuspended, UntrustedSignature
from federation.instant import Window
from federation.roster import Key, Roster
from tests.vectors import cast

ROSTER = cast.roster()
OLD, NEW = cast.STATEMENT_KEYS[cast.NODE].public, cast.OFFICERS["sari"].public
OVERLAP = timedelta(days=7)


def rotating() -> Roster:
    """polri changes its statement key at AT; the old one is good for a week more."""
    keys = (
        Key(use="statement", public=OLD.spki, window=Window(cast.YEAR.start, cast.AT + OVERLAP)),
        Key(use="statement", public=NEW.spki, window=Window(cast.AT, cast.YEAR.end)),
    )
    members = tuple(replace(m, keys=keys) if m.id == cast.NODE else m for m in ROSTER.members)
    return replace(ROSTER, members=members)


def test_while_windows_overlap_both_keys_speak_and_after_it_only_the_new() -> None:
    roster = rotating()
    for at, good in (
        (cast.AT - timedelta(microseconds=1), {OLD}),
        (cast.AT, {OLD, NEW}),
        (cast.AT + OVERLAP - timedelta(microseconds=1), {OLD, NEW}),
        (cast.AT + OVERLAP, {NEW}),
        (cast.YEAR.end, set()),
    ):
        for key in (OLD, NEW):
            if key in good:
                assert roster.statement_key(cast.NODE, key.key_id, at) == key
            else:
                with pytest.raises(UntrustedSignature):
                    roster.statement_key(cast.NODE, key.key_id, at)


def test_a_key_of_another_use_or_member_does_not_speak() -> None:
    for key in (cast.LOG_KEYS[cast.NODE].public, cast.STATEMENT_KEYS[cast.COORDINATOR].public):
        with pytest.raises(UntrustedSignature):
            ROSTER.statement_key(cast.NODE, key.key_id, cast.AT)


def test_a_stranger_is_no_member() -> None:
    with pytest.raises(UntrustedSignature, match="no such member") as refused:
        ROSTER.member("nobody")
    assert refused.value.facts == {"member": "nobody"}


def test_a_role_is_had_or_not() -> None:
    assert ROSTER.in_good_standing(cast.NODE, "node").id == cast.NODE
    with pytest.raises(UntrustedSignature, match="no role coordinator"):
        ROSTER.in_good_standing(cast.NODE, "coordinator")


def test_a_suspended_member_is_in_no_role() -> None:
    members = tuple(replace(m, standing="suspended") if m.id == cast.NODE else m for m in ROSTER.members)
    roster = replace(ROSTER, members=members)
    with pytest.raises(MemberSuspended):
        roster.in_good_standing(cast.NODE)
    assert roster.with_role("node") == ()
    assert [member.id for member in ROSTER.with_role("requester")] == [cast.REQUESTER, cast.NODE]


def test_a_member_has_a_name_in_both_languages() -> None:
    member = ROSTER.member(cast.NODE)
    assert (member.name("id"), member.name("en")) == ("Polri", "National Police")


def test_the_stronger_of_two_bands() -> None:
    for one in BANDS:
        for other in BANDS:
            assert better(one, other) == BANDS[max(BANDS.index(one), BANDS.index(other))]
