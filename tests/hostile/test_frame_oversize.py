"""A frame or a query beyond every limit: refused by its size alone, unlogged, and whoever else asks is served."""

from __future__ import annotations

import pytest

from federation.envelope import Envelope
from federation.errors import MalformedStatement
from federation.v1 import node_pb2 as pb
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.federation import COORDINATOR, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")
_MIB = 1024 * 1024


async def entries(federation: Federation) -> list[int]:
    """How long the logs of the node and the coordinator are."""
    count = "SELECT count(*) AS entries FROM simpul.log_entry"
    return [(await federation.rows(member, count))[0]["entries"] for member in ("imigrasi", COORDINATOR)]


@pytest.mark.parametrize("mebibytes", [3, 20])
async def test_a_frame_to_a_node_beyond_every_limit_ends_its_stream_and_no_other(
    federation: Federation, carrier: Carrier, mebibytes: int
) -> None:
    honest = carrier.question(federation.query(HELD[0].person))
    swollen = pb.Question(correlation=honest.correlation, query=honest.query, receipt=bytes(mebibytes * _MIB))
    before = await entries(federation)
    with pytest.raises(MalformedStatement, match="larger"):
        await carrier.frames("imigrasi", [pb.NodeServiceAskRequest(questions=[swollen])])
    assert await entries(federation) == before
    assert (await carrier.ask(honest)).answer.subjects[0].band == "strong"


async def test_a_query_to_the_coordinator_beyond_every_limit_is_refused_and_the_next_is_carried(
    federation: Federation,
) -> None:
    envelope = federation.sign(federation.query(HELD[0].person))
    swollen = Envelope(
        payload=envelope.payload + bytes(3 * _MIB), payload_type=envelope.payload_type, signatures=envelope.signatures
    )
    before = await entries(federation)
    with pytest.raises(MalformedStatement):
        await federation.bring(swollen, federation.officer().identity())
    assert await entries(federation) == before
    assert (await federation.ask(envelope)).answer("imigrasi").subjects[0].band == "strong"
