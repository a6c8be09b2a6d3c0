"""A real federation for a test: ceremony, keys, certificates, databases, indexes, and services over mutual TLS.

`Federation.found` makes one on disk; `start` and `stop` run its members in this process, by a clock that tests move.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import asyncpg
import grpc

from coordinator.acceptance import Accepted
from coordinator.cli import asking
from coordinator.cli.officer import Officer
from coordinator.config import load_config as load_coordinator
from coordinator.serve import COORDINATOR_MIGRATIONS
from coordinator.serve import running as running_coordinator
from deploy.ceremony import founding
from deploy.ceremony.certificates import Authority, officer_uri
from deploy.ceremony.members import MemberFolder, MemberPlan
from deploy.ceremony.officers import OfficerPlan, issue_officer
from deploy.ceremony.rosters import RosterPlan
from federation import status
from federation.answer import Answer, Refusal
from federation.calling.channels import TlsIdentity, open_channel
from federation.envelope import Envelope
from federation.person import Person
from federation.query import Query
from federation.result import Result, Silence
from federation.roster import Member
from federation.schema import LOG_MIGRATIONS, SERVING_MIGRATIONS
from federation.serving.member import Keys, LogTable, MemberTable, create_member_log
from federation.serving.server import Serving
from federation.terms import terms
from federation.v1 import coordinator_pb2 as pb
from federation.v1.coordinator_pb2_grpc import CoordinatorServiceStub
from federation.wire.envelope import envelope_to_wire
from node.cli.indexing import index_records
from node.config import load_config as load_node
from node.schema import migrate_node
from node.serve import NODE_MIGRATIONS
from node.serve import running as running_node
from tests import agencies
from tests.postgres import Database, Server

NAME: Final = "uji"
COORDINATOR: Final = "sekretariat"
NODES: Final = tuple(agencies.TYPES)
DOWN: Final = "kejaksaan"  # a node of the roster that nobody runs
LIAR: Final = "bnnp"  # a node of the roster that a test may play
CARRIER: Final = "sandi"  # a coordinator of the roster that a test may play
GUEST: Final = "tamu"  # a member that only asks
AUDITOR: Final = "inspektorat"
NODE_TEMPLATE: Final = "federation_node"
COORDINATOR_TEMPLATE: Final = "federation_coordinator"
DEADLINE_SECONDS: Final = 6.0
_HOURS: Final = 31 * 24


@dataclass(slots=True)
class MovedClock:
    """A clock that only a test moves."""

    at: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        """The instant."""
        return self.at

    def move(self, by: timedelta) -> None:
        """Move on."""
        self.at += by


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What an officer was told: one outcome for each member, and the result."""

    outcomes: dict[str, Accepted | Silence]
    order: tuple[str, ...]
    result: Result

    def answer(self, member: str) -> Answer:
        """The member's answer."""
        outcome = self.outcomes[member]
        assert isinstance(outcome, Accepted), outcome
        assert isinstance(outcome.reply.statement, Answer), outcome.reply.statement
        return outcome.reply.statement

    def refusal(self, member: str) -> Refusal:
        """The member's refusal."""
        outcome = self.outcomes[member]
        assert isinstance(outcome, Accepted), outcome
        assert isinstance(outcome.reply.statement, Refusal), outcome.reply.statement
        return outcome.reply.statement

    def silence(self, member: str) -> str:
        """Why the member was silent."""
        outcome = self.outcomes[member]
        assert isinstance(outcome, Silence), outcome
        return outcome.reason


def make_templates(server: Server) -> None:
    """Make the databases that every member's is copied from."""
    server.template(NODE_TEMPLATE, [LOG_MIGRATIONS, SERVING_MIGRATIONS, NODE_MIGRATIONS])
    server.template(COORDINATOR_TEMPLATE, [LOG_MIGRATIONS, SERVING_MIGRATIONS, COORDINATOR_MIGRATIONS])
    owner, service = (server.dsn(role, NODE_TEMPLATE) for role in ("simpul_owner", "simpul_service"))
    migrate_node(owner, service, service)  # the schema in which the index is built


