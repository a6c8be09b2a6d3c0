"""Members: the keys, the certificate authority and the description that an agency makes on its own machines."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from deploy.ceremony.certificates import (
    Authority,
    Issued,
    hosts_of,
    make_authority,
    member_uri,
    require_authority,
    require_host,
    serial_of,
)
from deploy.ceremony.description import read_description, write_description
from deploy.ceremony.files import make_folder, read_public, retire, write_new_secret, write_public
from federation.errors import ConfigError
from federation.evidence import EvidenceKey
from federation.instant import Window
from federation.keys import SigningKey, VerifyingKey
from federation.roster import KEY_USES, ROLES, Key, Member
from federation.tlog.note import NoteVerifier
from federation.wire import scalars

KEY_DAYS: Final = 3 * 365
OVERLAP: Final = timedelta(days=30)
_ORIGIN: Final = re.compile(r"(.*/log)(\d+)")
_ADDRESS: Final = re.compile(r"(?:[A-Za-z0-9.-]{1,200}|\[[0-9A-Fa-f:.]{2,45}\]):[0-9]{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberPlan:
    """What an agency decides before its keys are made; `hosts` are the names and addresses its processes serve at."""

    id: str
    name_indonesian: str
    name_english: str
    roles: frozenset[str]
    endpoints: Mapping[str, str] = field(default_factory=dict)
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost")

    def __post_init__(self) -> None:
        scalars.identifier(self.id, "member")
        for name in (self.name_indonesian, self.name_english):
            scalars.text(name, "name", 256)
        if not self.roles or self.roles - ROLES:
            raise ConfigError(f"a member's roles must be some of {', '.join(sorted(ROLES))}")
        if not self.hosts:
            raise ConfigError("a member's certificate must name at least one host")
        for host in self.hosts:
            require_host(host)
        for kind, address in self.endpoints.items():
            if not _ADDRESS.fullmatch(address):
                raise ConfigError(f"the endpoint {kind} is not HOST:PORT, as 10.0.0.5:7001 or node.example:7001")


@dataclass(frozen=True, slots=True)
class MemberFolder:
    """Where a member's files lie."""

    root: Path

    @property
    def keys(self) -> Path:
        """The folder of the private keys."""
        return self.root / "keys"

    @property
    def statement_key(self) -> Path:
        """What the member signs its statements with (SigningKey)."""
        return self.keys / "statement.pem"

    @property
    def log_key(self) -> Path:
        """What the member signs its log's checkpoints with (SigningKey)."""
        return self.keys / "log.pem"

    @property
    def evidence_key(self) -> Path:
        """What evidence is wrapped to (EvidenceKey)."""
        return self.keys / "evidence.pem"

    @property
    def ca_key(self) -> Path:
        """The key of the member's own CA; kept away from every server."""
        return self.keys / "ca.pem"

    @property
    def ca_certificate(self) -> Path:
        """The certificate of the member's own CA."""
        return self.keys / "ca.crt"

    @property
    def tls_key(self) -> Path:
        """The key of the member's processes on the network."""
        return self.keys / "tls.pem"

    @property
    def tls_certificate(self) -> Path:
        """The certificate of the member's processes on the network."""
        return self.keys / "tls.crt"

    @property
    def description(self) -> Path:
        """What the authority is given."""
        return self.root / "member.toml"

    @property
    def roster(self) -> Path:
        """The roster in force, as this member holds it."""
        return self.root / "roster.envelope"

    @property
    def authorities(self) -> Path:
        """The authorities' keys, as this member pinned them."""
        return self.root / "authorities.toml"


def create_member(folder: Path, plan: MemberPlan, *, federation: str, at: datetime) -> MemberFolder:
    """Make a member's keys, CA, TLS certificate and `member.toml`; refuses a folder that has keys (ConfigError)."""
    scalars.identifier(federation, "federation")
    place = MemberFolder(folder)
    if place.description.exists() or place.keys.exists():
        raise ConfigError(f"{folder} holds a member already; keys are never overwritten: choose another folder")
    make_folder(place.keys)
    uri = member_uri(federation, plan.id)
    made = make_authority(uri, at)
    write_new_secret(place.ca_key, made.key)
    write_public(place.ca_certificate, made.certificate)
    authority = Authority.from_files(place.ca_key, place.ca_certificate)
    _write_tls(place, authority.for_member(uri, plan.hosts, at))
    keys = {use: _new_key(use) for use in ("statement", "log", "evidence")}
    for use, key in keys.items():
        write_new_secret(place.keys / f"{use}.pem", key.pem())
    write_description(place.description, _describe(plan, federation, keys, made.certificate, at), federation)
    return place


