"""Nodes and the coordinator, each a process of its own, held still, killed and started again: what officers are told.

Everybody else's answers stand, each silence has its reason, the same bytes get the same answers afterwards, and the
coordinator's log says what was asked, what became of it, and of nothing twice.
"""

from __future__ import annotations

import asyncio
import shutil
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg
import pytest
import pytest_asyncio

from coordinator.acceptance import Accepted
from federation.envelope import Envelope
from federation.errors import Unreachable
from federation.instant import system_clock
from tests.agencies import HELD
from tests.conformance.foreign import Door, door
from tests.federation import CARRIER, COORDINATOR, Federation, Told
from tests.postgres import Server
from tests.proxy import Proxy
from tests.scenarios.asked import kinds_about, pursue, require_clean, shorten_deadline
from tests.scenarios.processes import Process

pytestmark = pytest.mark.asyncio(loop_scope="module")
NODES = ("imigrasi", "polri")
ANSWERED = {"query_received": 1, "answer_given": 1}
CARRIED = {"query_asked": 1, "reply_accepted": 2, "result_given": 1}
SECONDS = 20.0


class Standing:
    """A federation whose members are processes, with a wire before each node."""

    def __init__(self, federation: Federation, wires: dict[str, Proxy]) -> None:
        """Name all; nothing runs yet."""
        self.federation = federation
        self.wires = wires
        self.members = {member: Process(federation, member) for member in (*NODES, COORDINATOR)}

    def query(self, at: int) -> Envelope:
        """A query of now, to both nodes."""
        self.federation.clock.at = system_clock()  # processes have no other
        return self.federation.sign(self.federation.query(HELD[at].person, audience=NODES))

    async def kinds(self, member: str, query: Envelope) -> Counter[str]:
        """How many entries of each kind a member has about a query."""
        return Counter(await kinds_about(self.federation, member, query.statement_digest))

    async def until(self, query: Envelope, kinds: dict[str, int]) -> None:
        """Wait until the coordinator's log says this of a query, and no more."""
        async with asyncio.timeout(SECONDS):
            while await self.kinds(COORDINATOR, query) != kinds:  # noqa: ASYNC110  REASON: of another process
                await asyncio.sleep(0.05)

    @asynccontextmanager
    async def held_up(self, member: str, table: str) -> AsyncIterator[Waiting]:
        """Let no transaction of a member write to a table; a member killed meanwhile leaves nothing behind."""
        database = self.federation.databases[member]
        holder, watcher = await asyncpg.connect(database.admin_dsn), await asyncpg.connect(database.admin_dsn)
        try:
            async with holder.transaction():
                await holder.execute(f"LOCK TABLE simpul.{table} IN SHARE ROW EXCLUSIVE MODE")
                yield Waiting(watcher, table)
        finally:
            await holder.close()
            await watcher.close()


class Waiting:
    """Who waits for a table that is held."""

    def __init__(self, watcher: asyncpg.Connection, table: str) -> None:
        """Look through a connection of its own."""
        self._watcher = watcher
        self._table = table

    async def seen(self) -> None:
        """Wait until somebody does."""
        async with asyncio.timeout(SECONDS):
            while not await self._watcher.fetchval(_WAITING, f"simpul.{self._table}"):  # noqa: ASYNC110 REASON: as above
                await asyncio.sleep(0.01)

    async def gone(self) -> None:
        """End the sessions of those who wait, as the server does once it notices that nobody is there."""
        await self._watcher.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE relation = $1::text::regclass AND NOT granted",
            f"simpul.{self._table}",
        )


_WAITING = "SELECT count(*) FROM pg_locks WHERE relation = $1::text::regclass AND NOT granted"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def standing(federations: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Standing]:
    """The federation, up; each test leaves it so."""
    found = await Federation.found(tmp_path_factory.mktemp("standing"), federations, nodes=NODES)
    shorten_deadline(found, 2.0)
    found.officer()
    standing = Standing(found, {node: await Proxy.before(found, node) for node in NODES})
    try:
        await asyncio.gather(*(process.start() for process in standing.members.values()))
        yield standing
    finally:
        for process in standing.members.values():
            process.stop()
        for wire in standing.wires.values():
            await wire.close()


def replies(told: Told) -> dict[str, bytes]:
    """The digest of each reply."""
    return {member: one.reply.digest for member, one in told.outcomes.items() if isinstance(one, Accepted)}


async def test_a_node_that_is_held_still_is_late_and_the_other_is_heard(standing: Standing) -> None:
    query, node = standing.query(0), standing.members["imigrasi"]
    node.hold()
    try:
        told = await standing.federation.ask(query)
    finally:
        node.let_go()
    assert told.silence("imigrasi") == "deadline_passed"
    assert told.answer("polri").subjects[0].band == "strong"
    again = await pursue(standing.federation, query)
    assert again.answer("imigrasi").subjects[0].band == "strong"
    assert again.answer("polri") == told.answer("polri")
    assert await standing.kinds("imigrasi", query) == ANSWERED


