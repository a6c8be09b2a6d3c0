"""A federation of as many like offices as wanted, each a node with invented people of its own in one plain table.

Usage: python -m bench.offices FOLDER OFFICE ...; serves those offices in this one process, says so, until SIGTERM.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Final

import asyncpg
import uvloop

from coordinator.serve import COORDINATOR_MIGRATIONS
from deploy.ceremony.founding import Federation, create_federation
from deploy.ceremony.members import MemberPlan
from deploy.demo.cluster import Access, Cluster
from deploy.demo.founding import Founded
from deploy.demo.population.individual import Individual
from deploy.demo.province import ASKER, COORDINATOR, free_ports
from federation import telemetry
from federation.instant import system_clock
from federation.serving.member import LogTable, MemberTable, create_member_log, role_of
from federation.serving.migrating import migrate_member
from node.config import load_config
from node.schema import migrate_node
from node.serve import running

NAME: Final = "kantor"
_BATCH: Final = 5000
_COLUMNS: Final = ("id", "nama", "lahir", "negara", "jk", "paspor")
_TABLE: Final = """
CREATE SCHEMA agency;
CREATE TABLE agency.orang (id text PRIMARY KEY, nama text, lahir date, negara text, jk text, paspor text);"""
_MAPPING: Final = """[mapping]
member = "{member}"
version = "1"
[[record]]
type = "police_registration"
table = "orang"
schema = "agency"
key = "id"
[record.person]
names = [{{ column = "nama", order = "surname_given" }}]
births = [{{ column = "lahir", format = "date" }}]
sex = {{ column = "jk" }}
nationalities = [{{ column = "negara" }}]
documents = [{{ column = "paspor", kind = "passport", issuer = "negara" }}]
[record.fields]
number = {{ column = "id" }}
"""
_POLICY: Final = """[policy]
member = "{member}"
version = "1"
[desk]
indonesian = "Kantor"
english = "Office"
telephone = "021-555"
[notice]
indonesian = "Kantor"
english = "Office"
[quota]
subjects_per_hour = 100000000
[[rule]]
purpose = "joint_operation"
requesters = ["{asker}"]
[rule.disclose]
"*" = "fields"
"""
_SERVING: Final = """[member]
federation = "{federation}"
id = "{member}"
keys = "keys"
roster_file = "roster.envelope"
authorities_file = "authorities.toml"
[listen]
address = "{address}"
[log]
anchor_file = "anchor"
[telemetry]
level = "warning"
[database]
log_dsn = "{access.service_dsn}"
owner_dsn = "{access.owner_dsn}"
"""
_NODE: Final = """source_dsn = "{access.source_dsn}"
[records]
mapping_file = "mapping.toml"
[policy]
policy_file = "policy.toml"
"""
_INQUIRY: Final = "[inquiry]\ndeadline_seconds = 60.0\n"


@dataclass(frozen=True, slots=True)
class Offices:
    """A federation on disk: offices with empty tables, one coordinator, and one member that only asks."""

    federation: Federation
    cluster: Cluster

    @classmethod
    async def found(cls, folder: Path, cluster: Cluster, offices: Sequence[str]) -> Offices:
        """Make keys, roster, databases and logs; `fill` and an index are still to come."""
        federation = create_federation(folder, _plans(offices), federation=NAME, at=system_clock())
        found = cls(federation, cluster)
        for member in (*offices, COORDINATOR):
            await found._prepare(member)
        return found

    @property
    def founded(self) -> Founded:
        """As the demo knows a federation, for its officers."""
        return Founded(federation=self.federation)

    def config(self, member: str) -> Path:
        """A member's configuration."""
        root = self.federation.member(member).root
        return root / ("coordinator.toml" if member == COORDINATOR else "node.toml")

    async def fill(self, office: str, people: Iterable[Individual]) -> None:
        """Write people into an office's table, a batch in memory at a time; the id is the person's number."""
        connection = await asyncpg.connect(self.cluster.admin_dsn(office))
        try:
            for rows in _batches(people):
                await connection.copy_records_to_table("orang", records=rows, columns=_COLUMNS, schema_name="agency")
        finally:
            await connection.close()

    async def _prepare(self, member: str) -> None:
        folder, enrolled = self.federation.member(member), self.federation.open_roster().statement.member(member)
        access = await self.cluster.create(member, folder.root)
        address = enrolled.endpoints["roster"]
        body = _SERVING.format(federation=NAME, member=member, address=address, access=access)
        if member == COORDINATOR:
            body += _INQUIRY
            await asyncio.to_thread(migrate_member, access.owner_dsn, access.service_dsn, (COORDINATOR_MIGRATIONS,))
        else:
            body += _NODE.format(access=access)
            (folder.root / "mapping.toml").write_text(_MAPPING.format(member=member))
            (folder.root / "policy.toml").write_text(_POLICY.format(member=member, asker=ASKER))
            await asyncio.to_thread(migrate_node, access.owner_dsn, access.service_dsn, access.service_dsn)
            await _make_table(access)
        self.config(member).write_text(body)
        table = MemberTable(
            federation=NAME,
            id=member,
            keys=folder.keys,
            roster_file=folder.roster,
            authorities_file=folder.authorities,
        )
        await create_member_log(
            access.owner_dsn, table, LogTable(anchor_file=folder.root / "anchor"), enrolled.log_origin
        )


async def _make_table(access: Access) -> None:
    connection = await asyncpg.connect(access.admin_dsn)
    try:
        await connection.execute(_TABLE)
        # REASON: GRANT takes no parameters; the role is our own id
        role = role_of(access.source_dsn)
        await connection.execute(f"GRANT USAGE ON SCHEMA agency TO {role}; GRANT SELECT ON agency.orang TO {role}")
    finally:
        await connection.close()


def _batches(people: Iterable[Individual]) -> Iterator[list[tuple[str, str, date, str, str, str]]]:
    left = iter(people)
    while some := list(islice(left, _BATCH)):
        yield [(str(one.number), written(one), one.born, one.nationality, one.sex, one.passport.number) for one in some]


def written(one: Individual) -> str:
    """A person's name as an office writes it."""
    return f"{one.name.family} {one.name.given}"


def _plans(offices: Sequence[str]) -> list[MemberPlan]:
    roles: dict[str, set[str]] = {office: {"node"} for office in offices}
    roles |= {COORDINATOR: {"coordinator"}, ASKER: {"requester"}}
    ports = free_ports(len(roles))
    return [
        MemberPlan(
            id=member,
            name_indonesian=member,
            name_english=member,
            roles=frozenset(has),
            endpoints={kind: f"127.0.0.1:{port}" for kind in (*(has - {"requester"}), "querylog", "roster")}
            if member != ASKER
            else {},
        )
        for (member, has), port in zip(roles.items(), ports, strict=True)
    ]


async def _serve(folder: str, *offices: str) -> None:
    """Serve several nodes, each with its own sessions, streams and log, on one event loop."""
    telemetry.configure("node", "offices", level="warning")
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    federation = Federation(Path(folder))
    async with AsyncExitStack() as stack:
        for office in offices:
            loaded = load_config(federation.member(office).root / "node.toml")
            serving = await stack.enter_async_context(running(loaded, system_clock))
            stack.push_async_callback(serving.drain, 0.05)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(*sys.argv[1:]))
