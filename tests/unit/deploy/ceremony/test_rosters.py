from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from deploy.ceremony.authorities import load_public, write_pins
from deploy.ceremony.changes import changes
from deploy.ceremony.description import read_description
from deploy.ceremony.files import write_envelope
from deploy.ceremony.members import create_member
from deploy.ceremony.rosters import RosterPlan, draft_roster, install_roster, missing_signatures, sign_roster
from federation.envelope import Envelope
from federation.errors import ConfigError, MalformedStatement, RosterMismatch, UntrustedSignature
from federation.keys import SigningKey
from federation.pins import Pins, load_pins, open_roster_file
from federation.roster import Key, Member, Roster
from federation.seal import Verified, open_first_roster, open_next_roster, seal
from federation.v1.roster_pb2 import Roster as RosterMessage
from tests.unit.deploy.ceremony.plans import AT, plan

A, B, C, D = (SigningKey.from_seed(bytes([seed]) * 32) for seed in range(1, 5))
PINS = (A.public, B.public, C.public)
SMALL_ORDER = bytes([1]) + bytes(31)


@pytest.fixture(name="members", scope="module")
def _members(tmp_path_factory: pytest.TempPathFactory) -> tuple[Member, ...]:
    root = tmp_path_factory.mktemp("members")
    return tuple(
        read_description(create_member(root / name, plan(name), federation="banten", at=AT).description)[1]
        for name in ("imigrasi", "binda")
    )


def first(members: Sequence[Member]) -> Envelope:
    start = RosterPlan(federation="banten", members=tuple(members), authorities=PINS, threshold=2)
    return draft_roster(start, None, at=AT)


def opened(members: Sequence[Member]) -> Verified[Roster]:
    return open_first_roster(sign_roster(sign_roster(first(members), A), B), PINS, 2)


def following(held: Verified[Roster], **changed: object) -> Envelope:
    return draft_roster(RosterPlan(federation="banten", **changed), held, at=AT + timedelta(days=1))  # type: ignore[arg-type]


def signed(envelope: Envelope, *keys: SigningKey) -> Envelope:
    for key in keys:
        envelope = envelope.signed_by(key)
    return envelope


def test_two_of_three_authorities_make_a_roster(members: tuple[Member, ...]) -> None:
    draft = first(members)
    assert missing_signatures(draft, None) == 2
    roster = opened(members).statement
    assert [member.id for member in roster.members] == ["binda", "imigrasi"]
    assert (roster.version, roster.previous, roster.threshold) == (1, b"", 2)


def test_one_of_two_signatures_is_too_few(members: tuple[Member, ...]) -> None:
    with pytest.raises(UntrustedSignature, match="too few"):
        open_first_roster(sign_roster(first(members), A), PINS, 2)


def test_two_signatures_by_one_key_count_once(members: tuple[Member, ...]) -> None:
    twice = signed(first(members), A, A)
    assert missing_signatures(twice, None) == 1
    with pytest.raises(UntrustedSignature, match="too few"):
        open_first_roster(twice, PINS, 2)
    with pytest.raises(ConfigError, match="signed already"):
        sign_roster(sign_roster(first(members), A), A)


def test_a_strangers_signature_is_neither_made_nor_counted(members: tuple[Member, ...]) -> None:
    with pytest.raises(ConfigError, match="no authority"):
        sign_roster(first(members), D)
    with pytest.raises(UntrustedSignature, match="too few"):
        open_first_roster(signed(first(members), A, D), PINS, 2)


def test_authorities_that_were_not_pinned_make_no_roster(members: tuple[Member, ...]) -> None:
    own = RosterPlan(federation="banten", members=members, authorities=(D.public,), threshold=1)
    with pytest.raises(UntrustedSignature, match="too few"):
        open_first_roster(sign_roster(draft_roster(own, None, at=AT), D), PINS, 2)


