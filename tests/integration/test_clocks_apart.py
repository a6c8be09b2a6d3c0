"""Clocks a minute apart, or set back: admitted or refused by rule, each log in its order, and the audit says so."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio

from auditor.audit import AuditReport
from federation.envelope import Envelope
from federation.errors import QueryExpired, QueryNotYetValid
from federation.wire.entry import decode_entry
from node.config import load_config
from node.serve import running
from tests.agencies import HELD
from tests.federation import COORDINATOR, Federation, MovedClock, Told
from tests.postgres import Server
from tests.scenarios.asked import audited, kinds_about, require_clean

pytestmark = pytest.mark.asyncio(loop_scope="module")
NODES = ("imigrasi", "polri")
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Apart:
    """A federation of two nodes, of which polri goes by a clock of its own; every other clock is the federation's."""

    federation: Federation
    polri: MovedClock

    def query(self, *, ahead: timedelta = timedelta()) -> Envelope:
        """A query to both nodes by an officer whose clock may be ahead."""
        clock = self.federation.clock
        clock.move(ahead)
        query = self.federation.query(HELD[0].person, audience=NODES)
        clock.move(-ahead)
        return self.federation.sign(query)

    async def ask(self, *, polri_ahead: timedelta) -> Told:
        """What both nodes say while the clock of polri is ahead of all others."""
        self.polri.at = self.federation.clock() + polri_ahead
        try:
            return await self.federation.ask(self.query())
        finally:
            self.polri.at = self.federation.clock()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def apart(federations: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Apart]:
    """The federation, up for three hours already by every clock, so that each may be set back."""
    found = await Federation.found(tmp_path_factory.mktemp("apart"), federations, nodes=NODES)
    found.officer()
    found.clock.move(timedelta(hours=3))
    clock = MovedClock(found.clock())
    await found.start("imigrasi", COORDINATOR)
    async with running(load_config(found.folder("polri").root / "node.toml"), clock) as serving:
        yield Apart(found, clock)
        await serving.drain(0.05)
    await found.close()


async def last(federation: Federation, member: str, count: int) -> list[tuple[int, str]]:
    """The newest entries of a member: index and kind, in the order in which they were appended."""
    rows = await federation.rows(member, "SELECT index, leaf FROM simpul.log_entry ORDER BY index DESC LIMIT $1", count)
    return [(row["index"], decode_entry(row["leaf"]).kind) for row in reversed(rows)]


def clocks(report: AuditReport) -> set[tuple[str, int]]:
    """The entries of which an audit says that some clock was wrong, by member and index."""
    return {(one.member, one.entry or 0) for one in report.findings if one.kind == "clock_set_back"}


@pytest.mark.parametrize("seconds", [-29, 29])
async def test_a_node_whose_clock_is_off_within_what_is_allowed_answers(apart: Apart, seconds: int) -> None:
    told = await apart.ask(polri_ahead=timedelta(seconds=seconds))
    assert told.answer("polri").subjects[0].band == told.answer("imigrasi").subjects[0].band == "strong"


@pytest.mark.parametrize("ahead", [-MINUTE, timedelta(minutes=6)], ids=["a minute behind", "six minutes ahead"])
async def test_a_node_whose_clock_is_further_off_admits_nothing_and_spoils_no_other(
    apart: Apart, ahead: timedelta
) -> None:
    before = await last(apart.federation, "polri", 1)
    told = await apart.ask(polri_ahead=ahead)
    assert told.silence("polri") == "not_admitted"
    assert told.answer("imigrasi").subjects[0].band == "strong"
    assert await last(apart.federation, "polri", 1) == before


async def test_an_officer_whose_clock_is_a_minute_behind_is_carried(apart: Apart) -> None:
    told = await apart.federation.ask(apart.query(ahead=-MINUTE))
    assert {told.answer(node).subjects[0].band for node in NODES} == {"strong"}


async def test_an_officer_whose_clock_is_a_minute_ahead_is_told_so_and_nothing_is_asked(apart: Apart) -> None:
    envelope = apart.query(ahead=MINUTE)
    with pytest.raises(QueryNotYetValid, match="compare the clocks"):
        await apart.federation.ask(envelope)
    assert await kinds_about(apart.federation, COORDINATOR, envelope.statement_digest) == []


async def test_an_officer_whose_clock_is_six_minutes_behind_is_told_so_and_nothing_is_asked(apart: Apart) -> None:
    envelope = apart.query(ahead=timedelta(minutes=-6))
    with pytest.raises(QueryExpired):
        await apart.federation.ask(envelope)
    assert await kinds_about(apart.federation, COORDINATOR, envelope.statement_digest) == []


async def test_the_audit_is_clean_while_no_clock_was_further_off_than_allowed(apart: Apart) -> None:
    await require_clean(apart.federation)


async def test_a_node_a_minute_ahead_answers_and_the_audit_names_each_entry_it_made(apart: Apart) -> None:
    told = await apart.ask(polri_ahead=MINUTE)
    assert told.answer("polri").subjects[0].band == told.answer("imigrasi").subjects[0].band == "strong"
    newest = await last(apart.federation, "polri", 2)
    report = await audited(apart.federation, timedelta())
    assert clocks(report) >= {("polri", index) for index, _ in newest}
    assert {member for member, _ in clocks(report)} == {"polri"}


async def test_clocks_that_jump_back_leave_a_log_in_the_order_of_its_index_and_the_audit_names_each_entry(
    apart: Apart,
) -> None:
    """The last of this file: what was set back stays in the log."""
    federation = apart.federation
    await apart.ask(polri_ahead=timedelta())
    before = clocks(await audited(federation))
    size = {member: (await last(federation, member, 1))[0][0] + 1 for member in federation.databases}
    federation.clock.move(timedelta(hours=-1))
    told = await apart.ask(polri_ahead=timedelta())
    assert {told.answer(node).subjects[0].band for node in NODES} == {"strong"}
    for node in NODES:
        assert await last(federation, node, 2) == [(size[node], "query_received"), (size[node] + 1, "answer_given")]
    report = await audited(federation)
    found = clocks(report) - before
    assert found >= {(node, size[node] + at) for node in NODES for at in (0, 1)}
    assert {member for member, _ in found} == set(federation.databases)
    assert {one.kind for one in report.faults if one.member in federation.databases} == {"clock_set_back"}
