"""A coordinator offers a newer roster that too few signed, that forks, skips or goes back: a node keeps its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import grpc
import pytest

from federation.envelope import Envelope
from federation.errors import RosterMismatch
from federation.instant import Window
from federation.keys import SigningKey
from federation.roster import Roster
from federation.seal import seal
from federation.serving.tls import server_credentials
from federation.v1.membership_pb2 import RosterServiceGetRequest, RosterServiceGetResponse
from federation.v1.membership_pb2_grpc import RosterServiceServicer, add_RosterServiceServicer_to_server
from federation.wire.envelope import envelope_to_wire
from tests.agencies import HELD
from tests.carrier import Carrier
from tests.federation import CARRIER, Federation

pytestmark = pytest.mark.asyncio(loop_scope="session")
_VERSIONS = "SELECT version FROM simpul.roster ORDER BY version"


class Offering(RosterServiceServicer):
    """Hands out one envelope, whatever version is asked for."""

    def __init__(self, envelope: Envelope) -> None:
        """Take it up."""
        self._envelope = envelope
        self.asked: list[int] = []

    async def Get(self, request: RosterServiceGetRequest, _context: Any) -> RosterServiceGetResponse:
        """Hand it out."""
        self.asked.append(request.version)
        return RosterServiceGetResponse(roster=envelope_to_wire(self._envelope))


@asynccontextmanager
async def offering(federation: Federation, envelope: Envelope) -> AsyncIterator[Offering]:
    """Serve an envelope where the carrier's rosters are fetched."""
    servicer, server = Offering(envelope), grpc.aio.server()
    add_RosterServiceServicer_to_server(servicer, server)
    credentials = server_credentials(federation.keys(CARRIER).tls, federation.place.open_roster().statement)
    server.add_secure_port(federation.member(CARRIER).endpoints["roster"], credentials)
    await server.start()
    try:
        yield servicer
    finally:
        await server.stop(None)


def forged(federation: Federation, kind: str) -> Envelope:
    """A roster that must not be believed."""
    held = federation.place.open_roster()
    authorities = [SigningKey.from_file(path) for path in federation.place.authority_keys]
    stranger = SigningKey.generate()
    following = replace(held.statement, version=held.statement.version + 1, previous=held.digest)
    now = federation.clock()
    alone, pair = authorities[:1], authorities[:2]
    rosters: dict[str, tuple[Roster, list[SigningKey]]] = {
        "signed by nobody known": (following, [stranger]),
        "signed by one authority of the two it takes": (following, alone),
        "signed by one authority twice": (following, alone * 2),
        "that puts strangers in the authorities' place": (
            replace(following, authority_keys=(stranger.public,), threshold=1),
            [stranger],
        ),
        "that follows another than the one held": (replace(following, previous=bytes(32)), pair),
        "that skips a version": (replace(following, version=following.version + 1), pair),
        "of another federation": (replace(following, federation="lain"), pair),
        "older than the one held": (replace(following, version=1, window=Window(now, now + timedelta(days=1))), pair),
        "the one held, as if it were new": (held.statement, pair),
    }
    roster, signers = rosters[kind]
    return seal(roster, *signers)


KINDS = (
    "signed by nobody known",
    "signed by one authority of the two it takes",
    "signed by one authority twice",
    "that puts strangers in the authorities' place",
    "that follows another than the one held",
    "that skips a version",
    "of another federation",
    "the one held, as if it were new",
    "older than the one held",
)


@pytest.mark.parametrize("kind", KINDS)
async def test_a_roster_not_to_be_believed_is_not_taken(federation: Federation, carrier: Carrier, kind: str) -> None:
    before = await federation.rows("imigrasi", _VERSIONS)
    version = federation.place.open_roster().statement.version + 1
    query = federation.query(HELD[0].person)
    honest = carrier.countersigned(query)
    named = version + len(KINDS) - KINDS.index(kind)  # below the one named last, which is not asked for again so soon
    newer = carrier.countersigned(replace(query, roster_version=named))
    question = carrier.question(newer, carrier.receipt(honest))
    async with offering(federation, forged(federation, kind)) as servicer:
        with pytest.raises(RosterMismatch):
            await carrier.ask(question)
    assert servicer.asked == [version]
    assert await federation.rows("imigrasi", _VERSIONS) == before
    assert (await carrier.ask(federation.query(HELD[0].person))).answer.subjects[0].band == "strong"


async def test_a_newer_roster_that_cannot_be_fetched_stops_that_query_alone(
    federation: Federation, carrier: Carrier
) -> None:
    query = federation.query(HELD[0].person)
    newer = carrier.countersigned(replace(query, roster_version=1_000_000))
    questions = [
        carrier.question(newer, carrier.receipt(carrier.countersigned(query))),
        carrier.question(federation.query(HELD[0].person)),
    ]
    items = await carrier.frame("imigrasi", *questions)
    assert items[questions[0].correlation].error.error == "RosterMismatch"
    assert carrier.read(items[questions[1].correlation], "imigrasi").answer.subjects[0].band == "strong"
