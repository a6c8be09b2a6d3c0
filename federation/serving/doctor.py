"""The steps by which an operator sees that a serving member's process can do what it is for; nothing is changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

import asyncpg

from federation import config
from federation.append import stored_request
from federation.calling.seen import see, tell_seen
from federation.enrolment import see_certificate, see_keys, see_roster, see_standing
from federation.errors import FederationError
from federation.evidence import EvidenceKey
from federation.instant import Clock
from federation.keys import SigningKey
from federation.pins import load_pins, open_roster_file
from federation.roster import Member, Roster
from federation.schema import LOG_MIGRATIONS, SERVING_MIGRATIONS, check_schema
from federation.seal import Verified
from federation.serving.member import Keys, LogTable, MemberTable, open_pool
from federation.serving.membership import newest_stored
from federation.steps import Look, Step, Steps, need
from federation.tlog.look import HASHED, look
from federation.tlog.note import NoteVerifier

L = TypeVar("L")


class MemberDoctor(ABC, Generic[L]):
    """Takes the steps that every serving member has, and keeps what later ones stand on."""

    @classmethod
    async def examine(cls, load: Callable[[Path], L], path: Path, clock: Clock, tell: Callable[[Step], None]) -> Steps:
        """Take every step, telling of each as it ends; changes nothing, anywhere."""
        steps = Steps(tell)

        async def configuration(look: Look) -> L:
            loaded = load(path)
            look.found.append(f"{path}, SHA-256 {config.digest(path)}")
            return loaded

        async with AsyncExitStack() as stack:
            doctor = cls(steps, clock, stack)
            loaded = await steps.take("configuration", configuration)
            if loaded is not None:
                await doctor.walk(loaded)
        return steps

    @abstractmethod
    async def walk(self, loaded: L) -> None:
        """Every step but the first, the configuration itself."""

    def __init__(self, steps: Steps, clock: Clock, stack: AsyncExitStack) -> None:
        self.steps = steps
        self.clock = clock
        self.stack = stack
        self.keys: Keys | None = None
        self.roster: Verified[Roster] | None = None
        self.enrolled: Member | None = None
        self.pool: asyncpg.Pool | None = None

    async def member(
        self, member: MemberTable, role: str, *, dsn: str, migrations: Sequence[Path], command: str
    ) -> None:
        """Keys, database, roster, own keys in it, certificate: whatever the service needs before its log."""
        sources = (LOG_MIGRATIONS, SERVING_MIGRATIONS, *migrations)
        take = self.steps.take
        self.keys = await take("keys", lambda look: read_keys(look, member.keys))
        self.pool = await take("database", lambda look: self._database(look, dsn, sources, command))
        in_file = await take("roster file", lambda look: _in_file(look, member))
        mend = f"see that the tables are as {command} migrate made them"
        stored = await take("stored roster", lambda look: self._stored(look, member, in_file), mend=mend)
        held = [roster for roster in (stored, in_file) if roster is not None]
        self.roster = max(held, key=lambda roster: roster.statement.version, default=None)
        await take("roster", lambda look: self._in_force(look, member))
        self.enrolled = await take("enrolment", lambda look: self._enrolment(look, member, role))
        await take("certificate", self._certificate)

    async def log(self, table: LogTable) -> None:
        """The log, as at the start of the service, which may run meanwhile; and its anchor."""
        await self.steps.take("log", lambda seen: self._log(seen, table))

    async def other(self, name: str, member: Member, kind: str) -> None:
        """Another member, as reached from here, and as it sees this process."""
        await self.steps.take(name, lambda look: self._other(look, member, kind))

    async def own_endpoint(self, kind: str, command: str) -> None:
        """This member's own door, as the roster names it to the others."""

        async def seen(look: Look) -> None:
            await self._other(look, need(self.enrolled, "the enrolment"), kind)

        mend = f"start the service ({command} serve), or have the roster's endpoint corrected"
        await self.steps.take("own endpoint", seen, mend=mend)

    async def _other(self, look: Look, member: Member, kind: str) -> None:
        keys, roster = need(self.keys, "the keys"), need(self.roster, "the roster")
        tell_seen(look, member, await see(member, kind, keys.tls, self.clock), roster)

    async def _in_force(self, look: Look, member: MemberTable) -> None:
        see_roster(look, need(self.roster, "the roster").statement, member.federation, self.clock())

    async def _enrolment(self, look: Look, member: MemberTable, role: str) -> Member:
        roster = need(self.roster, "the roster").statement
        enrolled = see_standing(look, roster, member.id, role)
        keys = need(self.keys, "the keys")
        own = {
            "statement": keys.statement.public.spki,
            "log": keys.log.public.spki,
            "evidence": keys.evidence.public.raw,
        }
        see_keys(look, enrolled, own, self.clock())
        return enrolled

    async def _certificate(self, look: Look) -> None:
        roster, member = need(self.roster, "the roster").statement, need(self.enrolled, "the enrolment")
        tls = need(self.keys, "the keys").tls
        see_certificate(look, roster, member, tls.certificate, tls.key, self.clock())

    async def _database(self, look: Look, dsn: str, sources: Sequence[Path], command: str) -> asyncpg.Pool:
        pool = await self.stack.enter_async_context(await open_pool(dsn))
        async with pool.acquire() as connection:
            await check_schema(connection, sources, command=command)
            look.found.append(
                f"PostgreSQL {connection.get_server_version().major}, its schema as this version needs it"
            )
        return pool

    async def _stored(
        self, look: Look, member: MemberTable, in_file: Verified[Roster] | None
    ) -> Verified[Roster] | None:
        stored = await newest_stored(need(self.pool, "the database"), load_pins(member.authorities_file))
        if stored is None:
            look.found.append("none yet: the service takes the file's when it starts")
            return None
        version = stored.statement.version
        look.found.append(f"version {version}")
        if in_file is None:
            return stored
        if in_file.statement.version > version:
            look.notes.append(f"the file has version {in_file.statement.version}: restart the service to take it")
        elif in_file.statement.version == version and in_file.digest != stored.digest:
            look.wrong.append(f"the file has ANOTHER roster of version {version}: tell the authorities at once")
        return stored

    async def _log(self, seen: Look, table: LogTable) -> None:
        pool, keys = need(self.pool, "the database"), need(self.keys, "the keys")
        origin = need(self.enrolled, "the enrolment").log_origin
        stored = await look(pool, NoteVerifier(origin, keys.log.public), table.anchor_file, stored_request)
        size = stored.checkpoint.size
        hashed = "each hashed again" if size <= HASHED else "which the service hashes again when it starts"
        seen.found.append(f"{size} entries, {hashed}; root signed, and as anchored in {table.anchor_file}")


async def _in_file(look: Look, member: MemberTable) -> Verified[Roster]:
    found = open_roster_file(member.roster_file, load_pins(member.authorities_file))
    look.found.append(f"version {found.statement.version}, signed by the authorities that are pinned here")
    return found


async def read_keys(look: Look, folder: Path) -> Keys | None:
    """Read every private key, each judged alone."""
    read: tuple[tuple[str, Callable[[Path], object]], ...] = (
        ("statement.pem", SigningKey.from_file),
        ("log.pem", SigningKey.from_file),
        ("evidence.pem", EvidenceKey.from_file),
    )
    for name, from_file in read:
        try:
            from_file(folder / name)
        except FederationError as error:
            look.wrong.append(error.message)
    try:
        keys = Keys.from_folder(folder)
    except FederationError as error:
        if error.message not in look.wrong:
            look.wrong.append(error.message)
        return None
    look.found.append(f"of mode 0600 in {folder}")
    return keys


def age(at: datetime, since: datetime) -> str:
    """How long ago, as a person says it."""
    hours = (at - since).total_seconds() / 3600
    return f"{hours:.0f} h" if hours < 72 else f"{hours / 24:.0f} days"
