"""What a soak holds against the logs: it says nothing of what is there, and counts whatever is not."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import asyncpg
import pytest

from auditor.audit import AuditReport
from auditor.finding import about
from bench.accounts import accounted_for, unexplained
from bench.load import Acknowledged
from coordinator.acceptance import Accepted
from federation.wire.entry import decode_entry
from tests.agencies import HELD
from tests.federation import COORDINATOR, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")
NODES = ("imigrasi", "polri")
Told = dict[tuple[str, int], Acknowledged]


async def acknowledged(federation: Federation) -> Told:
    """What an officer was told by two nodes."""
    told = await federation.ask(federation.query(HELD[3].person, audience=NODES))
    found: Told = {}
    for one in told.outcomes.values():
        assert isinstance(one, Accepted)
        found[one.member, one.receipt.index] = Acknowledged(
            leaf=sha256(one.receipt.entry).digest(), query=one.reply.statement.query_digest, reply=one.reply.digest
        )
    assert len(found) == len(NODES)
    return found


async def counted(federation: Federation, told: Told) -> tuple[int, ...]:
    """Missing, not accepted, and told twice otherwise."""
    return tuple((await accounted_for(told, lambda member: federation.databases[member].admin_dsn)).values())


async def test_what_was_acknowledged_is_found(federation: Federation) -> None:
    assert await counted(federation, await acknowledged(federation)) == (0, 0, 0)


async def test_an_entry_that_is_not_at_its_index_is_missed(federation: Federation) -> None:
    told = await acknowledged(federation)
    key = next(iter(told))
    told[key] = replace(told[key], leaf=bytes(32))
    assert await counted(federation, told) == (1, 0, 0)


async def test_an_entry_beyond_the_end_of_a_log_is_missed(federation: Federation) -> None:
    told = await acknowledged(federation)
    (member, index), one = next(iter(told.items()))
    del told[member, index]
    assert await counted(federation, told | {(member, index + 1_000_000): one}) == (1, 0, 0)


async def test_a_reply_that_the_coordinator_did_not_log_and_a_second_reply_are_counted(federation: Federation) -> None:
    told = await acknowledged(federation)
    (member, index), one = next(iter(told.items()))
    other = replace(one, reply=bytes(32))
    assert await counted(federation, told | {(member, index + 1_000_000): other}) == (1, 1, 1)


async def newest_result(federation: Federation) -> tuple[int, bytes]:
    """The index of the newest result in the coordinator's log, and the digest of its query."""
    connection = await asyncpg.connect(federation.databases[COORDINATOR].admin_dsn)
    try:
        for row in await connection.fetch("SELECT index, leaf FROM simpul.log_entry ORDER BY index DESC"):
            entry = decode_entry(row["leaf"])
            if entry.kind == "result_given":
                return row["index"], entry.query_digest
    finally:
        await connection.close()
    raise AssertionError("no result in the coordinator's log")


async def test_a_silence_told_otherwise_is_explained_only_by_a_query_that_was_put_again(federation: Federation) -> None:
    await acknowledged(federation)
    index, query = await newest_result(federation)
    kinds = ("silence_told_otherwise", "reply_late", "result_contradicts")
    report = AuditReport(
        federation="",
        roster_version=1,
        auditor="",
        members=(),
        uncopied=(),
        findings=tuple(about(kind, COORDINATOR, index) for kind in kinds),
    )
    dsn = federation.databases[COORDINATOR].admin_dsn
    assert await unexplained(report, {query: 2}, dsn) == {"result_contradicts": 1}
    assert await unexplained(report, {query: 1}, dsn) == {"result_contradicts": 1, "silence_told_otherwise": 1}
