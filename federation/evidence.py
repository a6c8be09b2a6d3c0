"""Evidence: an envelope encrypted to those entitled to open it, opened again, and checked against its entry."""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey, Suite

from federation.errors import ConfigError, CorruptLog
from federation.keys import read_secret

SECRET_BYTES: Final = 32
WRAP_BYTES: Final = 1168
_MLKEM_BYTES: Final = 1184
_PADDED_TO: Final = 512
_NONCE: Final = bytes(12)  # one key meets one plaintext, so that one nonce is enough (SPEC: 06-evidence 2)
_SUITE: Final = Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


@dataclass(frozen=True, slots=True)
class EvidencePublicKey:
    """A hybrid ML-KEM-768 and X25519 public key, 1184 + 32 bytes; `key_id` is hex SHA-256 of them."""

    raw: bytes
    key_id: str = field(init=False)
    _key: MLKEM768X25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.raw) != _MLKEM_BYTES + 32:
            raise ConfigError("an evidence key must be 1216 bytes")
        object.__setattr__(self, "key_id", hashlib.sha256(self.raw).hexdigest())
        key = MLKEM768X25519PublicKey(
            mlkem.MLKEM768PublicKey.from_public_bytes(self.raw[:_MLKEM_BYTES]),
            x25519.X25519PublicKey.from_public_bytes(self.raw[_MLKEM_BYTES:]),
        )
        object.__setattr__(self, "_key", key)

    def wrap(self, secret: bytes, info: bytes) -> bytes:
        """Encrypt a group secret to this key (HPKE base mode)."""
        return _SUITE.encrypt(secret, self._key, info=info)


@dataclass(frozen=True, slots=True)
class EvidenceKey:
    """A hybrid private key; shows nothing of itself. Its file is two PKCS#8 blocks, ML-KEM-768 first."""

    _mlkem: mlkem.MLKEM768PrivateKey = field(repr=False)
    _x25519: x25519.X25519PrivateKey = field(repr=False)
    public: EvidencePublicKey = field(init=False)

    def __post_init__(self) -> None:
        public = self._mlkem.public_key().public_bytes_raw() + self._x25519.public_key().public_bytes_raw()
        object.__setattr__(self, "public", EvidencePublicKey(public))

    @classmethod
    def generate(cls) -> EvidenceKey:
        """Make a new key."""
        return cls(mlkem.MLKEM768PrivateKey.generate(), x25519.X25519PrivateKey.generate())

    @classmethod
    def from_file(cls, path: Path) -> EvidenceKey:
        """Read the two PEM blocks of a file of mode 0600; refuses anything else (ConfigError)."""
        blocks = read_secret(path).split(b"-----END PRIVATE KEY-----\n")
        try:
            one, two = (
                serialization.load_pem_private_key(block + b"-----END PRIVATE KEY-----\n", password=None)
                for block in blocks[:-1]
            )
        except (ValueError, TypeError) as error:
            raise ConfigError(f"{path} does not hold an ML-KEM-768 key and an X25519 key in PEM") from error
        if not isinstance(one, mlkem.MLKEM768PrivateKey) or not isinstance(two, x25519.X25519PrivateKey):
            raise ConfigError(f"{path} must hold an ML-KEM-768 key, then an X25519 key")
        return cls(one, two)

    def pem(self) -> bytes:
        """Both private keys as PKCS#8 PEM, to be written with `write_secret`."""
        arguments = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return self._mlkem.private_bytes(*arguments) + self._x25519.private_bytes(*arguments)

    def unwrap(self, wrap: bytes, info: bytes) -> bytes:
        """Decrypt a group secret; refuses a wrap that is not for this key and place (CorruptLog)."""
        try:
            private = MLKEM768X25519PrivateKey(self._mlkem, self._x25519)
            return _SUITE.decrypt(wrap, private, info=info)
        except (InvalidTag, ValueError) as error:
            raise CorruptLog("a wrap does not open with this key") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Who may open a member's evidence: the member itself, or an auditor."""

    member: str
    key: EvidencePublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapped:
    """A group secret as one recipient holds it."""

    group: bytes
    recipient: str
    key_id: str
    wrap_sha256: bytes
    wrap: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Ciphertext:
    """One envelope encrypted: SHA-256 of the ciphertext, its group, SHA-256 of the envelope, the ciphertext."""

    digest: bytes
    group: bytes
    envelope_sha256: bytes
    ct: bytes


