"""A node's doctor: each step tried alone, each fault told with what to do, and nothing changed by looking."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from federation.keys import SigningKey
from tests.agencies import HELD
from tests.federation import CARRIER, COORDINATOR, Federation
from tests.integration.examined import examined
from tests.postgres import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")
NODE = "imigrasi"
ROLE = '"postgresql://simpul_service@'
STRANGER = '"postgresql://stranger@'
Harm = Callable[[Path], object]


@pytest.fixture
def folder(federation: Federation, tmp_path: Path) -> Path:
    """A copy of a running node's folder, to be harmed."""
    return Path(shutil.copytree(federation.folder(NODE).root, tmp_path / NODE))


def replaced(name: str, old: str, new: str) -> Harm:
    """Replace text in a file."""

    def harm(folder: Path) -> None:
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new))

    return harm


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file of a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def other_key(folder: Path) -> None:
    path = folder / "keys" / "statement.pem"
    path.unlink()
    path.touch(mode=0o600)
    path.write_bytes(SigningKey.generate().pem())


HARMS: list[tuple[str, Harm, str]] = [
    ("configuration", lambda f: (f / "node.toml").write_text("[member"), "not TOML"),
    ("configuration", replaced("node.toml", "[listen]", "[lissten]"), "lissten"),
    ("keys", lambda f: (f / "keys" / "log.pem").unlink(), "log.pem"),
    ("keys", lambda f: (f / "keys" / "evidence.pem").chmod(0o644), "chmod 600"),
    ("keys", lambda f: (f / "keys" / "tls.crt").unlink(), "tls.crt"),
    ("database", replaced("node.toml", f"log_dsn = {ROLE}", f"log_dsn = {STRANGER}"), "DSN"),
    ("roster file", lambda f: (f / "roster.envelope").unlink(), "roster.envelope"),
    ("roster file", lambda f: (f / "roster.envelope").write_bytes(b"\x0a\x01"), "no Envelope"),
    ("enrolment", other_key, "does not name this statement key"),
    ("log", lambda f: (f / "anchor").unlink(), "anchor"),
    ("log", lambda f: (f / "anchor").write_text("bm90ZQ==\n"), "anchor"),
    ("mapping", replaced("mapping.toml", 'member = "imigrasi"', 'member = "polri"'), "polri"),
    ("mapping", replaced("mapping.toml", 'key = "id"', 'kye = "id"'), "kye"),
    ("policy", replaced("policy.toml", 'member = "imigrasi"', 'member = "polri"'), "polri"),
    ("policy", replaced("policy.toml", '"comparison"', '"everything"'), "everything"),
    ("source", replaced("mapping.toml", 'table = "orang"', 'table = "manusia"'), "manusia is not there"),
    ("source", replaced("mapping.toml", '"paspor"', '"passpor"'), "which agency.orang does not have"),
    ("source", replaced("node.toml", f"source_dsn = {ROLE}", f"source_dsn = {STRANGER}"), "role"),
    ("index", lambda f: (f / "keys" / "index.secret").write_bytes(bytes(32)), "another secret"),
    ("index", lambda f: (f / "keys" / "index.secret").chmod(0o640), "chmod 600"),
]


@pytest.mark.parametrize(("step", "harm", "says"), HARMS)
async def test_a_fault_is_told_in_its_own_step_with_what_to_do(
    federation: Federation, folder: Path, step: str, harm: Harm, says: str
) -> None:
    harm(folder)
    found = await examined(folder, federation)
    assert not found.steps.fine
    assert says in found.wrong()[step]


async def test_a_fault_stops_no_step_that_does_not_stand_on_it(federation: Federation, folder: Path) -> None:
    (folder / "mapping.toml").unlink()
    (folder / "keys" / "log.pem").chmod(0o644)
    (folder / "keys" / "statement.pem").unlink()
    found = await examined(folder, federation)
    assert found.states("keys", "mapping") == ["wrong", "wrong"]
    assert [name for name in ("log.pem", "statement.pem") if name not in found.wrong()["keys"]] == []
    assert found.states("database", "roster", "stored roster", "index") == ["fine"] * 4
    assert found.states("certificate", "log", "policy", "source") == ["not_tried"] * 4
    assert found.step(f"coordinator {COORDINATOR}").told == ("needs the keys",)


async def test_a_running_node_is_fine_and_a_coordinator_that_is_down_is_told(
    federation: Federation, folder: Path
) -> None:
    found = await examined(folder, federation)
    assert list(found.wrong()) == [f"coordinator {CARRIER}"]
    assert "ConnectionRefusedError" in found.wrong()[f"coordinator {CARRIER}"]
    assert found.step(f"coordinator {COORDINATOR}").state == "fine"
    assert "+0.0 s" in found.step("own endpoint").told[1]


async def test_a_sample_shows_the_shape_of_a_record_and_nothing_of_the_person(
    federation: Federation, folder: Path
) -> None:
    found = await examined(folder, federation)
    for step in (found.step(f"sample of {kind}") for kind in ("stay_permit", "detention")):
        assert step.state == "fine"
        names = [told for told in step.told if told.startswith("primary name ")]
        assert len(names) == 1
        assert set(names[0].removeprefix("primary name ")) == {"x", " "}
        assert "birth 9999-99-99" in step.told
    text = json.dumps(found.steps.as_json())
    assert [row for row in HELD if row.passport in text or row.name.split()[0] in text] == []


