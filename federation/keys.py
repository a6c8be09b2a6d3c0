"""Keys: who can sign, and what it takes to believe a signature."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from federation.errors import ConfigError, MalformedStatement, UntrustedSignature

PUBLIC_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_SPKI_PREFIX: Final = bytes.fromhex("302a300506032b6570032100")
_P: Final = 2**255 - 19
_D: Final = (-121665 * pow(121666, -1, _P)) % _P


class Signer(Protocol):
    """What signs: a key in a file, or a device that never lets the key out."""

    @property
    def public(self) -> VerifyingKey:
        """The key that verifies what this one signs."""

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte Ed25519 signature over `data`."""


@dataclass(frozen=True, slots=True)
class VerifyingKey:
    """An Ed25519 public key, 32 bytes; refuses points of small order and encodings that are not canonical.

    The library underneath verifies a forgery made under such a key, so they may never enter a roster or credential.
    """

    raw: bytes
    key_id: str = field(init=False)
    _key: Ed25519PublicKey = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if len(self.raw) != PUBLIC_BYTES or _is_weak(self.raw):
            raise MalformedStatement("an Ed25519 public key is not canonical or is of small order; make a new key")
        object.__setattr__(self, "key_id", hashlib.sha256(self.spki).hexdigest())
        object.__setattr__(self, "_key", Ed25519PublicKey.from_public_bytes(self.raw))

    @property
    def spki(self) -> bytes:
        """The SubjectPublicKeyInfo (DER, RFC 8410)."""
        return _SPKI_PREFIX + self.raw

    @classmethod
    def from_spki(cls, der: bytes) -> VerifyingKey:
        """Read a SubjectPublicKeyInfo; refuses any but Ed25519 (MalformedStatement)."""
        if len(der) != len(_SPKI_PREFIX) + PUBLIC_BYTES or not der.startswith(_SPKI_PREFIX):
            raise MalformedStatement("a public key is not an Ed25519 SubjectPublicKeyInfo")
        return cls(der[len(_SPKI_PREFIX) :])

    def verify(self, signature: bytes, data: bytes) -> None:
        """Return if `signature` is this key's over `data`; else raise UntrustedSignature."""
        try:
            self._key.verify(signature, data)
        except InvalidSignature as error:
            raise UntrustedSignature("a signature does not verify", key_id=self.key_id) from error


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 private key held in memory; shows nothing of itself."""

    _key: Ed25519PrivateKey = field(repr=False)
    public: VerifyingKey = field(init=False)

    def __post_init__(self) -> None:
        raw = self._key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        object.__setattr__(self, "public", VerifyingKey(raw))

    @classmethod
    def generate(cls) -> SigningKey:
        """Make a new key."""
        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """Make the key of a 32-byte seed (RFC 8032); for vectors and tests."""
        return cls(Ed25519PrivateKey.from_private_bytes(seed))

    @classmethod
    def from_file(cls, path: Path) -> SigningKey:
        """Read a PKCS#8 PEM file of mode 0600; refuses anything else (ConfigError)."""
        pem = read_secret(path)
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise ConfigError(f"{path} is not an unencrypted PKCS#8 key in PEM") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigError(f"{path} holds a key that is not Ed25519")
        return cls(key)

    def pem(self) -> bytes:
        """The private key as PKCS#8 PEM, to be written with `write_secret` and nowhere else."""
        return self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte signature over `data`."""
        return self._key.sign(data)


def read_secret(path: Path) -> bytes:
    """Read a file that only its owner may read; refuses a missing file or a wider mode (ConfigError)."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    if mode & 0o077:
        raise ConfigError(f"{path} has mode {mode:04o}; others could read it: run chmod 600 {path}")
    return content


def write_secret(path: Path, content: bytes) -> None:
    """Write a new file of mode 0600; refuses to overwrite one that is there (FileExistsError)."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def _is_weak(raw: bytes) -> bool:
    """Whether 32 bytes encode no point canonically, or one of small order (RFC 8032 5.1.3; order divides 8)."""
    sign, y = raw[31] >> 7, int.from_bytes(raw, "little") & ((1 << 255) - 1)
    if y >= _P:
        return True
    x = _recover_x(y, sign)
    if x is None:
        return True
    point = (x, y)
    for _ in range(3):
        point = _double(point)
    return point == (0, 1)


def _recover_x(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if (x * x - square) % _P or (x == 0 and sign):
        return None
    return _P - x if x & 1 != sign else x


def _double(point: tuple[int, int]) -> tuple[int, int]:
    x, y = point
    product = _D * x * x * y * y
    return 2 * x * y * pow(1 + product, -1, _P) % _P, (y * y + x * x) * pow(1 - product, -1, _P) % _P
