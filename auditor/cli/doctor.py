"""The doctor of an auditor: its keys and roster, then each log of the federation as it is reached from here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from auditor.config import Keys, Settings, load_keys, load_roster, load_settings
from auditor.mirror import ENDPOINT, Mandate, Mirror
from federation.calling.seen import see, tell_seen
from federation.config import digest
from federation.enrolment import see_certificate, see_keys, see_roster, see_standing
from federation.errors import CorruptLog, FederationError
from federation.evidence import SECRET_BYTES, EvidenceKey, EvidencePublicKey, Recipient, unwrap, wrap_for
from federation.instant import Clock
from federation.keys import SigningKey
from federation.roster import Member, Roster
from federation.seal import Verified
from federation.steps import Look, Step, Steps, need
from federation.tlog.checkpoint import verify_checkpoint
from federation.tlog.note import NoteVerifier
from federation.tlog.rows import WrapRow

_AT_ONCE: Final = 16
_KEEP_A_LOG: Final = frozenset({"node", "coordinator"})
_PROBE: Final = "doctor"


async def examine(path: Path, clock: Clock, tell: Callable[[Step], None], *, opening: bool) -> Steps:
    """Take every step of an auditor's doctor, telling of each as it ends.

    With `opening`, one group of evidence is opened in each log, which that log records; else nothing is changed.
    """
    steps = Steps(tell)
    await AuditorDoctor(steps, clock, opening=opening).walk(path)
    return steps


class AuditorDoctor:
    """Takes the steps of an auditor, and keeps what later ones stand on."""

    def __init__(self, steps: Steps, clock: Clock, *, opening: bool) -> None:
        self._steps = steps
        self._clock = clock
        self._opening = opening
        self._settings: Settings | None = None
        self._keys: Keys | None = None
        self._roster: Verified[Roster] | None = None
        self._enrolled: Member | None = None

    async def walk(self, path: Path) -> None:
        """Every step."""
        take = self._steps.take
        self._settings = await take("configuration", lambda look: _configuration(look, path))
        self._keys = await take("keys", self._read_keys)
        self._roster = await take("roster", self._open_roster)
        self._enrolled = await take("enrolment", self._enrolment)
        await take("certificate", self._certificate)
        await take("evidence key", self._evidence_key)
        turns = asyncio.Semaphore(_AT_ONCE)
        members = () if self._roster is None else self._roster.statement.members
        await asyncio.gather(*(self._in_turn(turns, member) for member in members if member.roles & _KEEP_A_LOG))

    async def _in_turn(self, turns: asyncio.Semaphore, member: Member) -> None:
        async with turns:
            await self._steps.take(f"log of {member.id}", lambda look: self._log(look, member))

    async def _read_keys(self, look: Look) -> Keys | None:
        """Read every private key, each judged alone."""
        settings = need(self._settings, "the configuration")
        read: tuple[tuple[str, Callable[[Path], object]], ...] = (
            ("statement.pem", SigningKey.from_file),
            ("evidence.pem", EvidenceKey.from_file),
        )
        for name, from_file in read:
            try:
                from_file(settings.keys / name)
            except FederationError as error:
                look.wrong.append(error.message)
        try:
            keys = load_keys(settings)
        except FederationError as error:
            if error.message not in look.wrong:
                look.wrong.append(error.message)
            return None
        look.found.append(f"of mode 0600 in {settings.keys}")
        return keys

    async def _open_roster(self, look: Look) -> Verified[Roster]:
        settings = need(self._settings, "the configuration")
        found = load_roster(settings)
        see_roster(look, found.statement, settings.federation, self._clock())
        return found

    async def _enrolment(self, look: Look) -> Member:
        settings, keys = need(self._settings, "the configuration"), need(self._keys, "the keys")
        member = see_standing(look, need(self._roster, "the roster").statement, settings.member, "auditor")
        own = {"statement": keys.statement.public.spki, "evidence": keys.evidence.public.raw}
        see_keys(look, member, own, self._clock())
        return member

    async def _certificate(self, look: Look) -> None:
        keys, member = need(self._keys, "the keys"), need(self._enrolled, "the enrolment")
        roster = need(self._roster, "the roster").statement
        see_certificate(look, roster, member, keys.tls.certificate, keys.tls.key, self._clock())

    async def _evidence_key(self, look: Look) -> None:
        """What members wrap to the key that the roster names opens with the key held here."""
        keys, member = need(self._keys, "the keys"), need(self._enrolled, "the enrolment")
        named = list(member.keys_for("evidence", self._clock()))
        for key in named:
            recipient = Recipient(member=member.id, key=EvidencePublicKey(key.public))
            wrapped = wrap_for(bytes(SECRET_BYTES), _PROBE.encode(), recipient)
            try:
                unwrap(wrapped.wrap, keys.evidence, origin=_PROBE, group=wrapped.group, recipient=member.id)
            except CorruptLog:
                look.notes.append("the roster names an evidence key that is not here: what is wrapped to it stays shut")
            else:
                look.found.append("opens what is wrapped to the key that the roster names")
        if not look.found:
            look.wrong.append("no evidence key that the roster names now is here: enrol it, or put it back")

    async def _log(self, look: Look, member: Member) -> None:
        """A member's log as reached from here: its checkpoint, its clock, and its evidence wrapped for this auditor."""
        keys, roster = need(self._keys, "the keys"), need(self._roster, "the roster")
        tell_seen(look, member, await see(member, ENDPOINT, keys.tls, self._clock), roster)
        mirror = Mirror(member, keys.tls, self._mandate(), self._clock)
        try:
            newest = verify_checkpoint(await mirror.head(), NoteVerifier.from_vkey(member.log_vkey))
            look.found.append(f"{newest.size} entries, signed by its log key")
            await self._wraps(look, member, mirror)
        finally:
            await mirror.close()

    async def _wraps(self, look: Look, member: Member, mirror: Mirror) -> None:
        key_id = need(self._keys, "the keys").evidence.public.key_id
        rows = await mirror.some_wraps()
        own = [row for row in rows if row.key_id == key_id]
        if not rows:
            look.found.append("no evidence in it yet")
        elif not own:
            look.notes.append(
                "none of the evidence looked at is wrapped for this key: it may be older than its enrolment"
            )
        elif not self._opening:
            look.found.append("evidence in it is wrapped for this key (--open tries one, which its log records)")
        else:
            self._unwrap(look, member, own[0].group, await mirror.open_group(own[0].group))

    def _unwrap(self, look: Look, member: Member, group: bytes, handed: tuple[WrapRow, ...]) -> None:
        key, own = need(self._keys, "the keys").evidence, need(self._enrolled, "the enrolment").id
        wraps = [row.wrap for row in handed if row.key_id == key.public.key_id and row.wrap]
        if not wraps:
            look.wrong.append("it handed out no wrap for this key, though it holds one: ask its operator")
            return
        unwrap(wraps[0], key, origin=member.log_origin, group=group, recipient=own)
        look.found.append("one group of its evidence opens with this key")

    def _mandate(self) -> Mandate:
        settings, keys = need(self._settings, "the configuration"), need(self._keys, "the keys")
        return Mandate(
            federation=settings.federation,
            auditor=settings.member,
            reason=settings.reason,
            case_reference=settings.case_reference,
            signer=keys.statement,
        )


async def _configuration(look: Look, path: Path) -> Settings:
    settings = load_settings(path)
    look.found.append(f"{path}, SHA-256 {digest(path)}")
    return settings
