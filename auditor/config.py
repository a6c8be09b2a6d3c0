"""What an auditor's process is told in its file, and the keys and roster it reads from there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from federation.calling.channels import TlsIdentity
from federation.config import Strict, load
from federation.errors import ConfigError
from federation.evidence import EvidenceKey
from federation.keys import SigningKey
from federation.pins import load_pins, open_roster_file
from federation.roster import Roster
from federation.seal import Verified


class _MemberTable(Strict, frozen=True, kw_only=True):
    federation: str
    id: str
    keys: Path
    roster_file: Path
    authorities_file: Path


class _AuditTable(Strict, frozen=True, kw_only=True):
    reason: str
    case_reference: str = ""


class _File(Strict, frozen=True, kw_only=True):
    member: _MemberTable
    audit: _AuditTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`auditor.toml`, its paths taken from its own folder. Every member logs `reason` and `case_reference`."""

    federation: str
    member: str
    keys: Path
    roster_file: Path
    authorities_file: Path
    reason: str
    case_reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The auditor's private keys: it signs requests, opens evidence and calls members with them."""

    statement: SigningKey
    evidence: EvidenceKey
    tls: TlsIdentity


def load_settings(path: Path) -> Settings:
    """Read `auditor.toml`; refuses what it does not know, and an empty reason (ConfigError)."""
    file = load(path, _File)
    if not file.audit.reason.strip():
        raise ConfigError(f"{path}: reason is empty; say why evidence is opened, every member logs it")
    base = path.parent
    return Settings(
        federation=file.member.federation,
        member=file.member.id,
        keys=base / file.member.keys,
        roster_file=base / file.member.roster_file,
        authorities_file=base / file.member.authorities_file,
        reason=file.audit.reason,
        case_reference=file.audit.case_reference,
    )


def load_keys(settings: Settings) -> Keys:
    """Read statement.pem, evidence.pem, tls.pem and tls.crt of the keys folder (ConfigError)."""
    folder = settings.keys
    return Keys(
        statement=SigningKey.from_file(folder / "statement.pem"),
        evidence=EvidenceKey.from_file(folder / "evidence.pem"),
        tls=TlsIdentity.from_files(folder / "tls.crt", folder / "tls.pem"),
    )


def load_roster(settings: Settings) -> Verified[Roster]:
    """Open the roster under the pinned authorities (ConfigError, UntrustedSignature)."""
    return open_roster_file(settings.roster_file, load_pins(settings.authorities_file))


def require_enrolled(settings: Settings, keys: Keys, roster: Roster, at: datetime) -> None:
    """Refuse a roster that has expired, or that does not name this auditor and its statement key (ConfigError)."""
    if roster.federation != settings.federation:
        raise ConfigError(f"the roster is of the federation {roster.federation}, not of {settings.federation}")
    if at >= roster.window.end:
        raise ConfigError(f"{settings.roster_file} expired on {roster.window.end:%Y-%m-%d}; fetch the newest roster")
    member = roster.by_id.get(settings.member)
    if member is None or "auditor" not in member.roles:
        raise ConfigError(f"the roster has no auditor {settings.member}; see that the member id is the one enrolled")
    if not any(key.verifying() == keys.statement.public for key in member.keys_for("statement", at)):
        raise ConfigError(f"the roster does not name the key in {settings.keys / 'statement.pem'}")
    if not any(key.public == keys.evidence.public.raw for key in member.keys_for("evidence", at)):
        raise ConfigError(f"the roster does not name the key in {settings.keys / 'evidence.pem'}")
