"""Fetching a roster from another member; whoever fetches it verifies it."""

from __future__ import annotations

import grpc

from federation.calling.channels import TlsIdentity, open_channel
from federation.envelope import Envelope
from federation.roster import Member
from federation.status import from_call
from federation.v1.membership_pb2 import RosterServiceGetRequest
from federation.v1.membership_pb2_grpc import RosterServiceStub
from federation.wire.envelope import envelope_from_wire


async def fetch_roster(
    member: Member, kind: str, identity: TlsIdentity, *, version: int, deadline_seconds: float
) -> Envelope:
    """The envelope of a roster version as `member` holds it (0 for its newest), not yet verified."""
    async with open_channel(member, kind, identity) as channel:
        try:
            response = await RosterServiceStub(channel).Get(
                RosterServiceGetRequest(version=version), timeout=deadline_seconds
            )
        except grpc.aio.AioRpcError as error:
            raise from_call(error) from error
    return envelope_from_wire(response.roster)