@pytest.mark.parametrize("threshold", [0, 4])
def test_a_threshold_that_cannot_be_met_is_refused(members: tuple[Member, ...], threshold: int) -> None:
    start = RosterPlan(federation="banten", members=members, authorities=PINS, threshold=threshold)
    with pytest.raises(ConfigError, match="threshold"):
        draft_roster(start, None, at=AT)


def test_an_authority_named_twice_is_refused(members: tuple[Member, ...], tmp_path: Path) -> None:
    start = RosterPlan(federation="banten", members=members, authorities=(A.public, A.public), threshold=2)
    with pytest.raises(ConfigError, match="twice"):
        draft_roster(start, None, at=AT)
    with pytest.raises(ConfigError, match="twice"):
        write_pins(tmp_path / "authorities.toml", (A.public, A.public), 2)


def test_a_members_weak_key_never_enters_a_roster(members: tuple[Member, ...]) -> None:
    weak = A.public.spki[:-32] + SMALL_ORDER
    member = replace(members[0], keys=tuple(replace(k, public=weak) if k.use == "log" else k for k in members[0].keys))
    with pytest.raises(MalformedStatement, match="small order"):
        first([member, members[1]])


def test_an_authority_does_not_sign_a_draft_that_holds_a_weak_key(members: tuple[Member, ...]) -> None:
    draft = first(members)
    message = RosterMessage.FromString(draft.payload)
    message.members[0].keys[0].public_key = A.public.spki[:-32] + SMALL_ORDER
    with pytest.raises(MalformedStatement, match="small order"):
        sign_roster(replace(draft, payload=message.SerializeToString()), A)


def test_an_authority_does_not_sign_a_draft_with_a_field_it_cannot_read(members: tuple[Member, ...]) -> None:
    draft = first(members)
    unknown = replace(draft, payload=draft.payload + bytes.fromhex("98060 1".replace(" ", "")))
    with pytest.raises(MalformedStatement, match="unknown here"):
        sign_roster(unknown, A)


def test_weak_authority_keys_are_refused_in_files(tmp_path: Path) -> None:
    der = A.public.spki[:-32] + SMALL_ORDER
    pem = b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der) + b"\n-----END PUBLIC KEY-----\n"
    (tmp_path / "weak.pub").write_bytes(pem)
    with pytest.raises(ConfigError, match="weak"):
        load_public(tmp_path / "weak.pub")
    (tmp_path / "authorities.toml").write_text(f'threshold = 1\nkeys = ["{der.hex()}"]\n')
    with pytest.raises(ConfigError, match="weak"):
        load_pins(tmp_path / "authorities.toml")


def test_a_roster_too_large_for_one_envelope_is_refused(members: tuple[Member, ...]) -> None:
    wide = {f"kind{i}": "h" * 250 for i in range(1000)}
    with pytest.raises(ConfigError, match="too large"):
        first([replace(members[0], endpoints=wide), members[1]])


def test_members_share_no_key_no_ca_and_no_log(members: tuple[Member, ...]) -> None:
    one, other = members
    with pytest.raises(ConfigError, match="one CA"):
        first([one, replace(other, tls_ca=one.tls_ca)])
    with pytest.raises(ConfigError, match="one log origin"):
        first([one, replace(other, log_origin=one.log_origin)])
    with pytest.raises(ConfigError, match="used elsewhere"):
        first([one, replace(other, keys=one.keys)])
    shared = Key(use="log", public=one.keys[0].public, window=one.keys[0].window)
    with pytest.raises(ConfigError, match="used elsewhere"):
        first([replace(one, keys=(*one.keys, shared)), other])


def test_the_next_version_carries_members_over_and_says_what_changed(members: tuple[Member, ...]) -> None:
    held = opened(members)
    renamed = replace(members[0], name_english="Immigration Office")
    draft = following(held, members=(renamed,), suspend=frozenset({"binda"}), revoke=frozenset({bytes(32)}))
    found = open_next_roster(signed(draft, A, C), held).statement
    assert (found.version, found.previous, found.threshold) == (2, held.digest, 2)
    assert found.member("binda").standing == "suspended"
    assert changes(held.statement, found) == (
        "binda: standing was good, becomes suspended",
        "imigrasi: name_english was Office imigrasi, becomes Immigration Office",
        f"credential {'0' * 16} is revoked",
    )


