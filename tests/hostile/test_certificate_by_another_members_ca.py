"""A certificate that names one member, signed by another's CA: it speaks for nobody, whichever door it knocks at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import grpc
import pytest

from deploy.ceremony.certificates import Authority, member_uri, officer_uri
from federation import status
from federation.calling.channels import TlsIdentity, open_channel
from federation.calling.rosters import fetch_roster
from federation.errors import CallerUnknown, Unreachable
from federation.v1 import querylog_pb2
from federation.v1.querylog_pb2_grpc import QueryLogServiceStub
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.federation import AUDITOR, CARRIER, COORDINATOR, NAME, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")


def forged(federation: Federation, uri: str, ca: str = "polri") -> TlsIdentity:
    """A certificate for any name, by any member's CA."""
    folder = federation.folder(ca)
    authority = Authority.from_files(folder.ca_key, folder.ca_certificate)
    issued = authority.for_member(uri, ("127.0.0.1",), federation.founded)
    return TlsIdentity(certificate=issued.certificate, key=issued.key)


async def test_a_node_does_not_answer_a_coordinator_by_anothers_ca(federation: Federation, carrier: Carrier) -> None:
    question = carrier.question(federation.query(HELD[0].person))
    identity = forged(federation, member_uri(NAME, CARRIER))
    with pytest.raises(CallerUnknown, match="own CA"):
        await carrier.ask_as(identity, question)
    assert (await carrier.ask(question)).answer.subjects[0].band == "strong"


async def test_a_coordinator_does_not_hear_an_officer_by_anothers_ca(federation: Federation) -> None:
    envelope = federation.sign(federation.query(HELD[0].person))
    with pytest.raises(CallerUnknown, match="own CA"):
        await federation.bring(envelope, forged(federation, officer_uri(NAME, "imigrasi", "alya")))


async def test_a_log_is_not_shown_to_an_auditor_by_anothers_ca(federation: Federation) -> None:
    identity = forged(federation, member_uri(NAME, AUDITOR))
    async with open_channel(federation.member("imigrasi"), "roster", identity) as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await QueryLogServiceStub(channel).Checkpoint(querylog_pb2.QueryLogServiceCheckpointRequest(), timeout=5.0)
    assert isinstance(status.from_call(caught.value), CallerUnknown)


@pytest.mark.parametrize("uri", [f"simpul://lain/{CARRIER}", f"simpul://{NAME}/siapa", "https://example.org/"])
async def test_a_certificate_that_names_nobody_of_the_roster_is_unknown(federation: Federation, uri: str) -> None:
    with pytest.raises(CallerUnknown):
        await fetch_roster(
            federation.member("imigrasi"), "roster", forged(federation, uri), version=0, deadline_seconds=5.0
        )


async def test_a_server_by_anothers_ca_is_not_asked(federation: Federation) -> None:
    """Whoever takes a node's address over without its CA is never sent a query, and the node is silent."""
    member = federation.member("imigrasi")
    pretender = forged(federation, member_uri(NAME, "imigrasi"))
    server = grpc.aio.server()
    credentials = grpc.ssl_server_credentials([(pretender.key, pretender.certificate)])
    port = server.add_secure_port("127.0.0.1:0", credentials)
    await server.start()
    moved = replace(member, endpoints={"roster": f"127.0.0.1:{port}"})
    with pytest.raises(Unreachable):
        await fetch_roster(moved, "roster", federation.keys(COORDINATOR).tls, version=0, deadline_seconds=5.0)
    await server.stop(None)


async def test_an_expired_certificate_is_not_let_in(federation: Federation) -> None:
    folder = federation.folder(CARRIER)
    authority = Authority.from_files(folder.ca_key, folder.ca_certificate)
    issued = authority.for_member(member_uri(NAME, CARRIER), ("127.0.0.1",), federation.founded - timedelta(days=398))
    identity = TlsIdentity(certificate=issued.certificate, key=issued.key)
    with pytest.raises(Unreachable):
        await fetch_roster(federation.member("imigrasi"), "roster", identity, version=0, deadline_seconds=5.0)
