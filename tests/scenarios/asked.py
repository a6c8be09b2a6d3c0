"""Officers who go on asking while something fails, and what must hold of all that they were told.

`Asking` asks without a pause and goes on with the same bytes wherever a query was cut short, as `ask --resume` does.
Everything its officers verified is kept, and held against the members' logs afterwards.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from types import TracebackType

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from auditor.audit import AuditReport, audit
from auditor.collect import collect
from auditor.mirror import Mandate
from auditor.opening import Auditor
from auditor.rosters import Rosters
from coordinator.acceptance import Accepted
from coordinator.cli import asking
from federation.calling.channels import open_channel
from federation.envelope import Envelope
from federation.errors import FederationError, LogUnavailable, TooBusy, TooLate, Unreachable
from federation.instant import DEFAULT_WINDOW
from federation.result import Silence
from federation.wire.entry import decode_entry
from tests.agencies import HELD
from tests.federation import AUDITOR, COORDINATOR, DEADLINE_SECONDS, NAME, Federation, Told

WORTH_RESUMING = (Unreachable, TooLate, TooBusy, LogUnavailable)
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
_ASK_SECONDS = 8.0
_PATIENCE_SECONDS = 20.0


class Asking:
    """Officers asking at the same time, for as long as the block lasts; each query is pursued to its last answer."""

    def __init__(self, federation: Federation, audience: Sequence[str], officers: int = 3) -> None:
        """Name whom they ask."""
        self._federation = federation
        self._audience = tuple(audience)
        self._officers = officers
        self._ending = False
        self._tasks: list[asyncio.Task[None]] = []
        self.acknowledged: list[Accepted] = []
        self.finished: list[Envelope] = []
        self.faults: list[FederationError] = []

    async def __aenter__(self) -> Asking:
        """Begin."""
        self._tasks = [asyncio.create_task(self._ask_on(at)) for at in range(self._officers)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End, once every query has all its answers."""
        self._ending = True
        if error is not None:
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=error is not None)

    async def until_more(self, queries: int, seconds: float = _PATIENCE_SECONDS) -> None:
        """Wait until so many more queries have all their answers."""
        wanted = len(self.finished) + queries
        async with asyncio.timeout(seconds):
            while len(self.finished) < wanted:
                await asyncio.sleep(0.02)
                for task in self._tasks:
                    if task.done():
                        task.result()

    async def _ask_on(self, at: int) -> None:
        while not self._ending:
            person = HELD[at % len(HELD)].person
            at += self._officers
            envelope = self._federation.sign(self._federation.query(person, audience=self._audience))
            async with asyncio.timeout(_PATIENCE_SECONDS):
                while not await self._answered_by_all(envelope):  # noqa: ASYNC110  REASON: others recover by themselves
                    await asyncio.sleep(0.05)
            self.finished.append(envelope)

    async def _answered_by_all(self, envelope: Envelope) -> bool:
        silent = complete = False
        try:
            async for told in asking.ask(envelope, self._federation.officer(), _ASK_SECONDS):
                if isinstance(told, Accepted):
                    self.acknowledged.append(told)
                silent |= isinstance(told, Silence)
                complete |= isinstance(told, asking.Final)
        except WORTH_RESUMING as error:
            self.faults.append(error)
            return False
        return complete and not silent


async def pursue(federation: Federation, query: Envelope) -> Told:
    """Ask with the same bytes until every member of the audience has answered, as officers do with `--resume`."""
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            try:
                told = await federation.ask(query)
                if not any(isinstance(outcome, Silence) for outcome in told.outcomes.values()):
                    return told
            except WORTH_RESUMING:
                pass
            await asyncio.sleep(0.1)


def shorten_deadline(federation: Federation, seconds: float) -> None:
    """Have a coordinator that is not yet started wait no longer for any node."""
    path = federation.folder(COORDINATOR).root / "coordinator.toml"
    path.write_text(path.read_text().replace(f"deadline_seconds = {DEADLINE_SECONDS}", f"deadline_seconds = {seconds}"))


async def require_accounted_for(federation: Federation, told: Sequence[Accepted]) -> None:
    """Every reply that an officer was shown stands in its node's log at the place its receipt names, and only once.

    It stands in the coordinator's log as accepted; and whoever asked twice was told the same.
    """
    members = {one.member for one in told}
    leaves = {member: await _leaves(federation, member) for member in (*members, COORDINATOR)}
    entries = [decode_entry(leaf) for leaf in leaves[COORDINATOR].values()]
    accepted = {(entry.members[0], entry.statement_digest) for entry in entries if entry.kind == "reply_accepted"}
    replies: defaultdict[tuple[str, bytes], set[bytes]] = defaultdict(set)
    for one in told:
        assert leaves[one.member].get(one.receipt.index) == one.receipt.entry, one.member
        assert (one.member, one.reply.digest) in accepted
        replies[one.member, one.reply.statement.query_digest].add(one.reply.digest)
    assert all(len(digests) == 1 for digests in replies.values())


async def audited(federation: Federation, later: timedelta = 2 * DEFAULT_WINDOW) -> AuditReport:
    """What an auditor says of all members that run, as if it had come later: once every window is over."""
    keys, roster = federation.keys(AUDITOR), federation.place.open_roster()
    mandate = Mandate(
        federation=NAME, auditor=AUDITOR, reason="after a fault", case_reference="UJI-1", signer=keys.statement
    )
    rosters = Rosters(roster)
    copies, failures = await collect(rosters, keys.tls, mandate, federation.clock)
    judged = {member: replace(copy, ended=copy.ended + later) for member, copy in copies.items()}
    return audit(judged, rosters, Auditor(member=AUDITOR, key=keys.evidence), failures)


async def require_clean(federation: Federation) -> AuditReport:
    """An auditor has nothing to say of those that run."""
    report = await audited(federation)
    audited_members = {one.member for one in report.members}
    assert audited_members == set(federation.databases)
    found = [one for one in report.findings if one.member in audited_members and one.kind != "reply_late"]
    assert not found, "\n".join(f"{one.kind} of {one.member}: {one}" for one in found)
    return report


async def health(federation: Federation, member: str) -> int | None:
    """What a member says of its own usefulness; None if it says nothing."""
    enrolled = federation.member(member)
    async with open_channel(enrolled, "roster", federation.keys(member).tls) as channel:
        try:
            told = await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=2.0)
        except grpc.aio.AioRpcError:
            return None
    status: int = told.status
    return status


async def until_health(federation: Federation, member: str, status: int, seconds: float = 15.0) -> None:
    """Wait until a member says this of its usefulness."""
    async with asyncio.timeout(seconds):
        while await health(federation, member) != status:  # noqa: ASYNC110  REASON: it looks once a second
            await asyncio.sleep(0.1)


async def kinds_about(federation: Federation, member: str, query_digest: bytes) -> list[str]:
    """The kinds of a member's entries about one query, in their order."""
    entries = [decode_entry(leaf) for _, leaf in sorted((await _leaves(federation, member)).items())]
    return [entry.kind for entry in entries if entry.query_digest == query_digest]


async def _leaves(federation: Federation, member: str) -> dict[int, bytes]:
    rows = await federation.rows(member, "SELECT index, leaf FROM simpul.log_entry")
    return {row["index"]: row["leaf"] for row in rows}
