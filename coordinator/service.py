"""The coordinator's door: an officer's query in, its outcomes out as they come, the merged result last."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from coordinator.acceptance import Accepted
from coordinator.inquiry import Inquiry
from coordinator.telling import Given, Logged, Told
from federation.query import QUERY_ID_BYTES
from federation.result import Silence
from federation.serving.faults import streaming, unary
from federation.v1 import coordinator_pb2 as pb
from federation.v1.coordinator_pb2_grpc import CoordinatorServiceServicer
from federation.wire import scalars
from federation.wire.envelope import envelope_from_wire, envelope_to_wire
from federation.wire.result import silence_to_wire


class CoordinatorServicer(CoordinatorServiceServicer):
    """CoordinatorService over one inquiry."""

    def __init__(self, inquiry: Inquiry) -> None:
        self._inquiry = inquiry

    @streaming
    async def Ask(
        self, request: pb.CoordinatorServiceAskRequest, context: Any
    ) -> AsyncIterator[pb.CoordinatorServiceAskResponse]:
        """Carry one query."""
        caller = self._inquiry.membership.peers.recognise(context, self._inquiry.clock())
        async for told in self._inquiry.ask(envelope_from_wire(request.query), caller):
            yield _response(told)

    @unary
    async def Results(
        self, request: pb.CoordinatorServiceResultsRequest, context: Any
    ) -> pb.CoordinatorServiceResultsResponse:
        """A result given before, for its requester."""
        now = self._inquiry.clock()
        caller = self._inquiry.membership.peers.recognise(context, now)
        query_id = scalars.octets(request.query_id, QUERY_ID_BYTES, "query_id")
        envelope, appended = await self._inquiry.results.given(query_id, caller, now)
        receipt = await self._inquiry.log.receipt(appended)
        return pb.CoordinatorServiceResultsResponse(
            result=pb.GivenResult(result=envelope_to_wire(envelope), receipt=receipt)
        )


def _response(told: Told) -> pb.CoordinatorServiceAskResponse:
    match told:
        case Logged():
            logged = pb.QueryLogged(query=envelope_to_wire(told.envelope), receipt=told.receipt)
            return pb.CoordinatorServiceAskResponse(logged=logged)
        case Accepted():
            reply = pb.AcceptedReply(envelope=envelope_to_wire(told.reply.envelope), receipt=told.receipt.encode())
            return pb.CoordinatorServiceAskResponse(outcome=pb.Outcome(member=told.member, reply=reply))
        case Silence():
            outcome = pb.Outcome(member=told.member, silence=silence_to_wire(told))
            return pb.CoordinatorServiceAskResponse(outcome=outcome)
        case Given():
            result = pb.GivenResult(result=envelope_to_wire(told.envelope), receipt=told.receipt)
            return pb.CoordinatorServiceAskResponse(result=result)
