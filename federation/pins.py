"""Pins: the authority keys that a process is given by hand, and the roster it may then believe."""

from __future__ import annotations

import binascii
from pathlib import Path
from typing import NamedTuple

from federation.config import Strict, load
from federation.errors import ConfigError, MalformedStatement
from federation.keys import VerifyingKey
from federation.roster import Roster
from federation.seal import Verified, open_first_roster
from federation.wire.envelope import decode_envelope


class Pins(NamedTuple):
    """The authorities' keys, each once, and how many of them must have signed."""

    keys: tuple[VerifyingKey, ...]
    threshold: int


class _PinsFile(Strict, frozen=True, kw_only=True):
    threshold: int
    keys: tuple[str, ...]


def load_pins(path: Path) -> Pins:
    """Read `authorities.toml`: a threshold, and SubjectPublicKeyInfos in hex.

    Refuses a weak or repeated key and a threshold that the keys cannot meet (ConfigError).
    """
    file = load(path, _PinsFile)
    try:
        keys = tuple(VerifyingKey.from_spki(binascii.unhexlify(key)) for key in file.keys)
    except (ValueError, MalformedStatement) as error:
        raise ConfigError(f"{path}: a key is not an Ed25519 SubjectPublicKeyInfo in hex, or is weak") from error
    if len({key.key_id for key in keys}) != len(keys):
        raise ConfigError(f"{path} names a key twice")
    if not 1 <= file.threshold <= len(keys):
        raise ConfigError(f"{path}: threshold must lie between 1 and the number of keys, {len(keys)}")
    return Pins(keys, file.threshold)


def open_roster_file(path: Path, pins: Pins) -> Verified[Roster]:
    """Open a roster's envelope under pinned keys, whatever its version, and under its own.

    Refuses a file that cannot be read (ConfigError) and a roster that too few authorities signed
    (UntrustedSignature). Expiry is for the caller to judge, who knows the instant.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    return open_first_roster(decode_envelope(content), pins.keys, pins.threshold)
