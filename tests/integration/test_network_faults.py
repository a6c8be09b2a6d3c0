"""The wire between coordinator and nodes, and between officer and coordinator: cut, dead, slow, garbled.

Whatever happens to one wire, whoever is on another is heard; and what was cut short goes on with the same bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from coordinator.acceptance import Accepted
from coordinator.cli import asking
from federation.errors import TooLate, Unreachable
from tests.agencies import HELD
from tests.federation import COORDINATOR, Federation, Told
from tests.postgres import Server
from tests.proxy import Proxy, flip
from tests.scenarios.asked import kinds_about, pursue, require_clean, shorten_deadline

pytestmark = pytest.mark.asyncio(loop_scope="module")
NODES = ("imigrasi", "polri")
SECONDS = 1.5


class Wired:
    """A federation with a wire of ours before each member."""

    def __init__(self, federation: Federation, wires: dict[str, Proxy]) -> None:
        """Name both."""
        self.federation = federation
        self.wires = wires
        self._asked = 0

    async def ask(self) -> Told:
        """Ask both nodes about somebody whom both hold."""
        self._asked += 1
        return await self.federation.ask(self.federation.query(HELD[self._asked % 19].person, audience=NODES))

    @asynccontextmanager
    async def faulty(self, member: str = "imigrasi") -> AsyncIterator[Proxy]:
        """The wire before a member, to be harmed; all is well before, and again by itself once it is healed."""
        assert heard(await self.ask()) == set(NODES)
        try:
            yield self.wires[member]
        finally:
            self.wires[member].heal()
        query = self.federation.sign(self.federation.query(HELD[0].person, audience=NODES))
        assert heard(await pursue(self.federation, query)) == set(NODES)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def wired(federations: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Wired]:
    """The federation, up; each test leaves it so."""
    found = await Federation.found(tmp_path_factory.mktemp("wired"), federations, nodes=NODES)
    shorten_deadline(found, SECONDS)
    wires = {member: await Proxy.before(found, member) for member in (*NODES, COORDINATOR)}
    await found.start()
    yield Wired(found, wires)
    await found.close()
    for wire in wires.values():
        await wire.close()


def heard(told: Told) -> set[str]:
    """Who gave an answer that holds."""
    return {member for member, outcome in told.outcomes.items() if isinstance(outcome, Accepted)}


@pytest.mark.parametrize("abortive", [True, False], ids=["by RST", "by FIN"])
async def test_a_wire_to_a_node_that_is_cut_while_it_answers_spoils_no_other(wired: Wired, abortive: bool) -> None:
    async with wired.faulty() as wire:
        wire.half_open()
        under_way = asyncio.create_task(wired.ask())
        await asyncio.wait([under_way], timeout=SECONDS / 3)
        wire.cut(abortive=abortive)
        told = await under_way
    assert told.silence("imigrasi") == "unreachable"
    assert heard(told) == {"polri"}


async def test_a_wire_to_a_node_that_carries_nothing_is_late_and_spoils_no_other(wired: Wired) -> None:
    async with wired.faulty() as wire:
        wire.half_open()
        told = await wired.ask()
    assert told.silence("imigrasi") == "deadline_passed"
    assert heard(told) == {"polri"}


async def test_a_dead_connection_to_a_node_is_left_for_a_new_one_after_one_deadline(wired: Wired) -> None:
    async with wired.faulty() as wire:
        before = wire.connections
        wire.half_open(new_ones_too=False)
        assert (await wired.ask()).silence("imigrasi") == "deadline_passed"
        assert heard(await wired.ask()) == set(NODES)
        assert wire.connections == before + 1


async def test_a_node_behind_a_port_that_is_closed_is_unreachable_at_once(wired: Wired) -> None:
    loop = asyncio.get_running_loop()
    async with wired.faulty() as wire:
        await wire.refuse()
        wire.cut()
        began = loop.time()
        told = await wired.ask()
        took = loop.time() - began
        await wire.start()
    assert told.silence("imigrasi") == "unreachable"
    assert heard(told) == {"polri"}
    assert took < SECONDS


@pytest.mark.parametrize("way", ["alter_up", "alter_down"])
async def test_bytes_garbled_on_the_way_to_or_from_a_node_are_never_taken_for_an_answer(wired: Wired, way: str) -> None:
    async with wired.faulty() as wire:
        setattr(wire, way, flip)
        told = await wired.ask()
    assert told.silence("imigrasi") in ("unreachable", "deadline_passed")
    assert heard(told) == {"polri"}


async def test_a_slow_wire_is_waited_for_until_the_deadline_and_no_longer(wired: Wired) -> None:
    async with wired.faulty() as wire:
        wire.delay_seconds = SECONDS / 10
        assert heard(await wired.ask()) == set(NODES)
        wire.delay_seconds = 0
        wire.bytes_per_second = 500.0
        told = await wired.ask()
    assert told.silence("imigrasi") == "deadline_passed"
    assert heard(told) == {"polri"}


@pytest.mark.parametrize("fault", ["cut", "half_open", "garbled"])
async def test_a_wire_between_officer_and_coordinator_that_fails_leaves_a_query_that_goes_on(
    wired: Wired, fault: str
) -> None:
    federation, wire, node = wired.federation, wired.wires[COORDINATOR], wired.wires["polri"]
    envelope = federation.sign(federation.query(HELD[7].person, audience=NODES, case=f"IMI-{len(fault)}"))
    told = aiter(asking.ask(envelope, federation.officer(), SECONDS))
    try:
        node.half_open()
        first = await anext(told)  # the node that is heard; the other is under way
        assert isinstance(first, Accepted)
        harm(wire, fault)
        node.heal()
        with pytest.raises((Unreachable, TooLate)):
            [outcome async for outcome in told]
    finally:
        wire.heal()
        node.heal()
    assert heard(await pursue(federation, envelope)) == set(NODES)
    kinds = await kinds_about(federation, COORDINATOR, envelope.statement_digest)
    assert (kinds.count("query_asked"), kinds.count("reply_accepted")) == (1, 2)


def harm(wire: Proxy, fault: str) -> None:
    """Do one kind of harm to a wire."""
    match fault:
        case "cut":
            wire.cut()
        case "half_open":
            wire.half_open()
        case _:
            wire.alter_down = flip


async def test_after_all_of_it_the_audit_has_nothing_to_say(wired: Wired) -> None:
    """The last of this file: what the others did is what is audited."""
    await require_clean(wired.federation)
