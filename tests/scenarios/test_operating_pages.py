"""Every command of the pages for operators, as they stand there, on a member made by the ceremony.

The coordinator is set up by its page and serves; then the node by its own; then what the coordinator's page says of
daily work. Of the pages' words only places are changed: the database, addresses, the anchor's folder.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
import psycopg
import pytest

from coordinator.cli.main import main as coordinator_main
from deploy.ceremony.founding import Federation, create_federation
from deploy.ceremony.members import MemberPlan
from node.cli.main import main as node_main
from tests import agencies
from tests.postgres import Database, Server

PAGES: Final = Path(__file__).resolve().parents[2] / "docs" / "operating"
NODE, COORDINATOR = "imigrasi", "sekretariat"
NOT_RUN: Final = {
    "python3 -m venv /opt/simpul": "a test makes no second environment beside its own",
    "/opt/simpul/bin/pip install --require-hashes -r requirements/run.lock": "it fetches packages, a test never does",
    "/opt/simpul/bin/pip install --no-deps .": "as above; the commands of the test's own environment are run instead",
    "export PATH=/opt/simpul/bin:$PATH": "the test puts its own environment's commands first",
}
MAINS: Final = {"simpul-node": node_main, "simpul-coordinator": coordinator_main}
_BLOCK: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE: Final = re.compile(r"#\s+ends with (\d)\b")
_DSN: Final = re.compile(r"postgresql://\w+_(\w+)@[^\"]+")
_INLINE: Final = re.compile(r"`(simpul-(?:node|coordinator) [^`]+)`")
_INDEX_LOCK: Final = """
SELECT count(*) FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database
WHERE l.locktype = 'advisory' AND d.datname = current_database()"""
_SECONDS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A line of a page, and the exit code that the page gives."""

    text: str
    code: int

    @property
    def lasts(self) -> bool:
        """Whether it goes on until it is told to stop."""
        return " serve " in self.text or self.text.endswith("--follow")


def blocks(page: str, *languages: str) -> list[str]:
    """The blocks of a page that are in these languages."""
    return [body for language, body in _BLOCK.findall((PAGES / page).read_text()) if language in languages]


def commands(page: str) -> list[Command]:
    """What a page has its reader type, in order, but for what is never run here."""
    lines = [line for body in blocks(page, "sh", "") for line in body.replace("\\\n", " ").splitlines() if line]
    found = []
    for line in lines:
        code = _CODE.search(line)
        text = line.partition("  #")[0].strip()
        if text not in NOT_RUN:
            found.append(Command(text=text, code=int(code[1]) if code else 0))
    return found


class Machine:
    """A member's machine: its folder, its database, and whatever of its commands goes on running."""

    def __init__(self, page: str, folder: Path, database: Database, address: str) -> None:
        """Write the page's configuration into the member's folder, its places replaced."""
        self._folder, self._database = folder, database
        (text,) = blocks(page, "toml")
        with socket.create_server(("127.0.0.1", 0)) as free:
            metrics = f"127.0.0.1:{free.getsockname()[1]}"
        (anchored,) = re.findall(r'anchor_file = "(.+)"', text)
        anchor = folder / "volume" / "anchor"
        anchor.parent.mkdir()
        (listening,) = re.findall(r'address = "(.+)"', text)
        (self._shown,) = re.findall(r'listen = "(.+)"', text)
        self._metrics = metrics
        text = text.replace(anchored, str(anchor)).replace(listening, address).replace(self._shown, metrics)
        dsns = {"owner": database.owner_dsn, "service": database.service_dsn, "source": database.service_dsn}
        (name,) = {word for one in commands(page) for word in re.findall(r"--config (\S+)", one.text)}
        (folder / name).write_text(_DSN.sub(lambda found: dsns[found[1]], text))
        self._lasting: dict[str, subprocess.Popen[bytes]] = {}

    def type(self, command: Command) -> None:
        """Run a command in the member's folder, as the page's reader would."""
        text = command.text.replace(self._shown, self._metrics)
        if text.startswith("curl ") and shutil.which("curl") is None:
            return  # REASON: not every machine has it, and nothing of ours stands on it
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path}
        if command.lasts:
            output = (self._folder / f"{len(self._lasting)}.log").open("wb")
            with output:
                self._lasting[text] = subprocess.Popen(
                    ["sh", "-c", f"exec {text}"], cwd=self._folder, env=environment, stdout=output, stderr=output
                )
            self._until_it_goes_on(text, self._folder / f"{len(self._lasting) - 1}.log")
            return
        done = subprocess.run(
            ["sh", "-c", text], cwd=self._folder, env=environment, capture_output=True, text=True, timeout=_SECONDS
        )
        assert done.returncode == command.code, f"{text}\n{done.stdout}\n{done.stderr}"

    def stop(self) -> None:
        """Tell what goes on to stop: each drains, and ends well."""
        codes = {text: self._ended(process) for text, process in self._lasting.items()}
        assert all(code == 0 for code in codes.values()), codes

    def end(self) -> None:
        """Leave nothing behind."""
        for process in self._lasting.values():
            if process.poll() is None:
                process.kill()
                process.wait()

    def _until_it_goes_on(self, text: str, output: Path) -> None:
        """Wait until it serves, or has the index to itself."""
        ready = self._serves if " serve " in text else self._follows
        until = time.monotonic() + _SECONDS
        while not ready():
            assert self._lasting[text].poll() is None, output.read_text()
            assert time.monotonic() < until, f"{text}: {output.read_text()}"
            time.sleep(0.05)

    def _serves(self) -> bool:
        host, port = self._metrics.split(":")
        with socket.socket() as probe:
            return probe.connect_ex((host, int(port))) == 0

    def _follows(self) -> bool:
        with psycopg.connect(self._database.admin_dsn) as connection:
            found = connection.execute(_INDEX_LOCK).fetchone()
        return found is not None and found[0] > 0

    @staticmethod
    def _ended(process: subprocess.Popen[bytes]) -> int:
        process.send_signal(signal.SIGTERM)
        return process.wait(_SECONDS)


