"""A stranger without a certificate, or with one that they made themselves: the handshake ends, and nothing is said."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from deploy.ceremony.certificates import Authority, make_authority, member_uri
from federation.calling.channels import TlsIdentity, ca_pem
from federation.errors import Unreachable
from federation.v1 import node_pb2 as pb
from tests.agencies import HELD
from tests.carrier import Carrier, stream
from tests.federation import CARRIER, NAME, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_caller_without_a_certificate_is_not_let_in(federation: Federation, carrier: Carrier) -> None:
    member = federation.member("imigrasi")
    frame = pb.NodeServiceAskRequest(questions=[carrier.question(federation.query(HELD[0].person))])
    credentials = grpc.ssl_channel_credentials(root_certificates=ca_pem(member.tls_ca))
    async with grpc.aio.secure_channel(member.endpoints["node"], credentials) as channel:
        with pytest.raises(Unreachable):
            await stream(channel, [frame])
        with pytest.raises(grpc.aio.AioRpcError):
            await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=5.0)


async def test_a_caller_in_the_clear_is_not_let_in(federation: Federation, carrier: Carrier) -> None:
    frame = pb.NodeServiceAskRequest(questions=[carrier.question(federation.query(HELD[0].person))])
    async with grpc.aio.insecure_channel(federation.member("imigrasi").endpoints["node"]) as channel:
        with pytest.raises(Unreachable):
            await stream(channel, [frame])


async def test_a_certificate_by_nobodys_ca_is_not_let_in(
    federation: Federation, carrier: Carrier, tmp_path: Path
) -> None:
    uri = member_uri(NAME, CARRIER)
    own = make_authority(uri, federation.founded)
    key, certificate = tmp_path / "ca.pem", tmp_path / "ca.crt"
    key.touch(mode=0o600)
    key.write_bytes(own.key)
    certificate.write_bytes(own.certificate)
    issued = Authority.from_files(key, certificate).for_member(uri, ("127.0.0.1",), federation.founded)
    identity = TlsIdentity(certificate=issued.certificate, key=issued.key)
    with pytest.raises(Unreachable):
        await carrier.ask_as(identity, carrier.question(federation.query(HELD[0].person)))
