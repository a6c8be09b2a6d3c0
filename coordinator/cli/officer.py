"""An officer's folder: their key, credential and certificate, and how they find the federation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from federation.calling.channels import TlsIdentity
from federation.config import Strict, load
from federation.envelope import Envelope
from federation.errors import ConfigError
from federation.keys import SigningKey
from federation.pins import load_pins, open_roster_file
from federation.roster import Roster
from federation.seal import Opener, Verified
from federation.wire.envelope import decode_envelope


class OfficerFile(Strict, frozen=True, kw_only=True):
    """`officer.toml`, as read; paths are relative to its folder."""

    federation: str
    member: str
    officer: str
    office: str
    coordinator: str
    roster: Path
    authorities: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Officer:
    """An officer ready to sign."""

    folder: Path
    file: OfficerFile
    key: SigningKey
    credential: Envelope
    roster: Verified[Roster]

    @classmethod
    def from_folder(cls, folder: Path) -> Officer:
        """Read an officer's folder; refuses one that is incomplete, or a key others could read (ConfigError)."""
        file = load(folder / "officer.toml", OfficerFile)
        try:
            credential = decode_envelope((folder / "credential.envelope").read_bytes())
        except OSError as error:
            raise ConfigError(f"cannot read {folder / 'credential.envelope'}: {error.strerror}") from error
        return cls(
            folder=folder,
            file=file,
            key=SigningKey.from_file(folder / "officer.pem"),
            credential=credential,
            roster=open_roster_file(folder / file.roster, load_pins(folder / file.authorities)),
        )

    def identity(self) -> TlsIdentity:
        """The certificate this officer presents."""
        return TlsIdentity.from_files(self.folder / "tls.crt", self.folder / "tls.pem")

    def opener(self) -> Opener:
        """What opens envelopes under the officer's copy of the roster."""
        return Opener(self.roster)