@pytest.fixture
def ceremony(tmp_path: Path) -> Federation:
    """The federation of the pages, made by the ceremony."""
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(2)]
        node, coordinator = (f"127.0.0.1:{probe.getsockname()[1]}" for probe in probes)
    roles = {NODE: {"node", "requester"}, COORDINATOR: {"coordinator"}, "inspektorat": {"auditor"}}
    endpoints = {
        NODE: {kind: node for kind in ("node", "querylog", "roster")},
        COORDINATOR: {kind: coordinator for kind in ("coordinator", "querylog", "roster")},
    }
    plans = [
        MemberPlan(
            id=member,
            name_indonesian=member,
            name_english=member,
            roles=frozenset(has),
            endpoints=endpoints.get(member, {}),
        )
        for member, has in roles.items()
    ]
    return create_federation(tmp_path / "federation", plans, federation="banten", at=datetime.now(UTC))


@asynccontextmanager
async def machine(page: str, member: str, ceremony: Federation, server: Server) -> AsyncIterator[Machine]:
    """A member's machine beside an empty database; a node's agency has rows, a mapping and a policy."""
    folder, database = ceremony.member(member).root, server.create_database("template1")
    if member == NODE:
        await agencies.fill(database)
        (folder / "mapping.toml").write_text(agencies.mapping(member))
        (folder / "policy.toml").write_text(agencies.policy(member))
    made = Machine(page, folder, database, ceremony.open_roster().statement.member(member).endpoints["roster"])
    try:
        yield made
    finally:
        made.end()
        server.drop(database)


async def test_every_command_of_the_pages_does_what_the_pages_say(ceremony: Federation, postgres: Server) -> None:
    of_coordinator = commands("coordinator.md")
    served = [command.lasts for command in of_coordinator].index(True) + 1
    async with (
        machine("coordinator.md", COORDINATOR, ceremony, postgres) as coordinator,
        machine("node.md", NODE, ceremony, postgres) as node,
    ):
        for command in of_coordinator[:served]:
            coordinator.type(command)
        for command in commands("node.md"):
            node.type(command)
        for command in of_coordinator[served:]:
            coordinator.type(command)
        node.stop()
        coordinator.stop()


@pytest.mark.parametrize(("page", "program"), [("node.md", "simpul-node"), ("coordinator.md", "simpul-coordinator")])
def test_a_page_has_its_reader_type_every_command_that_sets_a_member_up(page: str, program: str) -> None:
    typed = {tuple(command.text.split()[:2]) for command in commands(page)}
    assert typed >= {(program, word) for word in ("check-config", "migrate", "create-log", "doctor", "serve")}


@pytest.mark.parametrize("page", ["node.md", "coordinator.md"])
def test_a_command_that_a_page_names_within_its_text_is_one(page: str) -> None:
    for text in _INLINE.findall((PAGES / page).read_text()):
        program, word, *options = text.split()
        command = MAINS[program].commands[word]
        assert isinstance(command, click.Command)
        known = {option for parameter in command.params for option in parameter.opts}
        assert known >= {option for option in options if option.startswith("--")}, text


def test_what_is_never_run_is_on_the_pages() -> None:
    lines = "\n".join(body for page in ("node.md", "coordinator.md") for body in blocks(page, "sh")).splitlines()
    assert set(NOT_RUN) <= set(lines)
