"""A coordinator played by a test: frames of its own choice, its own receipts, and what a node sends back, raw."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

import grpc

from federation import status
from federation.answer import Answer, Refusal
from federation.append import query_entry
from federation.calling.channels import TlsIdentity, open_channel
from federation.envelope import Envelope
from federation.errors import FederationError
from federation.keys import Signer
from federation.query import Query
from federation.seal import Opener
from federation.tlog.note import NoteSigner
from federation.v1 import node_pb2 as pb
from federation.v1.node_pb2_grpc import NodeServiceStub
from federation.wire.entry import encode_entry
from federation.wire.envelope import envelope_from_wire, envelope_to_wire
from tests.federation import Federation
from tests.paper import PaperLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """A reply as a node sent it, and the statement in it, verified."""

    item: pb.Reply
    statement: Answer | Refusal

    @property
    def answer(self) -> Answer:
        """The answer."""
        assert isinstance(self.statement, Answer), self.statement
        return self.statement

    @property
    def refusal(self) -> Refusal:
        """The refusal."""
        assert isinstance(self.statement, Refusal), self.statement
        return self.statement

    @property
    def bare(self) -> Answer | Refusal:
        """The statement without what is of its query alone, to be held against another."""
        return replace(self.statement, nonce=b"", query_id=b"", query_digest=b"")

    @property
    def size(self) -> int:
        """Bytes of the envelope, as an eavesdropper on lengths would learn them."""
        return self.item.envelope.ByteSize()


class Carrier:
    """Plays one coordinator of the roster, with its real keys."""

    def __init__(self, federation: Federation, coordinator: str) -> None:
        """Take up the coordinator's keys; its log is on paper."""
        self.federation = federation
        self.id = coordinator
        self.keys = federation.keys(coordinator)
        self.opener = Opener(federation.place.open_roster())
        self.log = PaperLog(NoteSigner(federation.member(coordinator).log_origin, self.keys.log))
        self._channels: dict[str, grpc.aio.Channel] = {}
        self._numbers = itertools.count(1)

    async def close(self) -> None:
        """Close every channel."""
        for channel in self._channels.values():
            await channel.close(None)

    def countersigned(self, query: Query | Envelope, *signers: Signer) -> Envelope:
        """A query to be carried by this coordinator, signed by its officer and by this coordinator (or by others)."""
        if isinstance(query, Query):
            query = self.federation.sign(replace(query, via=self.id))
        for signer in signers or (self.keys.statement,):
            query = query.signed_by(signer)
        return query

    def receipt(self, envelope: Envelope) -> bytes:
        """A receipt of this coordinator's log about a query, as a node asks for it."""
        query = self.opener.query(envelope, countersigned=True)
        entry = query_entry("query_asked", query, self.federation.clock())
        return self.log.receipt(self.log.append(encode_entry(entry))).encode()

    def question(self, query: Query | Envelope, receipt: bytes | None = None) -> pb.Question:
        """A question of a frame, honest unless a receipt is given or the envelope is the test's own."""
        envelope = query if isinstance(query, Envelope) else self.countersigned(query)
        return pb.Question(
            correlation=next(self._numbers),
            query=envelope_to_wire(envelope),
            receipt=self.receipt(envelope) if receipt is None else receipt,
        )

    async def frames(self, node: str, frames: Sequence[pb.NodeServiceAskRequest]) -> list[pb.Item]:
        """Send frames on a stream of their own, half-close, and return every item that came."""
        return await stream(self._channel(node), frames)

    async def ask_as(self, identity: TlsIdentity, question: pb.Question, node: str = "imigrasi") -> list[pb.Item]:
        """Send one question under any certificate."""
        async with open_channel(self.federation.member(node), "node", identity) as channel:
            return await stream(channel, [pb.NodeServiceAskRequest(questions=[question])])

    async def frame(self, node: str, *questions: pb.Question) -> dict[int, pb.Item]:
        """Send one frame; returns the items that are about a question, by correlation."""
        items = await self.frames(node, [pb.NodeServiceAskRequest(questions=questions)])
        return {item.correlation: item for item in items if item.WhichOneof("kind") != "checkpoint"}

    async def ask(self, query: Query | Envelope | pb.Question, node: str = "imigrasi") -> Raw:
        """Ask one question; returns the reply, or raises the fault that came instead."""
        question = query if isinstance(query, pb.Question) else self.question(query)
        items = await self.frame(node, question)
        assert list(items) == [question.correlation]
        return self.read(items[question.correlation], node)

    def read(self, item: pb.Item, node: str) -> Raw:
        """A reply opened, or its fault raised."""
        if item.WhichOneof("kind") == "error":
            raise fault(item.error)
        reply = self.opener.reply(envelope_from_wire(item.reply.envelope), node)
        return Raw(item=item.reply, statement=reply.statement)

    def _channel(self, node: str) -> grpc.aio.Channel:
        found = self._channels.get(node)
        if found is None:
            found = self._channels[node] = open_channel(self.federation.member(node), "node", self.keys.tls)
        return found


def fault(error: pb.QuestionError) -> FederationError:
    """The fault that an item tells of."""
    wait = error.retry_after.ToTimedelta() if error.HasField("retry_after") else None
    return status.named(error.error, error.message, dict(error.facts), wait)


async def stream(channel: grpc.aio.Channel, frames: Sequence[pb.NodeServiceAskRequest]) -> list[pb.Item]:
    """Send frames on a stream of a channel, half-close, and return every item; raises what the call ended with."""
    call = NodeServiceStub(channel).Ask(each(frames), timeout=30.0)
    try:
        return [item async for frame in call for item in frame.items]
    except grpc.aio.AioRpcError as error:
        raise status.from_call(error) from error


async def each(frames: Sequence[pb.NodeServiceAskRequest]) -> AsyncIterator[pb.NodeServiceAskRequest]:
    """Frames one after another, then the end of this side."""
    for frame in frames:
        yield frame
