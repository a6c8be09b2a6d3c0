"""Rosters: drafted from members' descriptions, signed by authorities one after another, and put in force."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from deploy.ceremony.authorities import write_pins
from deploy.ceremony.certificates import authority_key
from deploy.ceremony.description import key_id
from deploy.ceremony.files import read_envelope, write_envelope
from federation.credential import Credential
from federation.envelope import MAX_ENVELOPE_BYTES, Envelope
from federation.errors import ConfigError, MalformedStatement
from federation.instant import Window
from federation.keys import Signer, VerifyingKey
from federation.pins import load_pins, open_roster_file
from federation.roster import Member, Roster
from federation.seal import Verified, open_next_roster, seal
from federation.statement import PAYLOAD_TYPES
from federation.terms import terms
from federation.wire.statement import decode

_ROOM_FOR_SIGNATURES: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterPlan:
    """What the authorities decide of a version.

    `members` are new or replace those of the version before; all others are carried over, with their standing. With a
    version before, empty `authorities`, `threshold` 0 and no `witness_quorum` mean: as before. `revoke` holds digests
    of credentials.
    """

    federation: str
    members: tuple[Member, ...] = ()
    authorities: tuple[VerifyingKey, ...] = ()
    threshold: int = 0
    days: int = 365
    witness_quorum: int | None = None
    suspend: frozenset[str] = frozenset()
    reinstate: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()
    revoke: frozenset[bytes] = frozenset()


def draft_roster(plan: RosterPlan, previous: Verified[Roster] | None, *, at: datetime) -> Envelope:
    """Draft the version that follows `previous`, or the first: an envelope that nobody has signed yet.

    Refuses what a roster may not hold (ConfigError): keys shared between members or uses, one CA for two members,
    one log origin for two, a threshold that its authorities cannot meet, an unknown id, too many bytes; and weak keys
    (MalformedStatement).
    """
    before = previous.statement if previous is not None else None
    if before is not None and before.federation != plan.federation:
        raise ConfigError(f"the members are of {plan.federation}, the roster before is of {before.federation}")
    roster = Roster(
        federation=plan.federation,
        version=before.version + 1 if before is not None else 1,
        previous=previous.digest if previous is not None else b"",
        window=Window(at, at + timedelta(days=plan.days)),
        authority_keys=plan.authorities or (before.authority_keys if before is not None else ()),
        threshold=plan.threshold or (before.threshold if before is not None else 0),
        members=_members(plan, before),
        terms_version=terms().version,
        witness_quorum=_quorum(plan, before),
        revoked_credentials=plan.revoke | (before.revoked_credentials if before is not None else frozenset()),
    )
    _require_sound(roster)
    envelope = seal(roster)
    if len(envelope.payload) > MAX_ENVELOPE_BYTES - _ROOM_FOR_SIGNATURES:
        raise ConfigError(f"a roster of {len(roster.members)} members is too large for one envelope; take out old keys")
    read_draft(envelope)
    return envelope


def sign_roster(envelope: Envelope, key: Signer, retiring: Iterable[VerifyingKey] = ()) -> Envelope:
    """Add an authority's signature; refuses a key that is no authority's here or signed already (ConfigError).

    The signer trusts no drafter: what `draft_roster` would refuse is refused here again.
    `retiring` are authority keys of the version before that this version no longer names: their word is still needed.
    """
    roster = read_draft(envelope)
    _require_sound(roster)
    known = {authority.key_id for authority in (*roster.authority_keys, *retiring)}
    if key.public.key_id not in known:
        raise ConfigError(f"key {key.public.key_id[:16]} is no authority of this roster nor of the one before it")
    if key.public.key_id in {signature.key_id for signature in envelope.signatures}:
        raise ConfigError(f"key {key.public.key_id[:16]} has signed already; another authority must sign")
    return envelope.signed_by(key)


def missing_signatures(envelope: Envelope, before: Roster | None) -> int:
    """How many more authorities must sign until this version's threshold, and that of the one before it, is met."""
    roster = read_draft(envelope)
    signed = {signature.key_id for signature in envelope.signatures}
    judges = [roster] if before is None else [roster, before]
    return max(0, *(j.threshold - len(signed & {key.key_id for key in j.authority_keys}) for j in judges))


