"""A caller who speaks TLS 1.2 gets no answer, though their certificate is good: the handshake may end, the call not."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import grpc
import pytest

from federation.calling.channels import ca_pem
from federation.errors import CallerUnknown
from federation.v1 import node_pb2 as pb
from tests.agencies import HELD
from tests.carrier import Carrier, stream
from tests.federation import CARRIER, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")


@asynccontextmanager
async def speaking(federation: Federation, version: ssl.TLSVersion, folder: Path) -> AsyncIterator[grpc.aio.Channel]:
    """A channel to a node through a middleman that puts one version of TLS around what gRPC says in the clear."""
    member = federation.member("imigrasi")
    host, port = member.endpoints["node"].split(":")
    roots = folder / "ca.crt"
    roots.write_bytes(ca_pem(member.tls_ca))
    context = ssl.create_default_context(cafile=str(roots))
    keys = federation.folder(CARRIER)
    context.load_cert_chain(keys.tls_certificate, keys.tls_key)
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2"])
    carried: list[asyncio.Future[None]] = []

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carried.append(asyncio.get_running_loop().create_future())
        there_reader, there_writer = await asyncio.open_connection(host, int(port), ssl=context)
        assert there_writer.get_extra_info("ssl_object").version() == version.name.replace("_", ".")
        await asyncio.gather(pump(reader, there_writer), pump(there_reader, writer))
        carried[-1].set_result(None)

    server = await asyncio.start_server(carry, "127.0.0.1", 0)
    address = server.sockets[0].getsockname()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{address[1]}") as channel:
        yield channel
    await asyncio.gather(*carried)
    server.close()
    await server.wait_closed()


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Carry bytes one way until they end, then end that way too."""
    with suppress(OSError):
        while chunk := await reader.read(65_536):
            writer.write(chunk)
            await writer.drain()
    writer.transport.abort()  # the other side is gone: a farewell would be waited for in vain
    with suppress(OSError):
        await writer.wait_closed()


async def test_a_call_under_tls_1_2_gets_no_answer(federation: Federation, carrier: Carrier, tmp_path: Path) -> None:
    frame = pb.NodeServiceAskRequest(questions=[carrier.question(federation.query(HELD[0].person))])
    async with speaking(federation, ssl.TLSVersion.TLSv1_2, tmp_path) as channel:
        with pytest.raises(CallerUnknown, match=r"TLS 1\.3"):
            await stream(channel, [frame])


async def test_the_same_call_under_tls_1_3_is_answered(
    federation: Federation, carrier: Carrier, tmp_path: Path
) -> None:
    question = carrier.question(federation.query(HELD[0].person))
    async with speaking(federation, ssl.TLSVersion.TLSv1_3, tmp_path) as channel:
        items = await stream(channel, [pb.NodeServiceAskRequest(questions=[question])])
    assert carrier.read(items[-1], "imigrasi").answer.subjects[0].band == "strong"