async def test_a_node_killed_while_it_answers_is_unreachable_and_answers_once_when_asked_again(
    standing: Standing,
) -> None:
    query, node = standing.query(1), standing.members["imigrasi"]
    async with standing.held_up("imigrasi", "replay") as waiting:
        asking = asyncio.create_task(standing.federation.ask(query))
        await waiting.seen()
        node.kill()
        told = await asking
    assert told.silence("imigrasi") == "unreachable"
    assert told.answer("polri").subjects[0].band == "strong"
    await node.start()
    again = await pursue(standing.federation, query)
    assert again.answer("imigrasi").subjects[0].band == "strong"
    assert again.answer("polri") == told.answer("polri")
    assert await standing.kinds("imigrasi", query) == ANSWERED


async def test_a_node_that_was_restarted_gives_the_same_bytes_the_answer_it_gave_before(standing: Standing) -> None:
    query, node = standing.query(2), standing.members["imigrasi"]
    first = await standing.federation.ask(query)
    node.kill()
    await node.start()
    again = await pursue(standing.federation, query)
    assert replies(again) == replies(first)
    assert await standing.kinds("imigrasi", query) == ANSWERED


async def test_a_coordinator_killed_between_log_and_send_asks_after_all(standing: Standing) -> None:
    query, coordinator = standing.query(3), standing.members[COORDINATOR]
    for wire in standing.wires.values():
        wire.half_open()
    asking = asyncio.create_task(standing.federation.ask(query))
    await standing.until(query, {"query_asked": 1})
    coordinator.kill()
    with pytest.raises(Unreachable):
        await asking
    for wire in standing.wires.values():
        wire.cut()
        wire.heal()
    assert not await standing.kinds("imigrasi", query)
    await coordinator.start()
    await standing.until(query, CARRIED)  # with nobody who asks again
    again = await standing.federation.ask(query)
    assert {member: again.answer(member).subjects[0].band for member in NODES} == dict.fromkeys(NODES, "strong")
    for node in NODES:
        assert await standing.kinds(node, query) == ANSWERED


async def test_a_coordinator_killed_between_answer_and_merge_merges_after_all(standing: Standing) -> None:
    query, coordinator = standing.query(4), standing.members[COORDINATOR]
    async with standing.held_up(COORDINATOR, "result_kept") as waiting:
        asking = asyncio.create_task(standing.federation.ask(query))
        await waiting.seen()
        coordinator.kill()
        await waiting.gone()
        with pytest.raises(Unreachable):
            await asking
    assert await standing.kinds(COORDINATOR, query) == {"query_asked": 1, "reply_accepted": 2}
    await coordinator.start()
    await standing.until(query, CARRIED)
    assert set(replies(await standing.federation.ask(query))) == set(NODES)
    for node in NODES:
        assert await standing.kinds(node, query) == ANSWERED


@pytest.mark.parametrize("member", [COORDINATOR, "imigrasi"])
async def test_a_member_started_twice_ends_the_second_and_the_first_goes_on(standing: Standing, member: str) -> None:
    before = standing.members[member].output.read_text()
    assert await standing.members[member].start_beside() == 3
    assert "has this log; stop it" in standing.members[member].output.read_text().removeprefix(before)
    told = await standing.federation.ask(standing.query(5))
    assert set(replies(told)) == set(NODES)


@pytest.mark.parametrize("member", [COORDINATOR, "imigrasi"])
async def test_no_handshake_below_tls_1_3_comes_to_an_end_at_a_door_opened_by_its_command(
    standing: Standing, member: str
) -> None:
    at = door(standing.federation, member, CARRIER)
    for presents in (True, False):
        old = at.context(presents=presents)
        old.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await shaken(at, old)
    assert await shaken(at, at.context()) == "TLSv1.3"


async def shaken(at: Door, context: ssl.SSLContext) -> str | None:
    """Make a handshake and say of which version it was; raises what OpenSSL says where it fails."""
    _, writer = await asyncio.open_connection(at.host, at.port, ssl=context)
    version: str | None = writer.get_extra_info("ssl_object").version()
    writer.transport.abort()
    with suppress(OSError):
        await writer.wait_closed()
    return version


@pytest.mark.parametrize("member", [COORDINATOR, "imigrasi"])
async def test_openssl_itself_gets_nothing_below_tls_1_3(standing: Standing, member: str) -> None:
    if not shutil.which("openssl"):
        pytest.skip("no openssl here: install it (Debian: apt-get install openssl), then try again")
    at = door(standing.federation, member, CARRIER)
    presented = ("-cert", str(at.certificate), "-key", str(at.key), "-CAfile", str(at.ca), "-alpn", "h2")
    found = {}
    for version in ("-tls1_2", "-tls1_3"):
        run = await asyncio.create_subprocess_exec(
            *("openssl", "s_client", version, "-connect", at.address, *presented),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        out, _ = await run.communicate()
        found[version] = b"Cipher is (NONE)" in out
    assert found == {"-tls1_2": True, "-tls1_3": False}


async def test_after_all_of_it_the_audit_has_nothing_to_say(standing: Standing) -> None:
    """The last of this file: what the others did is what is audited."""
    standing.federation.clock.at = system_clock()
    await require_clean(standing.federation)