def read_draft(envelope: Envelope) -> Roster:
    """The roster inside an envelope, whoever signed it; nothing is verified (MalformedStatement)."""
    if envelope.payload_type != PAYLOAD_TYPES[Roster]:
        raise MalformedStatement("the file is no roster")
    roster, unknown = decode(envelope.payload_type, envelope.payload)
    if not isinstance(roster, Roster):
        raise MalformedStatement("the file is no roster")
    if unknown:
        raise MalformedStatement(
            f"the roster holds {', '.join(unknown)}, unknown here; take a newer release to sign it"
        )
    return roster


def install_roster(source: Path, folder: Path) -> Verified[Roster]:
    """Put a roster in force in a member's or officer's folder: the same one again, or the one that directly follows.

    Judged by `authorities.toml` in that folder where no roster is held yet; otherwise by the roster held. Where the new
    roster names other authorities, `authorities.toml` follows it.
    """
    held_path = folder / "roster.envelope"
    pins = load_pins(folder / "authorities.toml")
    if not held_path.exists():
        found = open_roster_file(source, pins)
    else:
        held = open_roster_file(held_path, pins)
        envelope = read_envelope(source)
        if envelope.statement_digest == held.digest:
            return held
        found = open_next_roster(envelope, held)
    write_envelope(held_path, found.envelope)  # before the pins: the new roster opens under the old ones too
    now = found.statement
    if (set(now.authority_keys), now.threshold) != (set(pins.keys), pins.threshold):
        write_pins(folder / "authorities.toml", now.authority_keys, now.threshold)
    return found


def digest_of(path: Path) -> bytes:
    """The statement digest of a credential's envelope, as a roster revokes it (ConfigError for another file)."""
    envelope = read_envelope(path)
    if envelope.payload_type != PAYLOAD_TYPES[Credential]:
        raise ConfigError(f"{path} is no credential")
    return envelope.statement_digest


def _quorum(plan: RosterPlan, before: Roster | None) -> int:
    if plan.witness_quorum is not None:
        return plan.witness_quorum
    return before.witness_quorum if before is not None else 0


def _members(plan: RosterPlan, before: Roster | None) -> tuple[Member, ...]:
    held = dict(before.by_id) if before is not None else {}
    for member in plan.members:
        standing = held[member.id].standing if member.id in held else "good"
        held[member.id] = replace(member, standing=standing)
    unknown = (plan.suspend | plan.reinstate | plan.remove) - set(held)
    if unknown:
        raise ConfigError(f"no such member: {', '.join(sorted(unknown))}")
    for member_id in plan.suspend | plan.reinstate:
        standing = "suspended" if member_id in plan.suspend else "good"
        held[member_id] = replace(held[member_id], standing=standing)
    return tuple(held[member_id] for member_id in sorted(set(held) - plan.remove))


def _require_sound(roster: Roster) -> None:
    authorities = [authority.key_id for authority in roster.authority_keys]
    if len(set(authorities)) != len(authorities):
        raise ConfigError("an authority's key is given twice; every authority holds a key of their own")
    if not 1 <= roster.threshold <= len(authorities):
        raise ConfigError(f"the threshold must lie between 1 and the number of authorities, {len(authorities)}")
    _require_distinct_members(roster.members, set(authorities))


def _require_distinct_members(members: tuple[Member, ...], seen: set[str]) -> None:
    if not members:
        raise ConfigError("a roster needs at least one member: give --member FILE")
    if len({authority_key(member.tls_ca) for member in members}) != len(members):
        raise ConfigError("two members name one CA; a certificate must speak for one member alone")
    if len({member.log_origin for member in members}) != len(members):
        raise ConfigError("two members name one log origin; every log has its own")
    for member in members:
        for key in member.keys:
            if key_id(key) in seen:
                raise ConfigError(f"a {key.use} key of {member.id} is used elsewhere; every use has a key of its own")
            seen.add(key_id(key))
