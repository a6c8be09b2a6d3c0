"""A node played by a test: a member's real certificate and keys, and answers that are honest until told otherwise."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc

from federation.answer import Answer, SubjectAnswer
from federation.append import query_entry
from federation.entry import Entry
from federation.envelope import Envelope
from federation.keys import Signer
from federation.query import Query, new_nonce
from federation.seal import Opener, Verified, seal
from federation.serving.tls import server_credentials
from federation.tlog.note import NoteSigner
from federation.v1 import node_pb2 as pb
from federation.v1.node_pb2_grpc import NodeServiceServicer, add_NodeServiceServicer_to_server
from federation.wire.entry import encode_entry
from federation.wire.envelope import envelope_from_wire, envelope_to_wire
from tests.federation import Federation
from tests.paper import PaperLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Lie:
    """What of an honest reply to change; each part gets the honest one."""

    answer: Callable[[Answer], Answer] = lambda honest: honest
    sign: Callable[[Answer, Signer], Envelope] = seal
    entry: Callable[[Entry], Entry] = lambda honest: honest
    log: PaperLog | None = None
    item: Callable[[pb.Reply], pb.Reply] = lambda honest: honest
    before: Callable[[], Awaitable[None]] | None = None
    instead: Callable[[pb.Question], pb.Item] | None = None


class Liar(NodeServiceServicer):
    """A node server of one member."""

    def __init__(self, federation: Federation, member: str) -> None:
        """Take up the member's keys; its log is on paper."""
        self.federation = federation
        self.id = member
        self.keys = federation.keys(member)
        self.log = PaperLog(NoteSigner(federation.member(member).log_origin, self.keys.log))
        self.asked: list[bytes] = []
        self._lie = Lie()
        self._roster = federation.place.open_roster()
        self._server = grpc.aio.server(options=(("grpc.max_send_message_length", -1),))

    @contextmanager
    def lying(self, lie: Lie) -> Iterator[None]:
        """Lie for a while."""
        self._lie = lie
        try:
            yield
        finally:
            self._lie = Lie()

    async def start(self) -> None:
        """Serve at the member's endpoint."""
        add_NodeServiceServicer_to_server(self, self._server)
        address = self.federation.member(self.id).endpoints["node"]
        self._server.add_secure_port(address, server_credentials(self.keys.tls, self._roster.statement))
        await self._server.start()

    async def stop(self) -> None:
        """Serve no more."""
        await self._server.stop(None)

    async def Ask(
        self, request_iterator: AsyncIterator[pb.NodeServiceAskRequest], _context: Any
    ) -> AsyncIterator[pb.NodeServiceAskResponse]:
        """Answer each question by itself; the newest checkpoint goes before each reply."""
        sent = 0
        async for frame in request_iterator:
            for question in frame.questions:
                self.asked.append(question.query.payload)
                if self._lie.before is not None:
                    await self._lie.before()
                if self._lie.instead is not None:
                    yield pb.NodeServiceAskResponse(items=[self._lie.instead(question)])
                    continue
                log = self._lie.log or self.log
                reply = self._reply(question, log)
                path = log.consistency(sent) if 0 < sent <= log.size else ()
                update = pb.CheckpointUpdate(checkpoint=log.note, consistency=path)
                sent = log.size
                yield pb.NodeServiceAskResponse(
                    items=[
                        pb.Item(checkpoint=update),
                        pb.Item(correlation=question.correlation, reply=self._lie.item(reply)),
                    ]
                )

    async def Describe(self, request: pb.NodeServiceDescribeRequest, _context: Any) -> pb.NodeServiceDescribeResponse:
        """Say who is played."""
        return pb.NodeServiceDescribeResponse(member=self.id)

    def _reply(self, question: pb.Question, log: PaperLog) -> pb.Reply:
        query = Opener(self._roster).query(envelope_from_wire(question.query), countersigned=True)
        answer = self._lie.answer(self.honest(query))
        envelope = self._lie.sign(answer, self.keys.statement)
        now = self.federation.clock()
        entry = query_entry("answer_given", query, now, statement_digest=envelope.statement_digest, members=(self.id,))
        content = encode_entry(self._lie.entry(entry))
        index = log.append(content)
        return pb.Reply(
            envelope=envelope_to_wire(envelope),
            entry=content,
            index=index,
            path=log.inclusion(index),
            tree_size=log.size,
        )

    def honest(self, query: Verified[Query]) -> Answer:
        """An honest answer: nobody is known here."""
        asked = query.statement
        subjects = tuple(SubjectAnswer(subject=at, band="none") for at in range(len(asked.subjects)))
        return Answer(
            federation=asked.federation,
            query_digest=query.digest,
            query_id=asked.query_id,
            nonce=new_nonce(),
            member=self.id,
            roster_version=self._roster.statement.version,
            answered=self.federation.clock(),
            disclosure_class="match_only",
            subjects=subjects,
        )
