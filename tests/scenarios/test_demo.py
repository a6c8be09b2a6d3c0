"""The demo as a stranger sees it: processes, a real query, an audit that is clean and finds each changed byte."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from rich.console import Console

from coordinator.cli import asking
from coordinator.cli.officer import Officer
from coordinator.cli.sending import send
from federation.result import Silence
from matching.describe import describe

PEOPLE = "1200"
CASE = "IMI.5-GR.03.02-2134"
ASK = ("--name", "CHEN XIAOMING", "--born", "17-05-1984", "--nationality", "CHN", "--case", CASE)


class Kept:
    """A demo left up, and how to ask it, audit it and harm it."""

    def __init__(self, state: Path, folder: Path) -> None:
        self.state, self.folder = state, folder

    def run(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=self.folder,
            env=environment(),
            capture_output=True,
            text=True,
        )

    def ask(self, *arguments: str) -> dict[str, Any]:
        done = self.run("coordinator.cli", "ask", *arguments, "--json")
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def audit(self) -> tuple[int, list[dict[str, Any]]]:
        config = self.state / "federation" / "members" / "inspektorat" / "auditor.toml"
        done = self.run("auditor.cli", "audit", "--config", str(config), "--json")
        return done.returncode, json.loads(done.stdout)["findings"]

    def owner(self, member: str) -> psycopg.Connection[Any]:
        folder = self.state / "federation" / "members" / member
        name = "coordinator.toml" if member == "sekretariat" else "node.toml"
        dsn = tomllib.loads((folder / name).read_text())["database"]["owner_dsn"]
        return psycopg.connect(dsn, autocommit=True)


def environment() -> dict[str, str]:
    root = str(Path(__file__).resolve().parents[2])
    return {**os.environ, "PYTHONPATH": root}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    # REASON: the embedded server runs as a user of its own, who must be able to walk to its data
    state = Path(tempfile.mkdtemp(prefix="simpul-demo-test-", dir="/var/tmp"))
    state.chmod(0o755)
    demo = Kept(state, tmp_path_factory.mktemp("here"))
    arguments = ("--state", str(state), "--people", PEOPLE)
    try:
        done = demo.run("deploy.demo", *arguments, "--keep")
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        yield demo
    finally:
        demo.run("deploy.demo", *arguments, "--stop")
        shutil.rmtree(state)


def test_all_eleven_agencies_reply_to_both_queries_and_the_audit_is_clean(kept: Kept) -> None:
    summary = json.loads((kept.folder / "demo.json").read_text())
    joint, routine = summary["queries"]
    assert (joint["purpose"], routine["purpose"]) == ("joint_operation", "routine_oversight")
    assert [len(query["replies"]) for query in (joint, routine)] == [11, 11]
    assert all(reply["kind"] == "answer" and reply["receipt"] for reply in joint["replies"])
    refused = {reply["member"]: reply["reason"] for reply in routine["replies"] if reply["kind"] == "refusal"}
    assert refused == {"tni": "purpose_not_permitted", "binda": "purpose_not_permitted"}
    assert summary["audit"] == {"clean": True, "findings": 0}


def test_the_planted_person_is_matched_at_six_agencies_or_more(kept: Kept) -> None:
    joint = json.loads((kept.folder / "demo.json").read_text())["queries"][0]
    assert sum(bool(reply["matches"]) for reply in joint["replies"]) >= 6


def test_an_officer_asks_a_kept_demo_without_naming_a_folder(kept: Kept) -> None:
    found = kept.ask(*ASK, "--purpose", "joint_operation")
    assert {reply["kind"] for reply in found["replies"]} == {"answer"}
    assert {claim["field"] for claim in found["subjects"][0]["claims"]} >= {"number", "to", "regency"}


def test_a_protected_person_answers_as_absent(kept: Kept) -> None:
    about = ("--name", "BAUTISTA MARICEL REYES", "--born", "21-02-1996", "--document", "P4417083B")
    found = kept.ask(*about, "--case", CASE, "--purpose", "joint_operation")
    assert not any(reply["matches"] for reply in found["replies"])


def test_the_audit_names_the_row_of_every_byte_that_is_changed(kept: Kept) -> None:
    """One byte of one row in each table of the coordinator's log, which is long enough to have a full tile."""
    asyncio.run(ask_often(kept, 20))
    assert kept.audit() == (0, [])
    with kept.owner("sekretariat") as connection:
        connection.execute("ALTER TABLE simpul.log_entry DROP CONSTRAINT log_entry_check")
        for table, column in HARMED.items():
            place = row_of(connection, table)
            flip(connection, table, column, place)
            code, findings = kept.audit()
            flip(connection, table, column, place)
            named = {(finding["member"], finding["table"]) for finding in findings}
            assert (code, ("sekretariat", table) in named) == (1, True), (table, named)
            if table == "log_entry":
                assert ("sekretariat", 7) in {(finding["member"], finding["entry"]) for finding in findings}
    assert kept.audit() == (0, [])


HARMED = {
    "log_entry": "leaf",
    "log_tile": "hashes",
    "log_checkpoint": "note",
    "evidence": "ct",
    "evidence_wrap": "wrap",
    "receipt": "proof",
}


def row_of(connection: psycopg.Connection[Any], table: str) -> str:
    """A row by its place on disk's stable key: the entry 7, or else the first by primary key."""
    keys = {
        "log_entry": "index = 7",
        "log_tile": "level = 0 AND n = 0",
        "log_checkpoint": "size = (SELECT min(size) FROM simpul.log_checkpoint WHERE size > 0)",
        "evidence": "digest = '\\x{}'",
        "evidence_wrap": "wrap_sha256 = '\\x{}'",
        "receipt": "statement_digest = '\\x{}'",
    }
    column = keys[table].split(" ")[0]
    found = connection.execute(f"SELECT {column} FROM simpul.{table} ORDER BY 1 LIMIT 1").fetchone()
    assert found is not None
    return keys[table].format(found[0].hex() if isinstance(found[0], bytes) else "")


def flip(connection: psycopg.Connection[Any], table: str, column: str, place: str) -> None:
    """Turn one bit of one byte; an entry's leaf hash is made to agree with it."""
    byte = f"set_byte({column}, 40, get_byte({column}, 40) # 1)"
    also = f", leaf_hash = sha256('\\x00'::bytea || {byte})" if table == "log_entry" else ""
    assert connection.execute(f"UPDATE simpul.{table} SET {column} = {byte}{also} WHERE {place}").rowcount == 1


async def ask_often(kept: Kept, times: int) -> None:
    asker = Officer.from_folder(kept.state / "officer")
    person = describe(names=["LIN GUOHUA"], born="23-08-1979", nationality="CHN")
    wish = asking.Wish(purpose="joint_operation", case_reference=CASE, disclosure_class="fields", subjects=(person,))
    for _ in range(times):
        query = asking.make_query(wish, asker, datetime.now(UTC))
        sent = await send(asking.sign(query, asker), asker, 30.0, Console(stderr=True))
        assert not any(isinstance(outcome, Silence) for outcome in sent.outcomes.values())
