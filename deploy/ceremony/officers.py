"""Officers: the key, the credential and the client certificate that an agency gives to one of its own."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from coordinator.cli.officer import OfficerFile
from deploy.ceremony.certificates import Authority, officer_uri, serial_of
from deploy.ceremony.description import read_description
from deploy.ceremony.files import (
    Table,
    make_folder,
    read_envelope,
    read_public,
    retire,
    toml,
    write_envelope,
    write_new_secret,
    write_public,
)
from deploy.ceremony.members import MemberFolder
from federation.config import load
from federation.credential import Credential
from federation.envelope import Envelope
from federation.errors import ConfigError, FederationError
from federation.instant import Window
from federation.keys import SigningKey, VerifyingKey
from federation.pins import load_pins, open_roster_file
from federation.seal import Opener, seal
from federation.terms import terms
from federation.wire import scalars

MAX_HOURS: Final = 31 * 24
_COMMENT: Final = "How an officer's commands find the federation. It holds no secret."
_CREDENTIAL_ID_BYTES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerPlan:
    """What an agency decides of an officer: which office, for which purposes, for how many hours, through whom."""

    id: str
    office: str
    purposes: tuple[str, ...]
    coordinator: str
    hours: int = 12

    def __post_init__(self) -> None:
        scalars.identifier(self.id, "officer")
        scalars.identifier(self.coordinator, "coordinator")
        scalars.text(self.office, "office", 128)
        unknown = set(self.purposes) - set(terms().purpose)
        if unknown or not self.purposes:
            raise ConfigError(f"purposes must be some of {', '.join(terms().purpose)}")
        if not 1 <= self.hours <= MAX_HOURS:
            raise ConfigError(f"a credential lasts 1 to {MAX_HOURS} hours: short windows are how one is taken back")


@dataclass(frozen=True, slots=True)
class OfficerFolder:
    """Where an officer's files lie."""

    root: Path

    @property
    def key(self) -> Path:
        """What the officer signs queries with (SigningKey)."""
        return self.root / "officer.pem"

    @property
    def credential(self) -> Path:
        """The agency's word for the officer, an envelope."""
        return self.root / "credential.envelope"

    @property
    def tls_key(self) -> Path:
        """The key of the officer's client certificate."""
        return self.root / "tls.pem"

    @property
    def tls_certificate(self) -> Path:
        """The officer's client certificate."""
        return self.root / "tls.crt"

    @property
    def config(self) -> Path:
        """How the officer's commands find the federation."""
        return self.root / "officer.toml"

    @property
    def roster(self) -> Path:
        """The roster, as the officer holds it."""
        return self.root / "roster.envelope"

    @property
    def authorities(self) -> Path:
        """The authorities' keys, as the officer pinned them."""
        return self.root / "authorities.toml"


def issue_officer(folder: Path, member: MemberFolder, plan: OfficerPlan, *, at: datetime) -> OfficerFolder:
    """Make an officer's folder: key, credential, client certificate, `officer.toml`, roster and pins.

    Needs the member's statement key, CA key, roster and pins; refuses a folder that holds an officer (ConfigError).
    """
    place = OfficerFolder(folder)
    if place.key.exists() or place.config.exists():
        raise ConfigError(f"{folder} holds an officer already; use `credential` to renew, or choose another folder")
    federation, described = read_description(member.description)
    copies = [(place.roster, read_public(member.roster)), (place.authorities, read_public(member.authorities))]
    key = SigningKey.generate()
    credential = _credential(federation, described.id, plan, key.public, at)
    envelope = _vouch(credential, member)
    authority = Authority.from_files(member.ca_key, member.ca_certificate)
    issued = authority.for_officer(officer_uri(federation, described.id, plan.id), at)
    write_new_secret(make_folder(folder) / place.key.name, key.pem())
    write_new_secret(place.tls_key, issued.key)
    write_public(place.tls_certificate, issued.certificate)
    write_envelope(place.credential, envelope)
    for path, content in copies:
        write_public(path, content)
    write_public(place.config, _config(credential, plan.coordinator))
    return place


def renew_credential(
    folder: Path, member: MemberFolder, *, purposes: tuple[str, ...], hours: int = 12, at: datetime
) -> Credential:
    """Replace an officer's credential by one whose window begins at `at`; the officer's key stays.

    The old credential is kept beside it under its digest, for `roster draft --revoke`.
    """
    place = OfficerFolder(folder)
    file = load(place.config, OfficerFile)
    federation, described = read_description(member.description)
    if (file.federation, file.member) != (federation, described.id):
        raise ConfigError(f"{folder} is of an officer of another member; ask that member to renew")
    plan = OfficerPlan(
        id=file.officer, office=file.office, purposes=purposes, coordinator=file.coordinator, hours=hours
    )
    public = SigningKey.from_file(place.key).public
    credential = _credential(federation, described.id, plan, public, at)
    envelope = _vouch(credential, member)
    retire(place.credential, read_envelope(place.credential).statement_digest.hex()[:16])
    write_envelope(place.credential, envelope)
    return credential


def renew_officer_tls(folder: Path, member: MemberFolder, *, at: datetime) -> Path:
    """Make a new client certificate for an officer; the old pair is kept under its serial. Needs the CA key."""
    place = OfficerFolder(folder)
    file = load(place.config, OfficerFile)
    authority = Authority.from_files(member.ca_key, member.ca_certificate)
    mark = serial_of(read_public(place.tls_certificate))
    issued = authority.for_officer(officer_uri(file.federation, file.member, file.officer), at)
    for path in (place.tls_key, place.tls_certificate):
        retire(path, mark)
    write_new_secret(place.tls_key, issued.key)
    write_public(place.tls_certificate, issued.certificate)
    return place.tls_certificate


def _vouch(credential: Credential, member: MemberFolder) -> Envelope:
    """Seal a credential with the member's statement key; refuses one that the roster held would not let through."""
    envelope = seal(credential, SigningKey.from_file(member.statement_key))
    roster = open_roster_file(member.roster, load_pins(member.authorities))
    try:
        Opener(roster).credential(envelope)
        roster.statement.in_good_standing(credential.member)
    except FederationError as error:
        raise ConfigError(
            f"the roster in {member.root} would not let this credential through ({error.message}); "
            "install the roster that holds the member's statement key"
        ) from error
    return envelope


def _credential(federation: str, member: str, plan: OfficerPlan, public: VerifyingKey, at: datetime) -> Credential:
    return Credential(
        federation=federation,
        credential_id=os.urandom(_CREDENTIAL_ID_BYTES),
        member=member,
        officer=plan.id,
        office=plan.office,
        purposes=tuple(sorted(set(plan.purposes))),
        public_key=public,
        window=Window(at, at + timedelta(hours=plan.hours)),
    )


def _config(credential: Credential, coordinator: str) -> bytes:
    table: Table = {
        "federation": credential.federation,
        "member": credential.member,
        "officer": credential.officer,
        "office": credential.office,
        "coordinator": coordinator,
        "roster": "roster.envelope",
        "authorities": "authorities.toml",
    }
    return toml(table, comment=_COMMENT)
