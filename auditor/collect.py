"""Copies of all members' logs, in two passes, so that what one log says came first is in the other."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from auditor.copies import Copy
from auditor.finding import Finding
from auditor.mirror import Mandate, Mirror
from auditor.rosters import Rosters
from federation.calling.channels import TlsIdentity
from federation.calling.rosters import fetch_roster
from federation.envelope import Envelope
from federation.errors import FederationError
from federation.instant import Clock
from federation.roster import Roster
from federation.seal import Verified

_ROSTER_SECONDS = 10.0


async def collect(
    rosters: Rosters, identity: TlsIdentity, mandate: Mandate, clock: Clock
) -> tuple[dict[str, Copy], list[Finding]]:
    """Copy every log that the roster names; a member that cannot be copied is a finding `not_copied`.

    All logs are read once before any is read on. So whatever a copied entry rests on (a query received on one asked,
    a reply accepted on one given) is in the other log's copy by then, whoever's clock is wrong.
    """
    failures: list[Finding] = []
    mirrors: list[Mirror] = []
    for member in rosters.logs():
        try:
            mirrors.append(Mirror(member, identity, mandate, clock))
        except FederationError as error:
            failures.append(_failed(member.id, error))
    try:
        first = await asyncio.gather(*(mirror.copy() for mirror in mirrors), return_exceptions=True)
        failures += _failures(mirrors, first)
        ready = [mirror for mirror, outcome in zip(mirrors, first, strict=True) if outcome is None]
        second = await asyncio.gather(*(mirror.finish() for mirror in ready), return_exceptions=True)
        failures += _failures(ready, second)
    finally:
        for mirror in mirrors:
            await mirror.close()
    return {copy.member: copy for copy in second if isinstance(copy, Copy)}, failures


async def find_rosters(newest: Verified[Roster], known: Iterable[Envelope], identity: TlsIdentity) -> Rosters:
    """The newest roster and those before it: as known here, else as any member hands them out, each verified."""
    earlier = list(known)
    rosters = Rosters(newest, earlier)
    while rosters.missing:
        wanted = rosters.missing
        for member in rosters.logs():
            try:
                earlier.append(
                    await fetch_roster(member, "roster", identity, version=wanted, deadline_seconds=_ROSTER_SECONDS)
                )
            except FederationError:
                continue
            rosters = Rosters(newest, earlier)
            if rosters.missing < wanted:
                break
        if rosters.missing == wanted:
            break
    return rosters


def _failures(mirrors: Iterable[Mirror], outcomes: Iterable[object]) -> list[Finding]:
    """Findings of the members that failed; what is no fault of a member is raised."""
    failures = []
    for mirror, outcome in zip(mirrors, outcomes, strict=True):
        if isinstance(outcome, FederationError):
            failures.append(_failed(mirror.member.id, outcome))
        elif isinstance(outcome, BaseException):
            raise outcome
    return failures


def _failed(member: str, error: FederationError) -> Finding:
    return Finding(kind="not_copied", member=member, found=f"{type(error).__name__}: {error.message}")
