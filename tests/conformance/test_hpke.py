"""HPKE with the hybrid KEM 0x647a: published values by the library we stand on, and our wraps by primitives alone."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

from federation.evidence import EvidenceGroup, group_id
from tests.vectors import cast
from tests.vectors.build import committed

Vectors = Callable[[str], Path]
KEM_ID, HKDF_SHA256, AES_256_GCM, CHACHA = 0x647A, 0x0001, 0x0002, 0x0003
ENC_BYTES = 1120


def shared_secret(seed: bytes, enc: bytes) -> bytes:
    """X-Wing decapsulation from a 32-byte seed (draft-connolly-cfrg-xwing-kem, Decapsulate)."""
    expanded = hashlib.shake_256(seed).digest(96)
    return combined(
        mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]),
        x25519.X25519PrivateKey.from_private_bytes(expanded[64:]),
        enc,
    )


def combined(one: mlkem.MLKEM768PrivateKey, two: x25519.X25519PrivateKey, enc: bytes) -> bytes:
    """SHA3-256 of both secrets, the ephemeral X25519 key, our own, and the label."""
    ephemeral = enc[1088:]
    secrets = one.decapsulate(enc[:1088]) + two.exchange(x25519.X25519PublicKey.from_public_bytes(ephemeral))
    return hashlib.sha3_256(secrets + ephemeral + two.public_key().public_bytes_raw() + b"\\.//^\\").digest()


def key_schedule(secret: bytes, info: bytes, aead: int) -> tuple[bytes, bytes]:
    """Key and base nonce of HPKE base mode with HKDF-SHA256 (RFC 9180 5.1)."""
    suite = b"HPKE" + b"".join(number.to_bytes(2, "big") for number in (KEM_ID, HKDF_SHA256, aead))

    def extract(salt: bytes, label: bytes, content: bytes) -> bytes:
        return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + content, "sha256")

    def expand(key: bytes, label: bytes, context: bytes, length: int) -> bytes:
        labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + context
        return hmac.digest(key, labelled + b"\x01", "sha256")[:length]  # one block is enough for 32 bytes and fewer

    context = b"\0" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    prk = extract(secret, b"secret", b"")
    return expand(prk, b"key", context, 32), expand(prk, b"base_nonce", context, 12)


def cases(vectors: Vectors) -> list[dict[str, Any]]:
    found = json.loads(vectors("hpke_pq/test-vectors.json").read_text())
    return [case for case in found if case["kem_id"] == KEM_ID]


def text_in_hex(value: str) -> bytes:
    """These vectors give `info` and `pt` as text that is itself hex: decoded once."""
    return bytes.fromhex(value)


def test_every_published_key_pair_and_shared_secret_of_xwing_comes_out(vectors: Vectors) -> None:
    found = json.loads(vectors("xwing/test-vectors.json").read_text())
    assert len(found) == 3
    for case in found:
        expanded = hashlib.shake_256(bytes.fromhex(case["seed"])).digest(96)
        public = (
            mlkem.MLKEM768PrivateKey.from_seed_bytes(expanded[:64]).public_key().public_bytes_raw()
            + x25519.X25519PrivateKey.from_private_bytes(expanded[64:]).public_key().public_bytes_raw()
        )
        assert public.hex() == case["pk"]
        assert shared_secret(bytes.fromhex(case["seed"]), bytes.fromhex(case["ct"])).hex() == case["ss"]


def test_our_primitives_give_the_published_key_schedule_of_this_kem(vectors: Vectors) -> None:
    case = next(one for one in cases(vectors) if one["kdf_id"] == HKDF_SHA256)
    secret = shared_secret(bytes.fromhex(case["skRm"]), bytes.fromhex(case["enc"]))
    assert secret.hex() == case["shared_secret"]
    key, nonce = key_schedule(secret, text_in_hex(case["info"]), case["aead_id"])
    assert (key.hex(), nonce.hex()) == (case["key"], case["base_nonce"])
    first = case["encryptions"][0]
    opened = ChaCha20Poly1305(key).decrypt(nonce, bytes.fromhex(first["ct"]), bytes.fromhex(first["aad"]))
    assert opened == text_in_hex(first["pt"])


def opened_by_primitives(wrap: bytes, info: bytes, seed: int) -> bytes:
    """A wrap opened without the HPKE of any library."""
    secret = combined(
        mlkem.MLKEM768PrivateKey.from_seed_bytes(bytes([seed]) * 64),
        x25519.X25519PrivateKey.from_private_bytes(bytes([seed]) * 32),
        wrap[:ENC_BYTES],
    )
    key, nonce = key_schedule(secret, info, AES_256_GCM)
    return AESGCM(key).decrypt(nonce, wrap[ENC_BYTES:], b"")


@pytest.mark.parametrize("place", [0, 1])
def test_the_committed_wrap_opens_with_primitives_alone(place: int) -> None:
    wrap = committed("evidence")["wraps"][place]
    seed = int(wrap["mlkem_seed"][:2], 16)
    opened = opened_by_primitives(bytes.fromhex(wrap["wrap"]), bytes.fromhex(wrap["info"]), seed)
    assert opened.hex() == committed("evidence")["group_secret"]


def test_a_fresh_wrap_opens_with_primitives_alone_to_the_secret_its_group_commits_to() -> None:
    origin = cast.origin(cast.NODE)
    group = EvidenceGroup(origin, [one for one in cast.recipients() if one.member == cast.AUDITOR])
    lp = len(origin).to_bytes(4, "big") + origin.encode()
    name = len(cast.AUDITOR).to_bytes(4, "big") + cast.AUDITOR.encode()
    info = b"simpul-evidence-key-v1\n" + lp + group.group + name + bytes.fromhex(group.wraps[0].key_id)
    assert group_id(opened_by_primitives(group.wraps[0].wrap, info, 66), origin.encode()) == group.group
