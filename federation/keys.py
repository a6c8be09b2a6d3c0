"""Keys: who can sign, and what it takes to believe a signature."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from nacl.bindings import crypto_sign, crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import BadSignatureError

from federation.errors import ConfigError, MalformedStatement, UntrustedSignature

PUBLIC_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
_SEED_BYTES: Final = 32
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

    Libraries differ on forgeries made under such keys, so they may never enter a roster or credential.
    """

    raw: bytes
    key_id: str = field(init=False)

    def __post_init__(self) -> None:
        if len(self.raw) != PUBLIC_BYTES or _is_weak(self.raw):
            raise MalformedStatement("an Ed25519 public key is not canonical or is of small order; make a new key")
        object.__setattr__(self, "key_id", hashlib.sha256(self.spki).hexdigest())

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
        if len(signature) != SIGNATURE_BYTES:
            raise UntrustedSignature("a signature does not have 64 bytes", key_id=self.key_id)
        try:
            crypto_sign_open(signature + data, self.raw)
        except BadSignatureError as error:
            raise UntrustedSignature("a signature does not verify", key_id=self.key_id) from error


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 private key held in memory; shows nothing of itself."""

    _seed: bytes = field(repr=False)
    _secret: bytes = field(init=False, repr=False, compare=False)
    public: VerifyingKey = field(init=False)

    def __post_init__(self) -> None:
        raw, secret = crypto_sign_seed_keypair(self._seed)
        object.__setattr__(self, "_secret", secret)
        object.__setattr__(self, "public", VerifyingKey(raw))

    @classmethod
    def generate(cls) -> SigningKey:
        """Make a new key."""
        return cls(os.urandom(_SEED_BYTES))

    @classmethod
    def from_seed(cls, seed: bytes) -> SigningKey:
        """Make the key of a 32-byte seed (RFC 8032); for vectors and tests."""
        return cls(seed)

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
        return cls(key.private_bytes_raw())

    def pem(self) -> bytes:
        """The private key as PKCS#8 PEM, to be written with `write_secret` and nowhere else."""
        return Ed25519PrivateKey.from_private_bytes(self._seed).private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )

    def sign(self, data: bytes) -> bytes:
        """Return the 64-byte signature over `data`."""
        return crypto_sign(data, self._secret)[:SIGNATURE_BYTES]


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


@lru_cache(maxsize=4096)
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
