"""A coordinator's doctor: each node of the roster as it is reached, what it says of itself, and why it is not."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from coordinator.cli.doctor import examine
from deploy.ceremony.certificates import Authority, make_authority
from federation.calling.channels import TlsIdentity
from federation.calling.seen import see
from federation.errors import CallerUnknown, FederationError, Unreachable
from federation.keys import write_secret
from federation.roster import Member
from tests.federation import AUDITOR, COORDINATOR, DOWN, LIAR, NODES, Federation
from tests.integration.examined import Examined, examined
from tests.postgres import Server

pytestmark = pytest.mark.asyncio(loop_scope="session")
NODE = "imigrasi"


@pytest.fixture
def folder(federation: Federation, tmp_path: Path) -> Path:
    """A copy of a running coordinator's folder, to be harmed."""
    return Path(shutil.copytree(federation.folder(COORDINATOR).root, tmp_path / COORDINATOR))


async def told(folder: Path, federation: Federation, ahead: timedelta = timedelta()) -> Examined:
    """What the coordinator's doctor tells."""
    return await examined(folder, federation, ahead, examine=examine, name="coordinator.toml")


async def test_nodes_that_run_are_fine_and_each_that_does_not_is_told(federation: Federation, folder: Path) -> None:
    found = await told(folder, federation)
    assert found.states(*(f"node {node}" for node in NODES)) == ["fine"] * len(NODES)
    assert found.states("keys", "database", "roster", "enrolment", "certificate", "log", "own endpoint") == ["fine"] * 7
    assert f"node {DOWN}" in found.wrong()
    assert {name.split()[1] for name in found.wrong()} <= {DOWN, LIAR}


async def test_a_node_is_told_with_what_it_says_of_itself(federation: Federation, folder: Path) -> None:
    step = (await told(folder, federation)).step("node imigrasi")
    assert any(text.startswith("simpul ") and "stay_permit" in text and "detention" in text for text in step.told)
    assert "holds the same roster, version 2" in step.told


@pytest.mark.parametrize(("seconds", "state"), [(10, "note"), (-40, "wrong")])
async def test_a_clock_apart_from_the_nodes_is_told(
    federation: Federation, folder: Path, seconds: int, state: str
) -> None:
    found = await told(folder, federation, timedelta(seconds=seconds))
    assert found.states(*(f"node {node}" for node in NODES)) == [state] * len(NODES)


async def test_keys_that_others_could_read_leave_every_node_untried(federation: Federation, folder: Path) -> None:
    (folder / "keys" / "tls.pem").chmod(0o604)
    found = await told(folder, federation)
    assert list(found.wrong()) == ["keys"]
    assert found.states("node imigrasi", "own endpoint", "certificate", "log") == ["not_tried"] * 4
    assert found.step("roster").state == "fine"


async def test_a_configuration_that_cannot_be_read_is_told(federation: Federation, folder: Path) -> None:
    (folder / "coordinator.toml").write_text("[inquiry]\ndeadline_seconds = 0\n")
    found = await told(folder, federation)
    assert list(found.wrong()) == ["configuration"]


async def seen(federation: Federation, member: Member, identity: TlsIdentity | None = None) -> FederationError:
    """Why a member is not seen."""
    with pytest.raises(FederationError) as raised:
        await see(member, "node", identity or federation.keys(COORDINATOR).tls, federation.clock)
    return raised.value


async def test_a_service_of_another_member_at_the_endpoint_is_told_from_one_that_is_down(
    federation: Federation,
) -> None:
    endpoint = federation.member("polri").endpoints["node"]
    error = await seen(federation, replace(federation.member(NODE), endpoints={"node": endpoint}))
    assert isinstance(error, Unreachable)
    assert "does not hold under the CA which the roster names for imigrasi" in error.message


async def test_a_service_that_does_not_speak_tls_is_told(federation: Federation) -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        error = await seen(federation, replace(federation.member(NODE), endpoints={"node": f"127.0.0.1:{port}"}))
    assert "does not speak TLS" in error.message


async def test_a_port_that_nobody_listens_at_and_an_endpoint_that_is_none_are_told(federation: Federation) -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        error = await seen(federation, replace(federation.member(NODE), endpoints={"node": f"127.0.0.1:{port}"}))
    assert f"no connection to 127.0.0.1:{port}" in error.message
    error = await seen(federation, replace(federation.member(NODE), endpoints={"node": "unix:/run/simpul"}))
    assert "is not host:port" in error.message
    error = await seen(federation, replace(federation.member(NODE), endpoints={}))
    assert "names no endpoint node" in error.message


async def test_a_certificate_that_no_member_signed_is_told_by_the_silence_of_the_other(
    federation: Federation, tmp_path: Path
) -> None:
    made = make_authority("simpul://uji/asing", federation.founded)
    write_secret(tmp_path / "ca.pem", made.key)
    (tmp_path / "ca.crt").write_bytes(made.certificate)
    stranger = Authority.from_files(tmp_path / "ca.pem", tmp_path / "ca.crt")
    issued = stranger.for_member("simpul://uji/asing", ["127.0.0.1"], federation.founded)
    identity = TlsIdentity(certificate=issued.certificate, key=issued.key)
    error = await seen(federation, federation.member(NODE), identity)
    assert "takes the connection and then gives no answer" in error.message


async def test_a_certificate_that_the_other_does_not_recognise_is_told_in_its_words(federation: Federation) -> None:
    folder = federation.folder(AUDITOR)
    authority = Authority.from_files(folder.ca_key, folder.ca_certificate)
    issued = authority.for_member("simpul://uji/imigrasi", ["127.0.0.1"], federation.founded)
    identity = TlsIdentity(certificate=issued.certificate, key=issued.key)
    error = await seen(federation, federation.member(NODE), identity)
    assert isinstance(error, CallerUnknown)
    assert error.message.startswith("imigrasi was reached and answers: the caller's certificate was not signed")


@pytest_asyncio.fixture(loop_scope="session")
async def small(federations: Server, tmp_path: Path) -> AsyncIterator[Federation]:
    """A federation of one node, whose other nodes are suspended."""
    found = await Federation.found(tmp_path, federations, nodes=(NODE,))
    found.change_roster(suspend=frozenset({DOWN, LIAR}))
    await found.start()
    yield found
    await found.close()


async def test_the_command_ends_with_0_when_all_is_fine_and_1_when_something_is_wrong(small: Federation) -> None:
    path = small.folder(COORDINATOR).root / "coordinator.toml"

    async def command() -> tuple[int, dict[str, str]]:
        words = (sys.executable, "-m", "coordinator.cli", "doctor", "--json", "--config", str(path))
        running = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
        written, _ = await running.communicate()
        steps = json.loads(written)["steps"]
        return running.returncode or 0, {step["step"]: step["state"] for step in steps}

    code, states = await command()
    assert code == 0, states
    assert (states[f"node {DOWN}"], states[f"node {NODE}"]) == ("note", "fine")
    await small.stop(NODE)
    code, states = await command()
    assert code == 1
    assert [name for name, state in states.items() if state == "wrong"] == [f"node {NODE}"]