def renew_tls(folder: Path, *, at: datetime, hosts: tuple[str, ...] = ()) -> Path:
    """Make a new TLS key and certificate, for the same hosts unless others are named; the old pair keeps its serial.

    Needs the member's CA key. Returns the new certificate's path.
    """
    place = MemberFolder(folder)
    federation, member = read_description(place.description)
    old = read_public(place.tls_certificate)
    named = hosts or hosts_of(old)
    for host in named:
        require_host(host)
    authority = Authority.from_files(place.ca_key, place.ca_certificate)
    for path in (place.tls_key, place.tls_certificate):
        retire(path, serial_of(old))
    _write_tls(place, authority.for_member(member_uri(federation, member.id), named, at))
    return place.tls_certificate


def rotate(folder: Path, use: str, *, at: datetime, overlap: timedelta = OVERLAP) -> str:
    """Add a new key of a use beside the old one in `member.toml`, and return its key id.

    The new key's window begins at `at`; the old key's ends `overlap` later, and its file is kept under its key id.
    A new log key begins a new log, with an origin of its own, for one log has one key.
    """
    if use not in KEY_USES:
        raise ConfigError(f"a key's use must be one of {', '.join(sorted(KEY_USES))}")
    place = MemberFolder(folder)
    federation, member = read_description(place.description)
    path = place.keys / f"{use}.pem"
    old, new = _read_key(use, path), _new_key(use)
    retire(path, old.public.key_id[:16])
    write_new_secret(path, new.pem())
    kept = tuple(_until(key, at + overlap) if key.use == use else key for key in member.keys)
    added = Key(use=use, public=_public(new), window=_key_window(at))
    member = replace(member, keys=(*kept, added))
    if isinstance(new, SigningKey) and use == "log":
        origin = _next_origin(member.log_origin)
        member = replace(member, log_origin=origin, log_vkey=NoteVerifier(origin, new.public).vkey)
    write_description(place.description, member, federation)
    return new.public.key_id


def _describe(
    plan: MemberPlan, federation: str, keys: Mapping[str, SigningKey | EvidenceKey], ca: bytes, at: datetime
) -> Member:
    origin = f"{plan.id}.{federation}.simpul/log1"
    log_key = VerifyingKey.from_spki(_public(keys["log"]))
    return Member(
        id=plan.id,
        name_indonesian=plan.name_indonesian,
        name_english=plan.name_english,
        roles=plan.roles,
        endpoints=plan.endpoints,
        keys=tuple(Key(use=use, public=_public(key), window=_key_window(at)) for use, key in keys.items()),
        tls_ca=require_authority(ca),
        log_origin=origin,
        log_vkey=NoteVerifier(origin, log_key).vkey,
    )


def _write_tls(place: MemberFolder, issued: Issued) -> None:
    write_new_secret(place.tls_key, issued.key)
    write_public(place.tls_certificate, issued.certificate)


def _new_key(use: str) -> SigningKey | EvidenceKey:
    return EvidenceKey.generate() if use == "evidence" else SigningKey.generate()


def _read_key(use: str, path: Path) -> SigningKey | EvidenceKey:
    return EvidenceKey.from_file(path) if use == "evidence" else SigningKey.from_file(path)


def _public(key: SigningKey | EvidenceKey) -> bytes:
    return key.public.raw if isinstance(key, EvidenceKey) else key.public.spki


def _key_window(at: datetime) -> Window:
    return Window(at, at + timedelta(days=KEY_DAYS))


def _until(key: Key, end: datetime) -> Key:
    if not key.window.start < end < key.window.end:
        return key
    return replace(key, window=Window(key.window.start, end))


def _next_origin(origin: str) -> str:
    found = _ORIGIN.fullmatch(origin)
    if found is None:
        raise ConfigError(f"the log's origin {origin} does not end in /log and a number; name the next one by hand")
    return f"{found[1]}{int(found[2]) + 1}"
