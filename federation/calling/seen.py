"""How another member is seen from here, and sees this process: reachable, its roster, its clock; or why it is not."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import grpc

from federation.calling.channels import TlsIdentity, ca_pem, open_channel
from federation.envelope import Envelope
from federation.errors import FederationError, TooLate, Unreachable
from federation.instant import SKEW, Clock, from_micros
from federation.roster import Member, Roster
from federation.seal import Verified
from federation.status import from_call, named
from federation.steps import Look
from federation.v1.membership_pb2 import RosterServiceGetRequest
from federation.v1.membership_pb2_grpc import RosterServiceStub
from federation.wire.envelope import envelope_from_wire
from federation.wire.statement import decode

CLOCK_KEY: Final = "simpul-clock"
_SECONDS: Final = 5.0
_UNEASY: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A roster as handed out, not verified; how far the other clock is ahead of this one (None if it does not tell)."""

    roster: Envelope
    ahead: timedelta | None


async def see(member: Member, kind: str, identity: TlsIdentity, clock: Clock) -> Seen:
    """Ask a member for its newest roster, as this process; refuses as the member does, or says why it is not reached.

    The offset of its clock is known to half the round trip; it is not signed, and no decision may rest on it.
    """
    try:
        async with open_channel(member, kind, identity) as channel:
            asked = clock()
            call = RosterServiceStub(channel).Get(RosterServiceGetRequest(version=0), timeout=_SECONDS)
            response = await call
            ahead = _ahead(await call.trailing_metadata(), asked, clock())
    except grpc.aio.AioRpcError as error:
        found = from_call(error)
        if isinstance(found, Unreachable | TooLate):
            raise Unreachable(await _why(member, kind) or found.message) from error
        raise _as_told(found, member) from error
    return Seen(roster=envelope_from_wire(response.roster), ahead=ahead)


def tell_seen(look: Look, member: Member, seen: Seen, held: Verified[Roster]) -> None:
    """Tell how a member's roster and clock stand to the ones here."""
    _tell_roster(look, member, seen, held)
    if seen.ahead is None:
        look.notes.append(f"{member.id} does not tell its clock: it runs an older version")
        return
    seconds = seen.ahead.total_seconds()
    look.found.append(f"its clock is {seconds:+.1f} s from this one")
    if abs(seen.ahead) > SKEW:
        look.wrong.append(
            f"the clock of {member.id} is {seconds:+.0f} s from this one, more than {SKEW.total_seconds():.0f} s: "
            "queries will be refused as expired or not yet valid; set the clock that is wrong (chronyc tracking)"
        )
    elif abs(seen.ahead) > _UNEASY:
        look.notes.append(f"the clock of {member.id} is {seconds:+.1f} s from this one: see that both are set by NTP")


def _tell_roster(look: Look, member: Member, seen: Seen, held: Verified[Roster]) -> None:
    here = held.statement.version
    if seen.roster.statement_digest == held.digest:
        look.found.append(f"holds the same roster, version {here}")
        return
    statement, _ = decode(seen.roster.payload_type, seen.roster.payload)
    if not isinstance(statement, Roster) or statement.federation != held.statement.federation:
        look.wrong.append(f"{member.id} hands out no roster of this federation: is its endpoint right?")
    elif statement.version == here:
        look.wrong.append(f"{member.id} holds ANOTHER roster of version {here}: tell the authorities at once")
    elif statement.version > here:
        look.notes.append(f"{member.id} holds roster {statement.version}, here is {here}: install the newer one")
    else:
        look.notes.append(f"{member.id} still holds roster {statement.version}, here is {here}")


def _ahead(trailing: object, asked: datetime, answered: datetime) -> timedelta | None:
    told = {str(key): str(value) for key, value in trailing or ()}  # type: ignore[attr-defined]  # REASON: untyped
    value = told.get(CLOCK_KEY, "")
    if not value.isdecimal():
        return None
    try:
        return from_micros(int(value)) - (asked + (answered - asked) / 2)
    except ValueError:
        return None


def _as_told(error: FederationError, member: Member) -> FederationError:
    return named(type(error).__name__, f"{member.id} was reached and answers: {error.message}", error.facts)


async def _why(member: Member, kind: str) -> str:
    """Why a member is not reached: no connection, or a certificate that the roster's CA did not sign; else empty."""
    target = member.endpoints[kind]
    host, _, port = target.rpartition(":")
    if not host or not port.isdecimal():
        return f"the roster's endpoint {kind} of {member.id}, {target}, is not host:port"
    context = ssl.create_default_context(cadata=ca_pem(member.tls_ca).decode())
    context.set_alpn_protocols(["h2"])
    try:
        async with asyncio.timeout(_SECONDS):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port), ssl=context)
    except ssl.SSLCertVerificationError as error:
        return (
            f"{target} presents a certificate that does not hold under the CA which the roster names for {member.id} "
            f"({error.verify_message}): it is another's, or the roster is old"
        )
    except ssl.SSLError as error:
        return f"{target} does not speak TLS as it should ({error.reason}): is another service there?"
    except (OSError, TimeoutError) as error:
        kind_of = type(error).__name__
        return (
            f"no connection to {target} ({kind_of}): is it up, is the roster's endpoint right, is a firewall between?"
        )
    writer.close()
    return f"{target} takes the connection and then gives no answer: does it accept this process's certificate?"
