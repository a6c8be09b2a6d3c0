"""Evidence: it opens for those entitled, in its own place, and for nobody and nowhere else."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from federation.errors import ConfigError, CorruptLog
from federation.evidence import (
    WRAP_BYTES,
    Ciphertext,
    EvidenceGroup,
    EvidencePublicKey,
    Recipient,
    Wrapped,
    content_key,
    decrypt,
    group_id,
    unwrap,
    wraps_digest,
)
from tests.vectors import cast
from tests.vectors.build import committed

ORIGIN = cast.origin(cast.NODE)
SECRET = cast.GROUP_SECRET


@pytest.fixture(scope="module")
def group() -> EvidenceGroup:
    """A group wrapped to the node and the auditor."""
    return EvidenceGroup(ORIGIN, cast.recipients())


def wrap_of(group: EvidenceGroup, member: str) -> Wrapped:
    return next(one for one in group.wraps if one.recipient == member)


def opened(wrap: bytes, group: bytes, *, member: str = cast.AUDITOR, origin: str = ORIGIN, key: str = "") -> bytes:
    return unwrap(wrap, cast.EVIDENCE_KEYS[key or member], origin=origin, group=group, recipient=member)


def flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


@pytest.mark.parametrize("member", [cast.NODE, cast.AUDITOR])
def test_each_recipient_opens_the_group_and_with_it_every_envelope(group: EvidenceGroup, member: str) -> None:
    envelopes = [b"one envelope", b"another" * 1000, b""]
    sealed = [group.encrypt(envelope) for envelope in envelopes]
    secret = opened(wrap_of(group, member).wrap, group.group, member=member)
    assert [decrypt(one, secret, ORIGIN) for one in sealed] == envelopes


def test_a_wrap_has_1168_bytes_and_its_own_digest(group: EvidenceGroup) -> None:
    for one in group.wraps:
        assert len(one.wrap) == WRAP_BYTES
        assert one.wrap_sha256 == hashlib.sha256(one.wrap).digest()


def test_the_same_envelope_twice_in_a_group_is_the_same_ciphertext(group: EvidenceGroup) -> None:
    assert group.encrypt(b"envelope") == group.encrypt(b"envelope")
    assert group.encrypt(b"envelope").ct != EvidenceGroup(ORIGIN, ()).encrypt(b"envelope").ct


@pytest.mark.parametrize("size", [0, 1, 507, 508, 509, 1020, 1021])
def test_a_ciphertext_shows_no_more_of_a_size_than_its_class_of_512(group: EvidenceGroup, size: int) -> None:
    sealed = group.encrypt(bytes(size))
    assert len(sealed.ct) == -(-(size + 4) // 512) * 512 + 16


@pytest.mark.parametrize("place", [0, 1119, 1120, 1167])
def test_an_altered_wrap_does_not_open(group: EvidenceGroup, place: int) -> None:
    with pytest.raises(CorruptLog):
        opened(flipped(wrap_of(group, cast.AUDITOR).wrap, place), group.group)


def test_a_wrap_does_not_open_elsewhere(group: EvidenceGroup) -> None:
    wrap = wrap_of(group, cast.AUDITOR).wrap
    for moved in (
        {"group": EvidenceGroup(ORIGIN, ()).group},
        {"group": group.group, "origin": ORIGIN + "2"},
        {"group": group.group, "member": cast.NODE, "key": cast.AUDITOR},
        {"group": group.group, "key": cast.NODE},
    ):
        with pytest.raises(CorruptLog):
            opened(wrap, **moved)


@pytest.mark.parametrize("wrap", [b"", bytes(1119), bytes(WRAP_BYTES)])
def test_bytes_that_are_no_wrap_do_not_open(group: EvidenceGroup, wrap: bytes) -> None:
    with pytest.raises(CorruptLog):
        opened(wrap, group.group)


def test_a_wrap_that_holds_another_secret_is_refused(group: EvidenceGroup) -> None:
    recipient = next(one for one in cast.recipients() if one.member == cast.AUDITOR)
    lp = len(ORIGIN).to_bytes(4, "big") + ORIGIN.encode()
    name = len(cast.AUDITOR).to_bytes(4, "big") + cast.AUDITOR.encode()
    info = b"simpul-evidence-key-v1\n" + lp + group.group + name + bytes.fromhex(recipient.key.key_id)
    with pytest.raises(CorruptLog, match="another group"):
        opened(recipient.key.wrap(bytes(32), info), group.group)


def ciphertext() -> Ciphertext:
    found = committed("evidence")["ciphertexts"][0]
    return Ciphertext(
        digest=bytes.fromhex(found["digest"]),
        group=group_id(SECRET, ORIGIN.encode()),
        envelope_sha256=bytes.fromhex(found["envelope_sha256"]),
        ct=bytes.fromhex(found["ciphertext"]),
    )


def with_ct(ct: bytes, **changes: bytes) -> Ciphertext:
    return replace(ciphertext(), ct=ct, digest=hashlib.sha256(ct).digest(), **changes)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (replace(ciphertext(), ct=flipped(ciphertext().ct, 0)), "does not have its digest"),
        (with_ct(flipped(ciphertext().ct, 0)), "does not open"),
        (with_ct(flipped(ciphertext().ct, -1 % len(ciphertext().ct))), "does not open"),
        (with_ct(ciphertext().ct[:-1]), "does not open"),
        (with_ct(b""), "does not open"),
        (replace(ciphertext(), group=bytes(32)), "does not open"),
        (replace(ciphertext(), envelope_sha256=bytes(32)), "does not open"),
    ],
)
def test_an_altered_ciphertext_is_refused(found: Ciphertext, message: str) -> None:
    with pytest.raises(CorruptLog, match=message):
        decrypt(found, SECRET, ORIGIN)


def test_a_ciphertext_does_not_open_with_another_secret_or_in_another_log() -> None:
    for secret, origin in ((bytes(32), ORIGIN), (SECRET, ORIGIN + "2")):
        with pytest.raises(CorruptLog, match="does not open"):
            decrypt(ciphertext(), secret, origin)


def forged(padded: bytes, digest: bytes) -> Ciphertext:
    """A ciphertext by one who holds the secret and pads or names as they like."""
    group = group_id(SECRET, ORIGIN.encode())
    associated = b"simpul-evidence-v1\n" + len(ORIGIN).to_bytes(4, "big") + ORIGIN.encode() + group + digest
    ct = AESGCM(content_key(SECRET, ORIGIN.encode(), digest)).encrypt(bytes(12), padded, associated)
    return Ciphertext(digest=hashlib.sha256(ct).digest(), group=group, envelope_sha256=digest, ct=ct)


@pytest.mark.parametrize(
    "padded",
    [
        pytest.param((3).to_bytes(4, "big") + b"abc", id="not padded"),
        pytest.param((3).to_bytes(4, "big") + b"abc" + bytes(504) + b"\1", id="not with zeros"),
        pytest.param((3).to_bytes(4, "big") + b"abc" + bytes(505 + 512), id="by a block too much"),
        pytest.param((600).to_bytes(4, "big") + b"abc" + bytes(505), id="longer than it is"),
        pytest.param(b"", id="empty"),
    ],
)
def test_a_plaintext_padded_otherwise_is_refused(padded: bytes) -> None:
    with pytest.raises(CorruptLog, match="not padded"):
        decrypt(forged(padded, hashlib.sha256(b"abc").digest()), SECRET, ORIGIN)


def test_a_ciphertext_of_another_envelope_than_it_claims_is_refused() -> None:
    padded = (3).to_bytes(4, "big") + b"abc" + bytes(505)
    assert decrypt(forged(padded, hashlib.sha256(b"abc").digest()), SECRET, ORIGIN) == b"abc"
    with pytest.raises(CorruptLog, match="another envelope"):
        decrypt(forged(padded, hashlib.sha256(b"xyz").digest()), SECRET, ORIGIN)


def test_the_digest_over_wraps_does_not_depend_on_their_order_and_is_of_rows_too(group: EvidenceGroup) -> None:
    rows = [(one.recipient, one.key_id, one.wrap_sha256) for one in group.wraps]
    assert wraps_digest(rows) == wraps_digest(reversed(group.wraps)) == group.wraps_digest
    assert wraps_digest(rows[:1]) != group.wraps_digest
    assert wraps_digest([(rows[0][0], rows[0][1], bytes(32)), rows[1]]) != group.wraps_digest


def test_one_member_may_have_two_keys_while_they_rotate() -> None:
    keys = [cast.evidence_key(n) for n in (70, 71)]
    group = EvidenceGroup(ORIGIN, [Recipient(member=cast.AUDITOR, key=key.public) for key in keys])
    secrets = {
        unwrap(one.wrap, key, origin=ORIGIN, group=group.group, recipient=cast.AUDITOR)
        for key in keys
        for one in group.wraps
        if one.key_id == key.public.key_id
    }
    assert len(secrets) == 1


@pytest.mark.parametrize("raw", [b"", bytes(1215), bytes(1217)])
def test_an_evidence_key_of_another_length_is_refused(raw: bytes) -> None:
    with pytest.raises(ConfigError, match="1216 bytes"):
        EvidencePublicKey(raw)
