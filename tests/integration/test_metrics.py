"""Metrics: what operations need to see is there, it moves with what happens, and nothing of it is about a person."""

from __future__ import annotations

import asyncio
import re
import socket
import urllib.request
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from federation.errors import ConfigError
from federation.serving.attending import waiting
from federation.serving.metrics import Metrics
from node.cli.refreshing import refresh_once
from node.config import load_config
from tests.agencies import HELD
from tests.federation import COORDINATOR, DOWN, Federation
from tests.postgres import Database, Server

NODE = "imigrasi"
COMMON = {
    "simpul_query_seconds",
    "simpul_replies",
    "simpul_streams_open",
    "simpul_loop_lag_seconds",
    "simpul_log_commit_seconds",
    "simpul_log_size",
    "simpul_log_oldest_unproved_seconds",
    "simpul_pool_waiting",
    "simpul_roster_expires_seconds",
    "simpul_key_expires_seconds",
    "simpul_certificate_expires_seconds",
}
LABELS = {"step", "member", "outcome", "use", "pool", "le"}


class Fetched:
    """One fetch of a process's metrics."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.families = {family.name: family for family in text_string_to_metric_families(text)}

    def value(self, name: str, **labels: str) -> float:
        """The one sample of a name with these labels, 0 where there is none."""
        found = [
            sample.value
            for family in self.families.values()
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]
        assert len(found) <= 1, (name, labels)
        return found[0] if found else 0.0


class Shown:
    """A federation of one node whose metrics may be fetched."""

    def __init__(self, federation: Federation, ports: dict[str, int]) -> None:
        self.federation = federation
        self.ports = ports

    async def fetch(self, member: str) -> Fetched:
        """Fetch as Prometheus would."""

        def get() -> str:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[member]}/metrics") as found:
                text: str = found.read().decode()
            return text

        return Fetched(await asyncio.to_thread(get))


def free_port() -> int:
    """A port that nobody listened at just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
async def shown(federations: Server, tmp_path: Path) -> AsyncIterator[Shown]:
    """A node and a coordinator whose configurations ask for metrics."""
    found = await Federation.found(tmp_path, federations, nodes=(NODE,))
    ports = {member: free_port() for member in (NODE, COORDINATOR)}
    for member, name in ((NODE, "node.toml"), (COORDINATOR, "coordinator.toml")):
        path = found.folder(member).root / name
        path.write_text(path.read_text() + f'[metrics]\nlisten = "127.0.0.1:{ports[member]}"\n')
    await found.start()
    yield Shown(found, ports)
    await found.close()


async def test_the_age_of_the_index_falls_with_a_refresh_by_another_process(shown: Shown) -> None:
    shown.federation.clock.move(timedelta(hours=1))
    assert (await shown.fetch(NODE)).value("simpul_index_age_seconds") == pytest.approx(3600, abs=1)
    await refresh_once(
        load_config(shown.federation.folder(NODE).root / "node.toml"), shown.federation.clock, compare=False
    )
    async with asyncio.timeout(20.0):
        while (await shown.fetch(NODE)).value("simpul_index_age_seconds"):
            continue


async def test_every_metric_of_the_design_is_there(shown: Shown) -> None:
    node, coordinator = await shown.fetch(NODE), await shown.fetch(COORDINATOR)
    assert COMMON | {"simpul_index_age_seconds"} <= set(node.families)
    assert set(coordinator.families) >= COMMON


async def test_a_query_moves_what_it_should(shown: Shown) -> None:
    federation = shown.federation
    before = await shown.fetch(NODE)
    await federation.ask(federation.query(HELD[0].person, audience=(NODE, DOWN)))
    await federation.ask(federation.query(HELD[0].person, purpose="aggregate_statistics"))
    node, coordinator = await shown.fetch(NODE), await shown.fetch(COORDINATOR)
    assert node.value("simpul_log_size") - before.value("simpul_log_size") == 4
    for step in ("admit", "log_query", "records", "compare", "log_reply", "all"):
        assert node.value("simpul_query_seconds_count", step=step) == 2, step
    assert 0 < node.value("simpul_query_seconds_sum", step="log_query") < 60
    assert node.value("simpul_log_commit_seconds_count") >= 4
    for fetched, member in ((node, "imigrasi"), (coordinator, NODE)):
        assert fetched.value("simpul_replies_total", member=member, outcome="answer") == 1
        assert fetched.value("simpul_replies_total", member=member, outcome="refusal_purpose_not_permitted") == 1
    assert coordinator.value("simpul_replies_total", member=DOWN, outcome="silence_unreachable") == 1
    assert node.value("simpul_streams_open", member=COORDINATOR) == 1
    assert coordinator.value("simpul_streams_open", member=NODE) == 1
    assert coordinator.value("simpul_streams_open", member=DOWN) == 0
    for step in ("take_in", "log_query", "nodes", "give"):
        assert coordinator.value("simpul_query_seconds_count", step=step) == 2, step


