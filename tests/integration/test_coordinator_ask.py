"""A query through the coordinator to real nodes: what comes back, in what order, and what is never lost."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.agencies import ABSENT, HELD
from tests.federation import DOWN, LIAR, NODES, Federation
from tests.liar import Liar, Lie

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_every_node_is_heard_and_the_result_names_each(federation: Federation) -> None:
    told = await federation.ask(federation.query(HELD[0].person, ABSENT[0].person, audience=NODES))
    for member in NODES:
        held, absent = told.answer(member).subjects
        assert (held.band, absent.band) == ("strong", "none"), member
    first, second = told.result.subjects
    assert (first.strong, first.none) == (tuple(sorted(NODES)), ())
    assert (second.strong, second.none) == ((), tuple(sorted(NODES)))
