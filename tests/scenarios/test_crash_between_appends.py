"""A node killed between its two appends, twenty times: a retry is answered once and only once, and the log is whole."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import asyncpg
import pytest

from federation.append import stored_request
from federation.errors import Unreachable
from federation.instant import system_clock
from federation.tlog.check import check
from federation.tlog.merkle import EMPTY_ROOT, leaf_hash, node_hash
from federation.tlog.note import NoteVerifier
from federation.wire.entry import decode_entry
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.federation import CARRIER, Federation
from tests.postgres import Server
from tests.scenarios.processes import Process

NODES = ("imigrasi", "polri")  # side by side, to have the twenty done in half the time
KILLS = 20
# Lets the node read which replies there are, and holds up the transaction that would add one.
_HOLD = "LOCK TABLE simpul.replay IN SHARE ROW EXCLUSIVE MODE"
_WAITING = """
SELECT count(*) FROM simpul.received AS r, pg_locks AS l
WHERE r.query_digest = $1 AND l.relation = 'simpul.replay'::regclass AND NOT l.granted"""


@pytest.fixture
async def federated(federations: Server, tmp_path: Path) -> Federation:
    """A federation whose nodes are not yet started."""
    return await Federation.found(tmp_path, federations, nodes=NODES)


async def until_it_waits(connection: asyncpg.Connection, digest: bytes) -> None:
    """Wait until a query stands received in the log, and the transaction of its reply waits."""
    async with asyncio.timeout(30.0):
        while not await connection.fetchval(_WAITING, digest):  # noqa: ASYNC110 REASON: another process is waited for
            await asyncio.sleep(0.01)


def root(hashes: list[bytes]) -> bytes:
    """The tree's root as RFC 6962 2.1 defines it, computed anew from the leaf hashes alone."""
    if len(hashes) < 2:
        return hashes[0] if hashes else EMPTY_ROOT
    split = 1 << ((len(hashes) - 1).bit_length() - 1)
    return node_hash(root(hashes[:split]), root(hashes[split:]))


async def kill_and_retry(federation: Federation, node: str, process: Process, kills: int) -> list[bytes]:
    """Kill a node while the reply of a query waits to be logged, again and again; returns the queries' digests."""
    database = federation.databases[node]
    holder, watcher = await asyncpg.connect(database.owner_dsn), await asyncpg.connect(database.admin_dsn)
    digests: list[bytes] = []
    await process.start()
    for at in range(kills):
        carrier = Carrier(federation, CARRIER)
        federation.clock.at = system_clock()  # the process has no other
        envelope = carrier.countersigned(federation.query(HELD[at % 19].person, audience=(node,)))
        question = carrier.question(envelope)
        digests.append(envelope.statement_digest)
        async with holder.transaction():
            await holder.execute(_HOLD)
            asking = asyncio.create_task(carrier.ask(question, node))
            await until_it_waits(watcher, digests[-1])
            process.kill()
        with pytest.raises(Unreachable):
            await asking
        await process.start()
        answered, again = await carrier.ask(question, node), await carrier.ask(question, node)
        assert answered.answer.subjects[0].band == "strong"
        assert again.item.envelope == answered.item.envelope
        await carrier.close()
    process.kill()
    await holder.close()
    await watcher.close()
    return digests


async def require_whole(federation: Federation, node: str, digests: list[bytes]) -> None:
    """Hold a log to it: it verifies, its root can be rebuilt, and each query was received and answered once."""
    connection = await asyncpg.connect(federation.databases[node].owner_dsn)
    verifier = NoteVerifier.from_vkey(federation.member(node).log_vkey)
    stored = await check(connection, verifier, stored_request)
    rows = await connection.fetch("SELECT leaf FROM simpul.log_entry ORDER BY index")
    await connection.close()
    assert root([leaf_hash(row["leaf"]) for row in rows]) == stored.checkpoint.root
    entries = [decode_entry(row["leaf"]) for row in rows]
    for kind in ("query_received", "answer_given"):
        assert Counter(e.query_digest for e in entries if e.kind == kind) == Counter(digests)
    assert not [entry.kind for entry in entries if entry.kind in ("refusal_given", "not_answered")]


async def test_a_node_killed_between_its_two_appends_answers_each_retry_once(federated: Federation) -> None:
    processes = {node: Process(federated, node) for node in NODES}
    try:
        found = await asyncio.gather(
            *(kill_and_retry(federated, node, process, KILLS // len(NODES)) for node, process in processes.items())
        )
    finally:
        for process in processes.values():
            process.stop()
    for node, digests in zip(NODES, found, strict=True):
        await require_whole(federated, node, digests)