class Federation:
    """A federation on disk and, as far as it was started, in this process."""

    def __init__(self, place: founding.Federation, server: Server, clock: MovedClock) -> None:
        """Take over a folder that holds a federation."""
        self.place = place
        self.clock = clock
        self.founded = clock()  # certificates are made as of then: a moved clock may be ahead of the system's
        self.databases: dict[str, Database] = {}
        self._server = server
        self._running: dict[str, tuple[AbstractAsyncContextManager[Serving], Serving]] = {}
        self._officers: dict[str, Officer] = {}

    @classmethod
    async def found(cls, folder: Path, server: Server, nodes: Sequence[str] = NODES) -> Federation:
        """Make keys, roster, databases, logs, rows and indexes; nothing runs yet."""
        clock = MovedClock()
        place = founding.create_federation(folder, _plans(nodes), federation=NAME, at=clock())
        made = cls(place, server, clock)
        for member in (*nodes, COORDINATOR):
            await made._prepare(member)
        return made

    async def start(self, *members: str) -> None:
        """Start members, or all that have a database, in this process."""
        for member in members or tuple(self.databases):
            folder = self.folder(member)
            service: AbstractAsyncContextManager[Serving]
            if member == COORDINATOR:
                service = running_coordinator(load_coordinator(folder.root / "coordinator.toml"), self.clock)
            else:
                service = running_node(load_node(folder.root / "node.toml"), self.clock)
            self._running[member] = service, await service.__aenter__()

    async def stop(self, *members: str) -> None:
        """Stop members, or all that run."""
        for member in members or tuple(self._running):
            service, serving = self._running.pop(member)
            await serving.drain(0.05)
            await service.__aexit__(None, None, None)

    async def close(self) -> None:
        """Stop everything; the databases go with their server."""
        await self.stop()

    def folder(self, member: str) -> MemberFolder:
        """A member's folder."""
        return self.place.member(member)

    def member(self, member: str) -> Member:
        """A member as the newest roster names it."""
        return self.place.open_roster().statement.member(member)

    def keys(self, member: str) -> Keys:
        """A member's private keys."""
        return Keys.from_folder(self.folder(member).keys)

    def officer(self, officer: str = "alya", member: str = "imigrasi", *, purposes: tuple[str, ...] = ()) -> Officer:
        """An officer of a member, for every purpose unless some are named; made when first asked for."""
        found = self._officers.get(officer)
        if found is None:
            plan = OfficerPlan(
                id=officer,
                office="Wasdak",
                purposes=purposes or tuple(terms().purpose),
                coordinator=COORDINATOR,
                hours=_HOURS,
            )
            place = issue_officer(self.place.root / "officers" / officer, self.folder(member), plan, at=self.founded)
            found = self._officers[officer] = Officer.from_folder(place.root)
        return found

    def officer_identity(self, officer: str = "alya", member: str = "imigrasi") -> TlsIdentity:
        """The certificate of an officer."""
        folder = self.folder(member)
        authority = Authority.from_files(folder.ca_key, folder.ca_certificate)
        issued = authority.for_officer(officer_uri(NAME, member, officer), self.founded)
        return TlsIdentity(certificate=issued.certificate, key=issued.key)

    def query(
        self,
        *subjects: Person,
        purpose: str = "life_safety",
        asked: str = "comparison",
        audience: tuple[str, ...] = ("imigrasi",),
        case: str = "IMI-0001",
        officer: Officer | None = None,
    ) -> Query:
        """A query of an officer, as it would be signed now."""
        wish = asking.Wish(
            purpose=purpose, case_reference=case, disclosure_class=asked, subjects=subjects, audience=audience
        )
        return asking.make_query(wish, officer or self.officer(), self.clock())

    def sign(self, query: Query, officer: Officer | None = None, second: Officer | None = None) -> Envelope:
        """A query signed by its officer."""
        return asking.sign(query, officer or self.officer(), second)

    async def ask(self, query: Query | Envelope, officer: Officer | None = None) -> Told:
        """Ask through the coordinator, everything verified on the officer's side."""
        asker = officer or self.officer()
        envelope = query if isinstance(query, Envelope) else self.sign(query, asker)
        outcomes: dict[str, Accepted | Silence] = {}
        result: Result | None = None
        async for told in asking.ask(envelope, asker, 30.0):
            if isinstance(told, asking.Final):
                result = told.result.statement
            else:
                outcomes[told.member] = told
        assert result is not None
        return Told(outcomes=outcomes, order=tuple(outcomes), result=result)

    async def bring(self, envelope: Envelope, identity: TlsIdentity) -> list[pb.CoordinatorServiceAskResponse]:
        """Bring any bytes to the coordinator under any certificate, checking nothing on this side."""
        async with open_channel(self.member(COORDINATOR), "coordinator", identity) as channel:
            request = pb.CoordinatorServiceAskRequest(query=envelope_to_wire(envelope))
            try:
                return [response async for response in CoordinatorServiceStub(channel).Ask(request, timeout=20.0)]
            except grpc.aio.AioRpcError as error:
                raise status.from_call(error) from error

    def revoke(self, officer: str) -> None:
        """Put a roster in force, in every member's folder, that revokes the credential of an officer."""
        revoked = frozenset({self.officer(officer).credential.statement_digest})
        self.change_roster(revoke=revoked)

    def change_roster(self, **changes: frozenset[bytes] | frozenset[str]) -> None:
        """Put the next version in force in every member's folder; what runs learns of it as it may."""
        plan = RosterPlan(federation=NAME, **changes)  # type: ignore[arg-type]
        founding.change_roster(self.place, plan, at=self.clock())

    async def rows(self, member: str, statement: str, *arguments: object) -> list[asyncpg.Record]:
        """Rows of a member's database, as its superuser sees them."""
        connection = await asyncpg.connect(self.databases[member].admin_dsn)
        try:
            return list(await connection.fetch(statement, *arguments))
        finally:
            await connection.close()

    async def _prepare(self, member: str) -> None:
        """A member's database, log and configuration and, of a node, its rows and index."""
        template = COORDINATOR_TEMPLATE if member == COORDINATOR else NODE_TEMPLATE
        database = self.databases[member] = self._server.create_database(template)
        folder, enrolled = self.folder(member), self.member(member)
        table = MemberTable(
            federation=NAME,
            id=member,
            keys=folder.keys,
            roster_file=folder.roster,
            authorities_file=folder.authorities,
        )
        log = LogTable(anchor_file=folder.root / "anchor")
        await create_member_log(database.owner_dsn, table, log, enrolled.log_origin)
        if member == COORDINATOR:
            _write(folder, "coordinator.toml", _configuration(enrolled, database) + _INQUIRY)
            return
        _write(folder, "mapping.toml", agencies.mapping(member))
        _write(folder, "policy.toml", agencies.policy(member))
        path = _write(folder, "node.toml", _configuration(enrolled, database) + _RECORDS)
        await agencies.fill(database)
        await index_records(load_node(path), self.clock(), show=False)


