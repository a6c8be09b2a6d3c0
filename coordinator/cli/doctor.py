"""The doctor of a coordinator: its keys, roster and log, then each node of the roster as it is reached from here."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Final

from coordinator.config import LoadedConfig, load_config
from coordinator.nodes import Description, describe
from coordinator.serve import COORDINATOR_MIGRATIONS
from federation.calling.seen import see, tell_seen
from federation.instant import Clock
from federation.roster import Member
from federation.serving.doctor import MemberDoctor
from federation.steps import Look, Step, Steps, need
from federation.terms import terms

COMMAND: Final = "simpul-coordinator"
_SECONDS: Final = 5.0
_AT_ONCE: Final = 16


async def examine(path: Path, clock: Clock, tell: Callable[[Step], None]) -> Steps:
    """Take every step of a coordinator's doctor, telling of each as it ends; changes nothing, anywhere."""
    return await CoordinatorDoctor.examine(load_config, path, clock, tell)


class CoordinatorDoctor(MemberDoctor[LoadedConfig]):
    """Takes the steps of a coordinator."""

    async def walk(self, loaded: LoadedConfig) -> None:
        """Every step but the first."""
        settings = loaded.config
        await self.member(
            settings.member,
            "coordinator",
            dsn=settings.database.log_dsn,
            migrations=(COORDINATOR_MIGRATIONS,),
            command=COMMAND,
        )
        await self.log(settings.log)
        members = () if self.roster is None else self.roster.statement.members
        turns = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._in_turn(turns, member) for member in members if "node" in member.roles))
        await self.own_endpoint("coordinator", COMMAND)

    async def _in_turn(self, turns: asyncio.Semaphore, node: Member) -> None:
        async with turns:
            await self.steps.take(f"node {node.id}", lambda look: self._node(look, node))

    async def _node(self, look: Look, node: Member) -> None:
        """A node as reached from here: its roster, its clock, and what it says of itself."""
        keys, roster = need(self.keys, "the keys"), need(self.roster, "the roster")
        if node.standing != "good":
            look.notes.append(f"its standing is {node.standing}: it is not asked")
            return
        tell_seen(look, node, await see(node, "node", keys.tls, self.clock), roster)
        told = await describe(node, keys.tls, _SECONDS)
        look.found.append(f"simpul {told.software_version}, {', '.join(told.record_types)}")
        self._compare(look, node, told)

    def _compare(self, look: Look, node: Member, told: Description) -> None:
        roster = need(self.roster, "the roster").statement
        if (told.federation, told.member) != (roster.federation, node.id):
            look.wrong.append(f"it says that it is {told.member} of {told.federation}: have its endpoint corrected")
        if told.terms_version != terms().version:
            look.notes.append(f"its terms are of {told.terms_version}, here of {terms().version}: upgrade the older")
