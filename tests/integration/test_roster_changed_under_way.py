"""A roster that changes while questions are under way: those asked before are heard, those asked after go new ways."""

from __future__ import annotations

import asyncio

import pytest

from coordinator.acceptance import Accepted
from coordinator.dispatch import Dispatch, Outcome
from federation.seal import Opener
from federation.serving.metrics import Metrics
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.federation import LIAR, Federation
from tests.liar import Liar, Lie

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def outcome(dispatch: Dispatch, carrier: Carrier, opener: Opener, node: str) -> Outcome:
    """What becomes of a query to one node, under a roster."""
    envelope = carrier.countersigned(carrier.federation.query(HELD[0].person, audience=(node,)))
    query = opener.query(envelope, countersigned=True)
    ((found,),) = [group async for group in dispatch.outcomes(query, carrier.receipt(envelope), opener)]
    return found


async def test_a_question_under_way_when_the_roster_changes_is_heard_to_its_end(
    federation: Federation, carrier: Carrier, liar: Liar
) -> None:
    before, after = Opener(federation.place.open_roster()), Opener(federation.place.open_roster())
    dispatch = Dispatch(carrier.keys.tls, 10.0, Metrics(()))
    asked, let_go = asyncio.Event(), asyncio.Event()

    async def wait() -> None:
        asked.set()
        await let_go.wait()

    with liar.lying(Lie(before=wait)):
        under_way = asyncio.create_task(outcome(dispatch, carrier, before, LIAR))
        await asked.wait()
        assert isinstance(await outcome(dispatch, carrier, after, "imigrasi"), Accepted)
        let_go.set()
        assert isinstance(await under_way, Accepted)
    await dispatch.close()