_INQUIRY: Final = f"[inquiry]\ndeadline_seconds = {DEADLINE_SECONDS}\n"
_RECORDS: Final = '[records]\nmapping_file = "mapping.toml"\n[policy]\npolicy_file = "policy.toml"\n'


def _configuration(member: Member, database: Database) -> str:
    source = f'source_dsn = "{database.service_dsn}"\n' if "node" in member.roles else ""
    return (
        f'[member]\nfederation = "{NAME}"\nid = "{member.id}"\nkeys = "keys"\nroster_file = "roster.envelope"\n'
        f'authorities_file = "authorities.toml"\n[listen]\naddress = "{member.endpoints["roster"]}"\n'
        f'[log]\nanchor_file = "anchor"\n[telemetry]\nlevel = "warning"\n'
        f'[database]\n{source}log_dsn = "{database.service_dsn}"\nowner_dsn = "{database.owner_dsn}"\n'
    )


def _write(folder: MemberFolder, name: str, content: str) -> Path:
    path = folder.root / name
    path.write_text(content)
    return path


def _plans(nodes: Sequence[str]) -> list[MemberPlan]:
    roles: dict[str, set[str]] = {member: {"node", "requester"} for member in (*nodes, DOWN, LIAR)}
    roles |= {COORDINATOR: {"coordinator"}, CARRIER: {"coordinator"}, GUEST: {"requester"}, AUDITOR: {"auditor"}}
    ports = _free_ports(len(roles))
    return [
        MemberPlan(
            id=member,
            name_indonesian=f"Kantor {member}",
            name_english=f"Office {member}",
            roles=frozenset(has),
            endpoints={kind: f"127.0.0.1:{port}" for kind in _kinds(has)},
        )
        for (member, has), port in zip(roles.items(), ports, strict=True)
    ]


def _kinds(roles: set[str]) -> list[str]:
    """The kinds of endpoint of a member: all at one address."""
    doors = sorted(roles & {"node", "coordinator"})
    return [*doors, *(["querylog"] if doors else []), "roster"]


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
