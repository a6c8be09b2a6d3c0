"""Founding the demo: keys and roster, each member's database and log, each agency's own rows, each node's index."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import asyncpg

from coordinator.serve import COORDINATOR_MIGRATIONS
from deploy.ceremony.founding import Federation, create_federation
from deploy.demo import settings
from deploy.demo.agencies.loading import AGENCIES, Truth, load_all, mapping_path, schema
from deploy.demo.cluster import Access, Cluster
from deploy.demo.population.generate import population
from deploy.demo.province import AUDITOR, COORDINATOR, FEDERATION, plans
from federation.errors import ConfigError
from federation.instant import system_clock
from federation.serving.member import LogTable, MemberTable, create_member_log, role_of
from federation.serving.migrating import migrate_member
from node.records.mapping import load_mapping
from node.records.source import tables
from node.schema import migrate_node

SEED: Final = 20260101
SIZE: Final = 20_000
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """A demo federation on disk: its files, and the configuration of each process."""

    federation: Federation

    @property
    def nodes(self) -> tuple[Path, ...]:
        """Each node's configuration."""
        return tuple(self.federation.member(agency).root / "node.toml" for agency in AGENCIES)

    @property
    def coordinator(self) -> Path:
        """The coordinator's configuration."""
        return self.federation.member(COORDINATOR).root / "coordinator.toml"

    @property
    def auditor(self) -> Path:
        """The auditor's configuration."""
        return self.federation.member(AUDITOR).root / "auditor.toml"

    @property
    def truth(self) -> Path:
        """Who is who, as no agency knows it."""
        return self.federation.root / "truth.jsonl"


async def found(folder: Path, cluster: Cluster, people: int, tell: Tell) -> Founded:
    """Make everything, from nothing, for so many invented people; `tell` hears what is being done."""
    now = system_clock()
    tell("authorities, members' keys and certificates, the signed roster")
    federation = create_federation(folder, plans(), federation=FEDERATION, at=now)
    founded = Founded(federation=federation)
    tell("a database, roles and a log for each member")
    accesses = {member: await _database(cluster, federation, member) for member in (*AGENCIES, COORDINATOR)}
    await asyncio.gather(*(_member(federation, member, access) for member, access in accesses.items()))
    settings.write_auditor(federation, AUDITOR)
    tell(f"{people} invented foreigners, and what each agency knows of them")
    await _rows(accesses, founded, people, now)
    tell("each node's private match index")
    await _indexes(founded)
    return founded


async def _database(cluster: Cluster, federation: Federation, member: str) -> Access:
    return await cluster.create(member, federation.member(member).root)


async def _member(federation: Federation, member: str, access: Access) -> None:
    """Configure, migrate and create the log, as the commands do."""
    enrolled = federation.open_roster().statement.member(member)
    if member == COORDINATOR:
        settings.write_coordinator(federation, member, access, enrolled.endpoints["coordinator"])
        await asyncio.to_thread(migrate_member, access.owner_dsn, access.service_dsn, (COORDINATOR_MIGRATIONS,))
    else:
        settings.write_node(federation, member, access, enrolled.endpoints["node"])
        await asyncio.to_thread(migrate_node, access.owner_dsn, access.service_dsn, access.service_dsn)
    folder = federation.member(member)
    table = MemberTable(
        federation=FEDERATION,
        id=member,
        keys=folder.keys,
        roster_file=folder.roster,
        authorities_file=folder.authorities,
    )
    log = LogTable(anchor_file=folder.root / "anchor")
    await create_member_log(access.owner_dsn, table, log, enrolled.log_origin)


async def _rows(accesses: Mapping[str, Access], founded: Founded, people: int, at: datetime) -> None:
    """Make each agency's own tables, fill them, and let each node's source role read what its mapping names."""
    async with AsyncExitStack() as stack:
        connections: dict[str, asyncpg.Connection] = {}
        for agency in AGENCIES:
            connections[agency] = await asyncpg.connect(accesses[agency].admin_dsn)
            stack.push_async_callback(connections[agency].close)
            await connections[agency].execute(schema(agency))
        with founded.truth.open("w", encoding="utf-8") as file:
            await load_all(connections, population(SEED, people, at.date()), Truth(file))
        for agency, connection in connections.items():
            role = role_of(accesses[agency].source_dsn)
            for name, table in tables(load_mapping(mapping_path(agency))):
                # REASON: GRANT takes no parameters; both names come from the mapping committed beside the schema
                await connection.execute(f'GRANT USAGE ON SCHEMA "{name}" TO {role}')
                await connection.execute(f'GRANT SELECT ON "{name}"."{table}" TO {role}')


async def _indexes(founded: Founded) -> None:
    """Build every index, each in a process of its own as an agency would run it, two at a time."""
    room = asyncio.Semaphore(2)

    async def build(config: Path) -> None:
        async with room:
            arguments = ("-m", "node.cli", "index", "--config", str(config), "--json")
            process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, stdout=asyncio.subprocess.DEVNULL, start_new_session=True
            )
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                process.terminate()
                await process.wait()
                raise
            if code != 0:
                raise ConfigError(f"the index of {config} was not built; its message stands above")

    await asyncio.gather(*(build(config) for config in founded.nodes))
