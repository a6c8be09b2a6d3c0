"""OpenSSL, which gRPC is not built on, at a node's door: who is let in, under what TLS, and who hears nothing."""

from __future__ import annotations

import asyncio
import shutil
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from google.protobuf.message import Message
from grpclib.client import Channel, UnaryUnaryMethod
from grpclib.const import Status
from grpclib.exceptions import GRPCError

from deploy.ceremony.certificates import Authority, Issued, make_authority, member_uri
from federation.v1 import coordinator_pb2, membership_pb2, node_pb2, querylog_pb2
from tests.conformance.foreign import Door, door
from tests.federation import CARRIER, COORDINATOR, NAME, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")
SETTINGS = 4
URI = member_uri(NAME, CARRIER)
HOSTS = ("127.0.0.1",)
METHODS: tuple[tuple[str, str, type[Message], type[Message]], ...] = (
    (
        "imigrasi",
        "NodeService/Describe",
        node_pb2.NodeServiceDescribeRequest,
        node_pb2.NodeServiceDescribeResponse,
    ),
    (
        "imigrasi",
        "QueryLogService/Checkpoint",
        querylog_pb2.QueryLogServiceCheckpointRequest,
        querylog_pb2.QueryLogServiceCheckpointResponse,
    ),
    (
        COORDINATOR,
        "CoordinatorService/Results",
        coordinator_pb2.CoordinatorServiceResultsRequest,
        coordinator_pb2.CoordinatorServiceResultsResponse,
    ),
    (
        COORDINATOR,
        "RosterService/Get",
        membership_pb2.RosterServiceGetRequest,
        membership_pb2.RosterServiceGetResponse,
    ),
)


async def heard(at: Door, context: ssl.SSLContext) -> bytes:
    """What a member says first to whoever made its handshake; nothing, if it ends the connection instead."""
    return await asyncio.to_thread(_heard, at, context)


def _heard(at: Door, context: ssl.SSLContext) -> bytes:
    with socket.create_connection((at.host, at.port), timeout=10) as plain:
        try:
            with context.wrap_socket(plain, server_hostname=at.host) as secured:
                return secured.recv(9)
        except ssl.SSLCertVerificationError:
            raise
        except (ssl.SSLError, ConnectionError):
            return b""


def authority_of(federation: Federation, member: str) -> Authority:
    """A member's own certificate authority."""
    folder = federation.folder(member)
    return Authority.from_files(folder.ca_key, folder.ca_certificate)


def by_itself(federation: Federation) -> Issued:
    """A certificate that its holder signed for themselves."""
    return make_authority(URI, federation.founded)


def expired(federation: Federation) -> Issued:
    """A certificate of the member's own authority, of the year before last."""
    return authority_of(federation, CARRIER).for_member(URI, HOSTS, federation.founded - timedelta(days=500))


def not_yet(federation: Federation) -> Issued:
    """A certificate of the member's own authority, for tomorrow."""
    return authority_of(federation, CARRIER).for_member(URI, HOSTS, federation.founded + timedelta(days=1))


def presenting(at: Door, issued: Issued, folder: Path) -> Door:
    """The same door with another certificate in hand."""
    certificate, key = folder / "tls.crt", folder / "tls.pem"
    certificate.write_bytes(issued.certificate)
    key.touch(mode=0o600)
    key.write_bytes(issued.key)
    return replace(at, certificate=certificate, key=key)


async def status(
    at: Door, context: ssl.SSLContext, path: str, asks: type[Message], told: type[Message]
) -> Status | None:
    """The gRPC status of a method, called with an empty message; None if the handshake fails."""
    channel = Channel(at.host, at.port, ssl=context)
    try:
        method: UnaryUnaryMethod[Any, Any] = UnaryUnaryMethod(channel, f"/federation.v1.{path}", asks, told)
        await method(asks(), timeout=10.0)
    except GRPCError as error:
        return error.status
    except (ssl.SSLError, ConnectionError):
        return None
    finally:
        channel.close()
    return Status.OK


@pytest.mark.parametrize("member", ["imigrasi", COORDINATOR])
async def test_a_member_is_greeted_by_http_2_under_tls_1_3(reflecting: Federation, member: str) -> None:
    at = door(reflecting, member, CARRIER)
    context = at.context()
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    assert (await heard(at, context))[3] == SETTINGS


