"""The roster this member holds: accepted once, never gone back from, and handed to whoever asks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg

from federation.calling.channels import TlsIdentity
from federation.calling.rosters import fetch_roster
from federation.calling.seen import CLOCK_KEY
from federation.envelope import Envelope
from federation.errors import ConfigError, FederationError, NotInLog, RosterMismatch
from federation.evidence import EvidencePublicKey, Recipient
from federation.instant import Clock, micros
from federation.keys import VerifyingKey
from federation.roster import Roster
from federation.seal import Opener, Verified, open_first_roster, open_next_roster
from federation.serving.faults import unary
from federation.serving.tls import Peers
from federation.telemetry import telemetry
from federation.v1.membership_pb2 import RosterServiceGetRequest, RosterServiceGetResponse
from federation.v1.membership_pb2_grpc import RosterServiceServicer
from federation.wire.envelope import decode_envelope, encode_envelope, envelope_to_wire

_MISSING_SECONDS = 2.0
_FETCH_SECONDS = 5.0
_HELD = "SELECT envelope FROM simpul.roster WHERE version = coalesce($1, (SELECT max(version) FROM simpul.roster))"
_STORE = "INSERT INTO simpul.roster (version, digest, envelope) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING"

Accepted = Callable[[Verified[Roster]], Awaitable[None]]


class Membership:
    """The newest roster held, and all that is judged by it."""

    def __init__(self, pool: asyncpg.Pool, member: str, held: Verified[Roster], identity: TlsIdentity) -> None:
        self._pool = pool
        self._member = member
        self._identity = identity
        self._fetching = asyncio.Lock()
        self._missing: dict[str, tuple[int, float]] = {}
        self._take(held)

    @classmethod
    async def open(
        cls,
        pool: asyncpg.Pool,
        *,
        member: str,
        roster_file: Path,
        pins: tuple[tuple[VerifyingKey, ...], int],
        identity: TlsIdentity,
    ) -> Membership:
        """Take the newer of the roster stored and the one in the file; refuses a fork, and a member not in it."""
        stored = await _stored(pool, None)
        authorities, threshold = pins
        if stored is None:
            held = open_first_roster(_read(roster_file), authorities, threshold)
            await _store(pool, held)
        else:
            held = await _follow(pool, await _trusted(pool, stored, pins), roster_file)
        if member not in held.statement.by_id:
            raise ConfigError(f"the roster has no member {member}; see that the member id is the one enrolled")
        return cls(pool, member, held, identity)

    @property
    def roster(self) -> Roster:
        """The newest roster held."""
        return self.opener.roster

    def require_in_force(self, at: datetime) -> None:
        """Refuse to consider queries once the roster has expired (RosterMismatch); it is still handed out."""
        if at >= self.roster.window.end:
            raise RosterMismatch(
                "the roster has expired; the authorities must issue the next", held=self.roster.version
            )

    def _take(self, held: Verified[Roster]) -> None:
        self.held = held
        self.opener = Opener(held)
        self._evidence_keys: dict[bytes, EvidencePublicKey] = {}
        self.peers = Peers(held.statement)

    def recipients(self, at: datetime) -> Sequence[Recipient]:
        """Whom evidence is encrypted to: this member, and each auditor in good standing."""
        entitled = {m.id: m for m in (self.roster.member(self._member), *self.roster.with_role("auditor"))}
        return [
            Recipient(member=member.id, key=self._evidence_key(key.public))
            for member in entitled.values()
            for key in member.keys_for("evidence", at)
        ]

    def _evidence_key(self, raw: bytes) -> EvidencePublicKey:
        found = self._evidence_keys.get(raw)
        if found is None:
            found = self._evidence_keys[raw] = EvidencePublicKey(raw)
        return found

    async def at_least(self, version: int, source: str, accepted: Accepted) -> None:
        """Hold `version` or newer, fetching what is missing from `source`; refuses what does not follow.

        A version that could not be fetched from a source is not asked of it again for two seconds (RosterMismatch at
        once): a coordinator that names what it does not have keeps no other from being believed.
        """
        async with self._fetching:
            missing, until = self._missing.get(source, (0, 0.0))
            if version >= missing and time.monotonic() < until:
                raise self._not_fetched(version)
            try:
                await self._fetch(version, source, accepted)
            except RosterMismatch:
                self._missing[source] = version, time.monotonic() + _MISSING_SECONDS
                raise

    async def _fetch(self, version: int, source: str, accepted: Accepted) -> None:
        while self.roster.version < version:
            wanted = self.roster.version + 1
            try:
                envelope = await fetch_roster(
                    self.roster.in_good_standing(source),
                    "roster",
                    self._identity,
                    version=wanted,
                    deadline_seconds=_FETCH_SECONDS,
                )
                found = open_next_roster(envelope, self.held)
            except FederationError as error:
                raise self._not_fetched(version) from error
            await _store(self._pool, found)
            self._take(found)
            await accepted(found)
            telemetry().info("roster_accepted", version=found.statement.version)

    def _not_fetched(self, version: int) -> RosterMismatch:
        return RosterMismatch(
            "the query names a newer roster, which could not be fetched", held=self.roster.version, named=version
        )

    async def envelope(self, version: int) -> Envelope:
        """A roster version as it was accepted; 0 for the newest (NotInLog where it never was)."""
        found = await _stored(self._pool, version or None) if version <= self.roster.version else None
        if found is None:
            raise NotInLog("this member has not held that roster version", version=version)
        return found


class RosterServicer(RosterServiceServicer):
    """RosterService: the roster, for every member and officer."""

    def __init__(self, membership: Membership, clock: Clock) -> None:
        self._membership = membership
        self._clock = clock

    @unary
    async def Get(
        self, request: RosterServiceGetRequest, context: Any
    ) -> RosterServiceGetResponse:  # REASON: gRPC names its methods so
        """Hand out a roster version."""
        now = self._clock()
        self._membership.peers.recognise(context, now)
        context.set_trailing_metadata(((CLOCK_KEY, str(micros(now))),))
        return RosterServiceGetResponse(roster=envelope_to_wire(await self._membership.envelope(request.version)))


async def newest_stored(pool: asyncpg.Pool, pins: tuple[tuple[VerifyingKey, ...], int]) -> Verified[Roster] | None:
    """The newest roster that was accepted and stored, trusted through those before it; None where none was."""
    stored = await _stored(pool, None)
    return None if stored is None else await _trusted(pool, stored, pins)


def _read(path: Path) -> Envelope:
    try:
        return decode_envelope(path.read_bytes())
    except OSError as error:
        raise ConfigError(f"cannot read the roster {path}: {error.strerror}") from error


async def _stored(pool: asyncpg.Pool, version: int | None) -> Envelope | None:
    found = await pool.fetchval(_HELD, version)
    return None if found is None else decode_envelope(found)


async def _store(pool: asyncpg.Pool, roster: Verified[Roster]) -> None:
    await pool.execute(_STORE, roster.statement.version, roster.digest, encode_envelope(roster.envelope))


async def _trusted(
    pool: asyncpg.Pool, newest: Envelope, pins: tuple[tuple[VerifyingKey, ...], int]
) -> Verified[Roster]:
    """The newest stored roster, trusted through the chain of those stored before it, from the pinned keys on."""
    rows = await pool.fetch("SELECT envelope FROM simpul.roster ORDER BY version")
    held = open_first_roster(decode_envelope(rows[0]["envelope"]), *pins)
    for row in rows[1:]:
        held = open_next_roster(decode_envelope(row["envelope"]), held)
    if held.digest != newest.statement_digest:
        raise ConfigError("the stored rosters do not lead to the newest; restore simpul.roster from a backup")
    return held


async def _follow(pool: asyncpg.Pool, held: Verified[Roster], roster_file: Path) -> Verified[Roster]:
    """Accept the rosters beside and in the file that follow the one held; an older file changes nothing."""
    offered = _read(roster_file)
    if offered.statement_digest == held.digest:
        return held
    between = sorted(roster_file.parent.glob("roster.*.envelope"), key=lambda path: (len(path.name), path.name))
    for path in (*between, roster_file):
        envelope = _read(path)
        try:
            held = open_next_roster(envelope, held)
        except RosterMismatch as error:
            telemetry().warning(
                "roster_not_taken", version=held.statement.version, reason=error.message, path=str(path)
            )
            continue
        await _store(pool, held)
    return held