def test_a_suspension_outlasts_a_new_description_until_it_is_ended(members: tuple[Member, ...]) -> None:
    held = opened(members)
    held = open_next_roster(signed(following(held, suspend=frozenset({"binda"})), A, B), held)
    held = open_next_roster(signed(following(held, members=(members[1],)), A, B), held)
    assert held.statement.member("binda").standing == "suspended"
    held = open_next_roster(signed(following(held, reinstate=frozenset({"binda"})), A, B), held)
    assert held.statement.member("binda").standing == "good"


def test_an_unknown_member_cannot_be_suspended(members: tuple[Member, ...]) -> None:
    with pytest.raises(ConfigError, match="no such member: bkpm"):
        following(opened(members), suspend=frozenset({"bkpm"}))


def test_older_forked_and_skipping_versions_are_refused(members: tuple[Member, ...]) -> None:
    one = opened(members)
    two = open_next_roster(signed(following(one), A, B), one)
    fork = signed(following(one, remove=frozenset({"binda"})), A, B)
    three = signed(following(two), A, B)
    with pytest.raises(RosterMismatch, match="not newer"):
        open_next_roster(one.envelope, two)
    with pytest.raises(RosterMismatch, match="not newer"):
        open_next_roster(fork, two)
    with pytest.raises(RosterMismatch, match="directly follow"):
        open_next_roster(three, one)
    forked = open_next_roster(fork, one)
    with pytest.raises(RosterMismatch, match="directly follow"):
        open_next_roster(three, forked)


def test_new_authorities_need_the_old_ones_word_and_their_own(members: tuple[Member, ...]) -> None:
    held = opened(members)
    draft = following(held, authorities=(C.public, D.public), threshold=2)
    assert missing_signatures(signed(draft, C, D), held.statement) == 1
    with pytest.raises(UntrustedSignature, match="too few"):
        open_next_roster(signed(draft, C, D), held)
    with pytest.raises(UntrustedSignature, match="too few"):
        open_next_roster(signed(draft, A, B), held)
    complete = sign_roster(sign_roster(sign_roster(draft, C), D), B, held.statement.authority_keys)
    assert missing_signatures(complete, held.statement) == 0
    assert open_next_roster(complete, held).statement.version == 2


def test_a_folder_takes_the_roster_that_follows_and_its_pins_follow_the_authorities(
    members: tuple[Member, ...], tmp_path: Path
) -> None:
    held = opened(members)
    write_pins(tmp_path / "authorities.toml", PINS, 2)
    write_envelope(tmp_path / "1.envelope", held.envelope)
    draft = following(held, authorities=(C.public, D.public), threshold=2)
    write_envelope(tmp_path / "2.envelope", signed(draft, C, D, A))
    assert install_roster(tmp_path / "1.envelope", tmp_path).digest == held.digest
    assert install_roster(tmp_path / "1.envelope", tmp_path).digest == held.digest
    assert install_roster(tmp_path / "2.envelope", tmp_path).statement.version == 2
    pins = load_pins(tmp_path / "authorities.toml")
    assert pins == Pins((C.public, D.public), 2)
    assert open_roster_file(tmp_path / "roster.envelope", pins).statement.version == 2
    with pytest.raises(RosterMismatch):
        install_roster(tmp_path / "1.envelope", tmp_path)


def test_a_signed_statement_of_another_kind_is_no_roster(members: tuple[Member, ...]) -> None:
    other = replace(seal(opened(members).statement), payload_type="application/vnd.simpul.query.v1+protobuf")
    with pytest.raises(MalformedStatement, match="no roster"):
        sign_roster(other, A)
