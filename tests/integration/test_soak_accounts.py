"""What a soak holds against the logs: it says nothing of what is there, and counts whatever is not."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256

import pytest

from bench.accounts import accounted_for
from bench.load import Acknowledged
from coordinator.acceptance import Accepted
from tests.agencies import HELD
from tests.federation import Federation

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