async def test_ages_and_expiries_follow_the_clock(shown: Shown) -> None:
    clock, roster = shown.federation.clock, shown.federation.place.open_roster().statement
    found = await shown.fetch(NODE)
    left = (roster.window.end - clock()).total_seconds()
    assert found.value("simpul_roster_expires_seconds") == pytest.approx(left, abs=1)
    assert found.value("simpul_index_age_seconds") == pytest.approx(0, abs=1)
    for use in ("statement", "log", "evidence"):
        assert found.value("simpul_key_expires_seconds", use=use) > 0
    assert found.value("simpul_certificate_expires_seconds") > 0
    clock.at = roster.window.end
    later = await shown.fetch(NODE)
    assert later.value("simpul_roster_expires_seconds") == 0
    assert later.value("simpul_index_age_seconds") == pytest.approx(left, abs=1)


async def test_an_append_that_waits_is_seen_to_wait(shown: Shown) -> None:
    federation = shown.federation
    connection = await asyncpg.connect(federation.databases[NODE].admin_dsn)
    try:
        async with connection.transaction():
            await connection.execute("SELECT FROM simpul.log_state FOR UPDATE")
            asking = asyncio.create_task(federation.ask(federation.query(HELD[0].person)))
            async with asyncio.timeout(10):
                while (await shown.fetch(NODE)).value("simpul_log_oldest_unproved_seconds") < 1:
                    pass
    finally:
        await connection.close()
    assert (await asking).answer(NODE).subjects[0].band == "strong"
    assert (await shown.fetch(NODE)).value("simpul_log_oldest_unproved_seconds") < 1


async def test_no_label_is_about_a_person_an_officer_or_a_case(shown: Shown) -> None:
    federation = shown.federation
    await federation.ask(federation.query(HELD[0].person, case="IMI-0001"))
    for member in (NODE, COORDINATOR):
        found = await shown.fetch(member)
        assert {label for family in found.families.values() for s in family.samples for label in s.labels} <= LABELS
        person = HELD[0].person
        private = [person.names[0].text, person.documents[0].number, "IMI-0001", "alya"]
        assert [text for text in private if text.lower() in found.text.lower()] == []
        assert re.findall(r"[0-9a-f]{32}", found.text) == []


async def test_without_the_table_no_metrics_are_served(shown: Shown) -> None:
    path = shown.federation.folder(NODE).root / "node.toml"
    asked, silent = load_config(path).config.metrics, path.with_name("silent.toml")
    silent.write_text(path.read_text().partition("[metrics]")[0])
    assert asked is not None
    assert asked.listen == f"127.0.0.1:{shown.ports[NODE]}"
    assert load_config(silent).config.metrics is None


async def test_an_address_that_is_taken_or_no_address_is_refused(shown: Shown) -> None:
    for address in (f"127.0.0.1:{shown.ports[NODE]}", "9600", "localhost:http"):
        with pytest.raises(ConfigError):
            async with Metrics(()).listening(address):
                pass


async def test_those_that_wait_for_a_connection_of_a_pool_are_counted(database: Database) -> None:
    async with asyncpg.create_pool(database.service_dsn, min_size=1, max_size=1) as pool:
        async with pool.acquire():
            assert waiting(pool) == 0
            tasks = [asyncio.create_task(pool.fetchval("SELECT 1")) for _ in range(3)]
            await asyncio.sleep(0)
            assert waiting(pool) == 3
        assert await asyncio.gather(*tasks) == [1, 1, 1]
        assert waiting(pool) == 0
