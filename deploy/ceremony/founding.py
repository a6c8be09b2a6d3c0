"""Founding: a whole federation made in one folder, for tests, demonstrations and exercises."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deploy.ceremony.authorities import create_authority, write_pins
from deploy.ceremony.description import read_description
from deploy.ceremony.files import make_folder, write_envelope, write_public
from deploy.ceremony.members import MemberFolder, MemberPlan, create_member
from deploy.ceremony.rosters import (
    RosterPlan,
    draft_roster,
    install_roster,
    missing_signatures,
    read_draft,
    sign_roster,
)
from federation.envelope import Envelope
from federation.errors import ConfigError
from federation.keys import SigningKey
from federation.pins import load_pins, open_roster_file
from federation.roster import Roster
from federation.seal import Verified


@dataclass(frozen=True, slots=True)
class Federation:
    """Where a federation's files lie when one folder holds them all."""

    root: Path

    @property
    def roster(self) -> Path:
        """The roster in force."""
        return self.root / "roster.envelope"

    @property
    def authorities(self) -> Path:
        """The authorities' keys, as every process pins them."""
        return self.root / "authorities.toml"

    @property
    def authority_keys(self) -> tuple[Path, ...]:
        """The authorities' private keys, in order."""
        return tuple(sorted((self.root / "authorities").glob("*.pem")))

    def member(self, member_id: str) -> MemberFolder:
        """The folder of a member."""
        return MemberFolder(self.root / "members" / member_id)

    def open_roster(self) -> Verified[Roster]:
        """The roster in force, opened under the pins."""
        return open_roster_file(self.roster, load_pins(self.authorities))


def create_federation(
    folder: Path,
    members: Sequence[MemberPlan],
    *,
    federation: str,
    authorities: int = 3,
    threshold: int = 2,
    at: datetime,
) -> Federation:
    """Make authorities, members and a roster of version 1, signed by as many authorities as the threshold asks.

    Roster and pins lie in `folder` and, as copies, in every member's. Real authorities and members each run their own
    commands on their own machines instead. Refuses a folder that holds a federation (ConfigError).
    """
    place = Federation(folder)
    if place.roster.exists() or place.authorities.exists() or (folder / "members").exists():
        raise ConfigError(f"{folder} holds a federation already; choose another folder")
    make_folder(folder)
    publics = tuple(create_authority(folder / "authorities", f"authority-{i:02}") for i in range(1, authorities + 1))
    write_pins(place.authorities, publics, threshold)
    for plan in members:
        create_member(place.member(plan.id).root, plan, federation=federation, at=at)
    descriptions = tuple(read_description(place.member(plan.id).description)[1] for plan in members)
    first = RosterPlan(federation=federation, members=descriptions, authorities=publics, threshold=threshold)
    change_roster(place, first, at=at)
    return place


def change_roster(place: Federation, plan: RosterPlan, *, at: datetime) -> Verified[Roster]:
    """Draft the next version, sign it by as many authorities as it takes, and put it in force for every member."""
    previous = place.open_roster() if place.roster.exists() else None
    before = previous.statement if previous is not None else None
    envelope = draft_roster(plan, previous, at=at)
    for path in place.authority_keys:
        if missing_signatures(envelope, before):
            envelope = _signed_if_asked(envelope, SigningKey.from_file(path), before)
    draft = place.root / "roster.draft"
    write_envelope(draft, envelope)
    found = install_roster(draft, place.root)
    draft.unlink()
    for member in found.statement.members:
        folder = place.member(member.id)
        if not folder.authorities.exists():
            write_public(folder.authorities, place.authorities.read_bytes())
        install_roster(place.roster, folder.root)
    return found


def _signed_if_asked(envelope: Envelope, key: SigningKey, before: Roster | None) -> Envelope:
    roster = read_draft(envelope)
    retiring = before.authority_keys if before is not None else ()
    asked = {authority.key_id for authority in (*roster.authority_keys, *retiring)}
    return sign_roster(envelope, key, retiring) if key.public.key_id in asked else envelope
