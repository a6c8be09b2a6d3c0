"""What a member tells the authority of itself: a public file, which the roster then holds word for word."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from deploy.ceremony.certificates import require_authority
from deploy.ceremony.files import Table, Value, toml, write_public
from federation.config import Strict, load
from federation.errors import ConfigError, MalformedStatement
from federation.evidence import EvidencePublicKey
from federation.instant import Window
from federation.roster import KEY_USES, ROLES, Key, Member
from federation.tlog.note import NoteVerifier
from federation.wire import scalars

_COMMENT: Final = "Public: a member's description, for the authorities. It holds no secret."


class KeyLine(Strict, frozen=True, kw_only=True):
    """A public key in base64, its id in hex for a person to compare, and its window."""

    use: str
    key_id: str
    public: str
    not_before: datetime
    not_after: datetime


class Description(Strict, frozen=True, kw_only=True):
    """`member.toml`, as read."""

    federation: str
    id: str
    name_indonesian: str
    name_english: str
    roles: tuple[str, ...]
    log_origin: str
    log_vkey: str
    tls_ca: str
    endpoints: Mapping[str, str]
    keys: tuple[KeyLine, ...]


def key_id(key: Key) -> str:
    """The key id of a roster's key: of its SubjectPublicKeyInfo, or for an evidence key of its raw bytes."""
    return EvidencePublicKey(key.public).key_id if key.use == "evidence" else key.verifying().key_id


def write_description(path: Path, member: Member, federation: str) -> None:
    """Write or replace `member.toml`; standing is the authorities' to say and is left out."""
    keys: list[Mapping[str, Value]] = [
        {
            "use": key.use,
            "key_id": key_id(key),
            "public": base64.b64encode(key.public).decode(),
            "not_before": key.window.start,
            "not_after": key.window.end,
        }
        for key in member.keys
    ]
    certificate = x509.load_der_x509_certificate(member.tls_ca)
    table: Table = {
        "federation": federation,
        "id": member.id,
        "name_indonesian": member.name_indonesian,
        "name_english": member.name_english,
        "roles": tuple(sorted(member.roles)),
        "log_origin": member.log_origin,
        "log_vkey": member.log_vkey,
        "tls_ca": certificate.public_bytes(serialization.Encoding.PEM).decode(),
        "endpoints": dict(sorted(member.endpoints.items())),
        "keys": keys,
    }
    write_public(path, toml(table, comment=_COMMENT))


def read_description(path: Path) -> tuple[str, Member]:
    """Read `member.toml` as the federation it names and the member it describes.

    Refuses control characters, weak keys, a key that does not have its id, a CA that is none, and a log key that the
    vkey does not name (ConfigError, naming the file).
    """
    file = load(path, Description)
    try:
        scalars.identifier(file.federation, "federation")
        member = Member(
            id=scalars.identifier(file.id, "id"),
            name_indonesian=scalars.text(file.name_indonesian, "name_indonesian", 256),
            name_english=scalars.text(file.name_english, "name_english", 256),
            roles=frozenset(scalars.one_of(role, ROLES, "roles") for role in file.roles),
            endpoints={
                scalars.identifier(kind, "endpoints"): scalars.text(url, kind, 256)
                for kind, url in file.endpoints.items()
            },
            keys=tuple(_key(line) for line in file.keys),
            tls_ca=require_authority(file.tls_ca.encode()),
            log_origin=file.log_origin,
            log_vkey=file.log_vkey,
        )
        _require_complete(member)
    except (ConfigError, MalformedStatement) as error:
        raise ConfigError(f"{path}: {error.message}") from error
    return file.federation, member


def _key(line: KeyLine) -> Key:
    if line.use not in KEY_USES:
        raise ConfigError(f"a key has the use {line.use!r}; it must be one of {', '.join(sorted(KEY_USES))}")
    if line.not_before.tzinfo is None or line.not_before >= line.not_after:
        raise ConfigError(f"the {line.use} key's window must say its zone and end after it starts")
    try:
        public = base64.b64decode(line.public, validate=True)
    except binascii.Error as error:
        raise ConfigError(f"the {line.use} key is not base64") from error
    key = Key(use=line.use, public=public, window=Window(line.not_before, line.not_after))
    if key_id(key) != line.key_id:
        raise ConfigError(f"the {line.use} key does not have the key id it is given with")
    return key


def _require_complete(member: Member) -> None:
    missing = KEY_USES - {key.use for key in member.keys}
    if missing:
        raise ConfigError(f"there is no {' and no '.join(sorted(missing))} key")
    verifier = NoteVerifier.from_vkey(member.log_vkey)
    log_keys = {key.verifying() for key in member.keys if key.use == "log"}
    if verifier.name != member.log_origin or verifier.key not in log_keys:
        raise ConfigError("log_vkey does not name the log's origin and one of the member's log keys")
