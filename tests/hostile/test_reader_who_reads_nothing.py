"""A coordinator that asks without a pause and reads no answer is held up itself, and holds up nobody else."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from federation.calling.channels import ca_pem
from federation.v1 import node_pb2 as pb
from federation.v1.node_pb2_grpc import NodeServiceStub
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.federation import Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")
MOST_FRAMES = 200  # some forty megabytes, of which a node may take a few


def narrow_channel(federation: Federation, carrier: Carrier) -> grpc.aio.Channel:
    """A channel on which no more than 64 KiB of answers are under way unread."""
    node, tls = federation.member("imigrasi"), carrier.keys.tls
    credentials = grpc.ssl_channel_credentials(
        root_certificates=ca_pem(node.tls_ca), private_key=tls.key, certificate_chain=tls.certificate
    )
    options = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65_536))
    return grpc.aio.secure_channel(node.endpoints["node"], credentials, options=options)


async def test_a_reader_who_reads_nothing_is_listened_to_no_longer_and_others_are_served(
    federation: Federation, carrier: Carrier
) -> None:
    question = carrier.question(federation.query(HELD[0].person))
    frame = pb.NodeServiceAskRequest(questions=[question] * 64)
    async with narrow_channel(federation, carrier) as channel:
        call = NodeServiceStub(channel).Ask()  # type: ignore[call-arg]  # REASON: written to, not iterated
        written = 0
        with pytest.raises(TimeoutError):
            while written < MOST_FRAMES:
                await asyncio.wait_for(call.write(frame), 1.0)
                written += 1
        told = await federation.ask(federation.query(HELD[1].person))
        assert told.answer("imigrasi").subjects[0].band == "strong"
        call.cancel()
    assert (await carrier.ask(federation.query(HELD[2].person))).answer.subjects[0].band == "strong"