async def test_looking_changes_nothing(federation: Federation, folder: Path) -> None:
    tables = ("log_state", "log_entry", "log_checkpoint", "roster")
    sizes = [f"SELECT count(*), max(t::text) FROM simpul.{table} AS t" for table in tables]
    before = [await federation.rows(NODE, size) for size in sizes]
    files = contents(folder)
    await examined(folder, federation)
    assert [await federation.rows(NODE, size) for size in sizes] == before
    assert contents(folder) == files


APART = [(0, "fine"), (10, "note"), (-10, "note"), (40, "wrong"), (-40, "wrong")]


@pytest.mark.parametrize(("seconds", "state"), APART)
async def test_a_clock_apart_from_the_coordinators_is_told(
    federation: Federation, folder: Path, seconds: int, state: str
) -> None:
    step = (await examined(folder, federation, timedelta(seconds=seconds))).step(f"coordinator {COORDINATOR}")
    assert step.state == state
    assert any("NTP" in told or "chronyc" in told for told in step.told) == (state != "fine")


@pytest.mark.parametrize(
    ("days", "roster", "certificate"), [(200, "note", "note"), (366, "wrong", "note"), (400, "wrong", "wrong")]
)
async def test_what_expires_is_noted_at_half_its_time_and_wrong_at_its_end(
    federation: Federation, folder: Path, days: int, roster: str, certificate: str
) -> None:
    found = await examined(folder, federation, timedelta(days=days))
    assert found.states("roster", "certificate") == [roster, certificate]


async def test_an_index_built_long_ago_is_noted(federation: Federation, folder: Path) -> None:
    step = (await examined(folder, federation, timedelta(days=3))).step("index")
    assert step.state == "note"
    assert "simpul-node refresh" in step.told[0]


async def test_a_certificate_of_another_member_is_told_and_the_coordinator_answers_as_it_sees_it(
    federation: Federation, folder: Path
) -> None:
    other = federation.folder("polri").keys
    for name in ("tls.crt", "tls.pem"):
        shutil.copy(other / name, folder / "keys" / name)
    found = await examined(folder, federation)
    assert "not signed by the CA" in found.wrong()["certificate"]
    assert "simpul://uji/imigrasi" in found.wrong()["certificate"]


async def test_a_certificate_without_its_key_is_told_and_no_coordinator_is_reached(
    federation: Federation, folder: Path
) -> None:
    shutil.copy(federation.folder("polri").keys / "tls.pem", folder / "keys" / "tls.pem")
    found = await examined(folder, federation)
    assert "not the key of tls.crt" in found.wrong()["certificate"]
    assert f"coordinator {COORDINATOR}" in found.wrong()


@pytest_asyncio.fixture(loop_scope="session")
async def small(federations: Server, tmp_path: Path) -> AsyncIterator[Federation]:
    """A federation of one node and one coordinator, to be harmed."""
    found = await Federation.found(tmp_path / "small", federations, nodes=(NODE,))
    found.change_roster(suspend=frozenset({CARRIER}))
    await found.start()
    yield found
    await found.close()


async def told_by_command(folder: Path, *options: str) -> tuple[int, str]:
    """The command's exit code and what it wrote."""
    command = (sys.executable, "-m", "node.cli", "doctor", "--config", str(folder / "node.toml"), *options)
    running = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    written, _ = await running.communicate()
    return running.returncode or 0, written.decode()


async def test_the_command_ends_with_0_when_all_is_fine_and_1_when_something_is_wrong(small: Federation) -> None:
    folder = small.folder(NODE).root
    code, text = await told_by_command(folder, "--json")
    assert (code, json.loads(text)["fine"]) == (0, True), text
    await small.stop(COORDINATOR)
    code, text = await told_by_command(folder)
    assert code == 1
    assert [line.split(":")[0] for line in text.splitlines() if line.startswith("wrong")] == [
        f"wrong     coordinator {COORDINATOR}"
    ]


async def test_a_suspended_member_is_told_so_by_its_roster_and_by_its_coordinator(small: Federation) -> None:
    small.change_roster(suspend=frozenset({NODE}))
    await small.stop(COORDINATOR)
    await small.start(COORDINATOR)
    found = await examined(small.folder(NODE).root, small)
    assert "suspended" in found.wrong()["enrolment"]
    assert "was reached and answers: the member is suspended" in found.wrong()[f"coordinator {COORDINATOR}"]
    assert "restart the service" in found.step("stored roster").told[0]


async def test_a_coordinator_with_a_newer_roster_is_noted_and_a_newer_one_stored_here_is_in_force(
    small: Federation, tmp_path: Path
) -> None:
    old = Path(shutil.copytree(small.folder(NODE).root, tmp_path / "old"))
    small.change_roster(revoke=frozenset({bytes(32)}))
    await small.stop(COORDINATOR)
    await small.start(COORDINATOR)
    found = await examined(old, small)
    assert "install the newer one" in found.step(f"coordinator {COORDINATOR}").told[0]
    await small.stop(NODE)
    await small.start(NODE)
    found = await examined(old, small)
    assert found.step(f"coordinator {COORDINATOR}").state == "fine"
    assert found.states("roster file", "stored roster") == ["fine", "fine"]
