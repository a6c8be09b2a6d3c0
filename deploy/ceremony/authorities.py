"""Authorities: those who sign the roster, their keys, and the file by which every process pins them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from deploy.ceremony.files import Table, make_folder, read_public, toml, write_new_secret, write_public
from federation.errors import ConfigError, MalformedStatement
from federation.keys import SigningKey, VerifyingKey
from federation.wire import scalars


def create_authority(folder: Path, authority: str) -> VerifyingKey:
    """Make an authority's key: `<id>.pem` (0600) and `<id>.pub` in `folder`; refuses to overwrite (ConfigError)."""
    scalars.identifier(authority, "authority")
    key = SigningKey.generate()
    write_new_secret(make_folder(folder) / f"{authority}.pem", key.pem())
    write_public(folder / f"{authority}.pub", public_pem(key.public))
    return key.public


def public_pem(key: VerifyingKey) -> bytes:
    """A public key as SubjectPublicKeyInfo in PEM."""
    return Ed25519PublicKey.from_public_bytes(key.raw).public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def load_public(path: Path) -> VerifyingKey:
    """Read an authority's public key from PEM; refuses a weak key or another kind (ConfigError)."""
    try:
        key = serialization.load_pem_public_key(read_public(path))
        if not isinstance(key, Ed25519PublicKey):
            raise ConfigError(f"{path} holds a key that is not Ed25519")
        return VerifyingKey(key.public_bytes_raw())
    except (ValueError, MalformedStatement) as error:
        raise ConfigError(f"{path} is not an Ed25519 public key in PEM, or is a weak one: ask for a new key") from error


def write_pins(path: Path, keys: Sequence[VerifyingKey], threshold: int) -> None:
    """Write `authorities.toml`, which every process is given by hand; refuses what could not be met (ConfigError)."""
    if len({key.key_id for key in keys}) != len(keys):
        raise ConfigError("an authority's key is given twice; every authority holds a key of their own")
    if not 1 <= threshold <= len(keys):
        raise ConfigError(f"the threshold must lie between 1 and the number of authorities, {len(keys)}")
    comment = "Whose signatures make a roster. Compare it with what the authorities tell you before you use it."
    table: Table = {"threshold": threshold, "keys": tuple(key.spki.hex() for key in keys)}
    write_public(path, toml(table, comment=comment))