class EvidenceGroup:
    """The evidence of one append: a fresh secret, wrapped to each recipient, never stored bare."""

    def __init__(self, origin: str, recipients: Sequence[Recipient]) -> None:
        self._origin = origin.encode()
        self._secret = os.urandom(SECRET_BYTES)
        self.group = group_id(self._secret, self._origin)
        self.wraps = tuple(
            wrap_for(self._secret, self._origin, recipient)
            for recipient in sorted(recipients, key=lambda r: (r.member, r.key.key_id))
        )
        self.wraps_digest = wraps_digest(self.wraps)

    def encrypt(self, envelope: bytes) -> Ciphertext:
        """Encrypt the exact stored bytes of one envelope."""
        digest = hashlib.sha256(envelope).digest()
        sealed = AESGCM(content_key(self._secret, self._origin, digest)).encrypt(
            _NONCE, _pad(envelope), _associated(self._origin, self.group, digest)
        )
        return Ciphertext(digest=hashlib.sha256(sealed).digest(), group=self.group, envelope_sha256=digest, ct=sealed)


def group_id(secret: bytes, origin: bytes) -> bytes:
    """The group id that commits to its secret."""
    return _hkdf(secret, b"simpul-evidence-group-v1\n" + _lp(origin))


def content_key(secret: bytes, origin: bytes, envelope_sha256: bytes) -> bytes:
    """The key of one envelope: with it and the envelope's SHA-256 that one, and no other, can be shown."""
    return _hkdf(secret, b"simpul-evidence-v1\n" + _lp(origin) + envelope_sha256)


def wrap_for(secret: bytes, origin: bytes, recipient: Recipient) -> Wrapped:
    """Wrap a group secret for one recipient."""
    group = group_id(secret, origin)
    wrap = recipient.key.wrap(secret, _info(origin, group, recipient.member, recipient.key.key_id))
    return Wrapped(
        group=group,
        recipient=recipient.member,
        key_id=recipient.key.key_id,
        wrap_sha256=hashlib.sha256(wrap).digest(),
        wrap=wrap,
    )


def wraps_digest(wraps: Iterable[tuple[str, str, bytes] | Wrapped]) -> bytes:
    """W: the digest over a group's wraps by recipient, then key id; tuples are (recipient, key id, SHA-256)."""
    rows = [(w.recipient, w.key_id, w.wrap_sha256) if isinstance(w, Wrapped) else w for w in wraps]
    digest = hashlib.sha256()
    for recipient, key_id, wrap_sha256 in sorted(rows):
        digest.update(_lp(recipient.encode()) + bytes.fromhex(key_id) + wrap_sha256)
    return digest.digest()


def unwrap(wrap: bytes, key: EvidenceKey, *, origin: str, group: bytes, recipient: str) -> bytes:
    """Open a wrap and require that the secret is the group's own (CorruptLog)."""
    place = origin.encode()
    secret = key.unwrap(wrap, _info(place, group, recipient, key.public.key_id))
    if group_id(secret, place) != group:
        raise CorruptLog("a wrap holds the secret of another group")
    return secret


def decrypt(ciphertext: Ciphertext, secret: bytes, origin: str) -> bytes:
    """Open one envelope's bytes with its group's secret; refuses bytes that are not what they claim (CorruptLog)."""
    place, digest = origin.encode(), ciphertext.envelope_sha256
    if hashlib.sha256(ciphertext.ct).digest() != ciphertext.digest:
        raise CorruptLog("a ciphertext does not have its digest")
    try:
        padded = AESGCM(content_key(secret, place, digest)).decrypt(
            _NONCE, ciphertext.ct, _associated(place, ciphertext.group, digest)
        )
    except InvalidTag as error:
        raise CorruptLog("a ciphertext does not open") from error
    envelope = _unpad(padded)
    if hashlib.sha256(envelope).digest() != digest:
        raise CorruptLog("a ciphertext holds another envelope")
    return envelope


def _info(origin: bytes, group: bytes, recipient: str, key_id: str) -> bytes:
    return b"simpul-evidence-key-v1\n" + _lp(origin) + group + _lp(recipient.encode()) + bytes.fromhex(key_id)


def _associated(origin: bytes, group: bytes, envelope_sha256: bytes) -> bytes:
    return b"simpul-evidence-v1\n" + _lp(origin) + group + envelope_sha256


def _hkdf(secret: bytes, info: bytes) -> bytes:
    """HKDF-SHA256 without salt, one block of 32 bytes (RFC 5869 2.2, 2.3): two one-shot HMACs of the library."""
    extracted = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(extracted, info + b"\x01", "sha256")


def _lp(value: bytes) -> bytes:
    return len(value).to_bytes(4, "big") + value


def _pad(content: bytes) -> bytes:
    framed = _lp(content)
    return framed + bytes(-len(framed) % _PADDED_TO)


def _unpad(padded: bytes) -> bytes:
    length = int.from_bytes(padded[:4], "big")
    content = padded[4 : 4 + length]
    if len(content) != length or padded != _pad(content):
        raise CorruptLog("a plaintext is not padded as the specification says")
    return content
