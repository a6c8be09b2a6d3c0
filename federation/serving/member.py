"""What every serving member has: its keys, its roster, its log, and the configuration that names them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from typing import Annotated, Final
from urllib.parse import urlsplit

import asyncpg
import msgspec

from federation.append import Draft, MemberLog, stored_request
from federation.calling.channels import TlsIdentity
from federation.config import Strict
from federation.entry import Entry
from federation.errors import ConfigError
from federation.evidence import EvidenceKey
from federation.instant import Clock
from federation.keys import SigningKey
from federation.pins import load_pins, open_roster_file
from federation.roster import Roster
from federation.schema import LOG_MIGRATIONS, SERVING_MIGRATIONS, check_schema
from federation.seal import Verified
from federation.serving.membership import Membership
from federation.serving.server import MOST_CONNECTIONS
from federation.telemetry import telemetry
from federation.tlog.log import Log, create_log
from federation.tlog.session import left_as_it_is

PATIENCE: Final = 60.0  # seconds for a database that recovers from a crash of its own while this process starts
_PAUSE: Final = 0.5
_PASSING: Final = (
    ConnectionRefusedError,
    ConnectionResetError,
    FileNotFoundError,  # the socket of a server that is not yet up
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
)


class MemberTable(Strict, frozen=True, kw_only=True):
    """[member]: who this process is, and where its keys and its roster lie (relative to the configuration)."""

    federation: str
    id: str
    keys: Path
    roster_file: Path
    authorities_file: Path


class ListenTable(Strict, frozen=True, kw_only=True):
    """[listen]: the address (host:port), whether gRPC reflection is answered, and the most connections at a time."""

    address: str
    reflection: bool = False
    connections: Annotated[int, msgspec.Meta(ge=16, le=MOST_CONNECTIONS)] = MOST_CONNECTIONS


class LogTable(Strict, frozen=True, kw_only=True):
    """[log]: where the newest checkpoint is anchored: a file on another volume than the database's."""

    anchor_file: Path


class TelemetryTable(Strict, frozen=True, kw_only=True):
    """[telemetry]: the least level that is written."""

    level: str = "info"


