"""The rosters an audit judges by: the newest, and those before it, each vouched for by the one after it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from federation.envelope import Envelope
from federation.errors import FederationError, MalformedStatement
from federation.evidence import EvidencePublicKey
from federation.roster import Member, Roster
from federation.seal import Opener, Verified, open_first_roster
from federation.tlog.note import NoteVerifier
from federation.wire.envelope import decode_envelope
from federation.wire.statement import decode


class Rosters:
    """The newest roster, opened under pinned authorities, and as many before it as were found."""

    def __init__(self, newest: Verified[Roster], earlier: Iterable[Envelope] = ()) -> None:
        """Chain earlier rosters backwards: each must be the `previous` of one that is trusted; others are ignored."""
        by_digest = {envelope.statement_digest: envelope for envelope in earlier}
        held = [newest]
        while held[-1].statement.previous in by_digest:
            found = _of_chain(by_digest.pop(held[-1].statement.previous))
            if found is None:
                break
            held.append(found)
        self._openers = tuple(Opener(roster) for roster in held)
        self._verifiers: dict[str, NoteVerifier | None] = {}
        self._recipients = frozenset(
            (member.id, EvidencePublicKey(key.public).key_id)
            for roster in held
            for member in roster.statement.members
            for key in member.keys
            if key.use == "evidence"
        )

    @property
    def newest(self) -> Roster:
        """The newest roster."""
        return self._openers[0].roster

    @property
    def missing(self) -> int:
        """The newest version that is missing below those held; 0 if none is."""
        return self._openers[-1].roster.version - 1

    def __iter__(self) -> Iterator[Roster]:
        """Rosters, newest first."""
        return (opener.roster for opener in self._openers)

    def opener(self, digest: bytes) -> Opener | None:
        """What opens envelopes under the roster of that statement digest, if it is held."""
        return next((opener for opener in self._openers if opener.roster_digest == digest), None)

    @property
    def openers(self) -> tuple[Opener, ...]:
        """What opens envelopes under each roster, newest first."""
        return self._openers

    def logs(self) -> tuple[Member, ...]:
        """Members of the newest roster that keep a log, in byte order of their ids."""
        return tuple(member for member in self.newest.members if member.roles & {"node", "coordinator"})

    def verifier(self, member: str, origin: str = "") -> NoteVerifier | None:
        """The key of a member's log, its present one or that of an origin it had under an earlier roster."""
        for roster in self:
            found = roster.by_id.get(member)
            if found is not None and found.log_vkey and origin in ("", found.log_origin):
                return self._verifier(found)
        return None

    def _verifier(self, member: Member) -> NoteVerifier | None:
        """Read a vkey once: that its key is not weak is dear to know."""
        if member.log_vkey not in self._verifiers:
            try:
                self._verifiers[member.log_vkey] = NoteVerifier.from_vkey(member.log_vkey)
            except MalformedStatement:
                self._verifiers[member.log_vkey] = None
        verifier = self._verifiers[member.log_vkey]
        return verifier if verifier is not None and verifier.name == member.log_origin else None

    def knows_recipient(self, member: str, key_id: str) -> bool:
        """Whether some roster names that evidence key of that member."""
        return (member, key_id) in self._recipients


def beside(roster_file: Path) -> tuple[Envelope, ...]:
    """The rosters that lie beside the roster's file as `roster.<version>.envelope`; unreadable ones are left out."""
    found: list[Envelope] = []
    for path in sorted(roster_file.parent.glob("roster.*.envelope")):
        try:
            found.append(decode_envelope(path.read_bytes()))
        except (OSError, MalformedStatement):
            continue
    return tuple(found)


def _of_chain(envelope: Envelope) -> Verified[Roster] | None:
    """Open a roster that a trusted one names as its previous, under its own authorities."""
    try:
        roster, _ = decode(envelope.payload_type, envelope.payload)
        if not isinstance(roster, Roster):
            return None
        return open_first_roster(envelope, roster.authority_keys, roster.threshold)
    except FederationError:
        return None