@pytest.mark.parametrize("member", ["imigrasi", COORDINATOR])
async def test_a_caller_without_a_certificate_hears_nothing(reflecting: Federation, member: str) -> None:
    at = door(reflecting, member, CARRIER)
    context = at.context(presents=False)
    assert await heard(at, context) == b""
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert await heard(at, context) == b""


@pytest.mark.parametrize("made", [by_itself, expired, not_yet])
async def test_a_caller_whose_certificate_is_not_good_now_hears_nothing(
    reflecting: Federation, tmp_path: Path, made: Callable[[Federation], Issued]
) -> None:
    at = presenting(door(reflecting, "imigrasi", CARRIER), made(reflecting), tmp_path)
    assert await heard(at, at.context()) == b""


async def test_a_certificate_made_today_by_the_same_authority_is_good(reflecting: Federation, tmp_path: Path) -> None:
    made = authority_of(reflecting, CARRIER).for_member(URI, HOSTS, reflecting.founded)
    at = presenting(door(reflecting, "imigrasi", CARRIER), made, tmp_path)
    assert (await heard(at, at.context()))[3] == SETTINGS


async def test_a_certificate_by_another_members_authority_passes_the_handshake_and_no_call(
    reflecting: Federation, tmp_path: Path
) -> None:
    made = authority_of(reflecting, "polri").for_member(URI, HOSTS, reflecting.founded)
    at = presenting(door(reflecting, "imigrasi", CARRIER), made, tmp_path)
    own = [(path, asks, told) for member, path, asks, told in METHODS if member == "imigrasi"]
    assert [await status(at, at.context(), *method) for method in own] == [Status.UNAUTHENTICATED] * 2


@pytest.mark.parametrize(("member", "path", "asks", "told"), METHODS, ids=[path for _, path, *_ in METHODS])
async def test_no_method_answers_under_tls_1_2(
    reflecting: Federation, member: str, path: str, asks: type[Message], told: type[Message]
) -> None:
    at = door(reflecting, member, CARRIER)
    old, new = at.context(), at.context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    new.minimum_version = ssl.TLSVersion.TLSv1_3
    assert await status(at, old, path, asks, told) in (None, Status.UNAUTHENTICATED)
    assert await status(at, new, path, asks, told) not in (None, Status.UNAUTHENTICATED)


async def test_a_caller_believes_a_node_only_under_that_nodes_own_authority(reflecting: Federation) -> None:
    at = door(reflecting, "imigrasi", CARRIER)
    other = replace(at, ca=reflecting.folder("polri").ca_certificate)
    with pytest.raises(ssl.SSLCertVerificationError):
        await heard(other, other.context())
    assert await heard(at, at.context())


async def test_a_caller_who_speaks_only_http_1_1_hears_nothing(reflecting: Federation) -> None:
    at = door(reflecting, "imigrasi", CARRIER)
    context = at.context()
    context.set_alpn_protocols(["http/1.1"])
    assert await heard(at, context) == b""


async def test_sslscan_finds_no_old_protocol_and_no_weak_cipher(reflecting: Federation) -> None:
    if not shutil.which("sslscan"):
        pytest.skip("no sslscan here: install it (Debian: apt-get install sslscan), then try again")
    at = door(reflecting, "imigrasi", CARRIER)
    presented = (f"--certs={at.certificate}", f"--pk={at.key}")
    run = await asyncio.create_subprocess_exec(
        *("sslscan", "--xml=-", *presented, at.address), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await run.communicate()
    # REASON: what a program that this test started says about a server that it started
    found = ElementTree.fromstring(out).find("ssltest")  # noqa: S314
    assert found is not None
    spoken = {f"{one.get('type')} {one.get('version')}" for one in found.iter("protocol") if one.get("enabled") == "1"}
    assert {"tls 1.3"} <= spoken <= {"tls 1.2", "tls 1.3"}
    ciphers = {str(one.get("cipher")) for one in found.iter("cipher")}
    assert ciphers
    assert all("GCM" in cipher or "CHACHA20" in cipher for cipher in ciphers), ciphers
    assert all(one.get("vulnerable") == "0" for one in found.iter("heartbleed"))