class MetricsTable(Strict, frozen=True, kw_only=True):
    """[metrics]: the address (host:port) at which Prometheus may fetch them, over plain HTTP; without it nobody may."""

    listen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The private keys of a member's process."""

    statement: SigningKey
    log: SigningKey
    evidence: EvidenceKey
    tls: TlsIdentity

    @classmethod
    def from_folder(cls, folder: Path) -> Keys:
        """Read statement.pem, log.pem, evidence.pem, tls.pem and tls.crt; each private file of mode 0600."""
        return cls(
            statement=SigningKey.from_file(folder / "statement.pem"),
            log=SigningKey.from_file(folder / "log.pem"),
            evidence=EvidenceKey.from_file(folder / "evidence.pem"),
            tls=TlsIdentity.from_files(folder / "tls.crt", folder / "tls.pem"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberParts:
    """What a member's service stands on."""

    keys: Keys
    pool: asyncpg.Pool
    membership: Membership
    log: MemberLog


async def open_member(
    member: MemberTable, log: LogTable, *, log_dsn: str, migrations: tuple[Path, ...], command: str, clock: Clock
) -> tuple[MemberParts, AsyncExitStack]:
    """Open keys, database, roster and log, in that order; refuses whatever does not fit (ConfigError, CorruptLog)."""
    stack = AsyncExitStack()
    try:
        keys = Keys.from_folder(member.keys)
        pool = await stack.enter_async_context(await open_pool(log_dsn, patience=PATIENCE))
        async with pool.acquire() as connection:
            await check_schema(connection, (LOG_MIGRATIONS, SERVING_MIGRATIONS, *migrations), command=command)
        membership = await Membership.open(
            pool,
            member=member.id,
            roster_file=member.roster_file,
            pins=load_pins(member.authorities_file),
            identity=keys.tls,
        )
        _require_own_keys(membership.roster, member, keys, clock())
        origin = membership.roster.member(member.id).log_origin
        opened = await Log.open(
            log_dsn, signer=keys.log, origin=origin, anchor=log.anchor_file, request_of=stored_request
        )
        stack.push_async_callback(opened.close)
        member_log = MemberLog(
            opened,
            member=member.id,
            origin=origin,
            key=keys.evidence,
            recipients=lambda: membership.recipients(clock()),
        )
        await log_roster(member_log, membership.held, clock())
    except BaseException:
        await stack.aclose()
        raise
    return MemberParts(keys=keys, pool=pool, membership=membership, log=member_log), stack


async def open_pool(dsn: str, *, patience: float = 0.0) -> asyncpg.Pool:
    """A small pool for one process; refuses a password in the DSN, and a database that does not answer.

    A database that starts, stops or recovers, or has no place left, is waited for, `patience` seconds at most.
    """
    require_no_password(dsn)
    until = monotonic() + patience
    awaited = False
    while True:
        try:
            return await asyncpg.create_pool(dsn, min_size=1, max_size=4, reset=left_as_it_is)
        except (OSError, asyncpg.PostgresError, ValueError) as error:
            kind = type(error).__name__
            if not isinstance(error, _PASSING) or monotonic() >= until:
                raise ConfigError(f"cannot connect to the database: {kind}; check the DSN and its passfile") from error
        if not awaited:
            telemetry().warning("database_awaited", error=kind)
            awaited = True
        await asyncio.sleep(_PAUSE)


async def log_roster(log: MemberLog, held: Verified[Roster], at: datetime) -> None:
    """Log that this roster was accepted; a roster logged before adds nothing."""
    entry = Entry(kind="roster_accepted", instant=at, statement_digest=held.digest, retention="standard")
    await log.append([Draft(entry=entry, envelope=held.envelope)])


def enrolled_roster(member: MemberTable) -> Roster:
    """The roster in the member's file, under the pinned authorities; refuses one that does not name the member."""
    roster = open_roster_file(member.roster_file, load_pins(member.authorities_file)).statement
    roster.member(member.id)
    return roster


async def create_member_log(owner_dsn: str, member: MemberTable, log: LogTable, origin: str) -> None:
    """Make the member's log, once; the service never does."""
    signer = SigningKey.from_file(member.keys / "log.pem")
    await create_log(owner_dsn, signer=signer, origin=origin, anchor=log.anchor_file)


def member_under(member: MemberTable, base: Path) -> MemberTable:
    """The member table with its paths under `base`."""
    return msgspec.structs.replace(
        member,
        keys=base / member.keys,
        roster_file=base / member.roster_file,
        authorities_file=base / member.authorities_file,
    )


def role_of(dsn: str) -> str:
    """The role under which a DSN enters (ConfigError where it names none)."""
    role = urlsplit(dsn).username
    if not role:
        raise ConfigError("a DSN names its role: postgresql://role@host/database?passfile=...")
    return role


def require_no_password(dsn: str) -> None:
    """Refuse a DSN that holds a password: passwords live in a passfile of mode 0600 (ConfigError)."""
    if urlsplit(dsn).password is not None:
        raise ConfigError("a DSN may not hold a password; put it in a passfile and add ?passfile=/path to the DSN")


def _require_own_keys(roster: Roster, member: MemberTable, keys: Keys, at: datetime) -> None:
    if roster.federation != member.federation:
        raise ConfigError(f"the roster is of the federation {roster.federation}, not {member.federation}")
    if at >= roster.window.end:
        raise ConfigError(f"the roster expired on {roster.window.end:%Y-%m-%d}; get the next from the authorities")
    enrolled = roster.member(member.id)
    for use, own in (("statement", keys.statement.public.spki), ("log", keys.log.public.spki)):
        if own not in {key.public for key in enrolled.keys_for(use, at)}:
            raise ConfigError(f"the roster does not name this {use} key now; enrol it, or restore the key enrolled")
    if keys.evidence.public.raw not in {key.public for key in enrolled.keys_for("evidence", at)}:
        raise ConfigError("the roster does not name this evidence key now; enrol it, or restore the key enrolled")
