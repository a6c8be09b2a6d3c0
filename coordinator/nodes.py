"""One long-lived stream to each node: questions out as they come, items in, receipts assembled and verified."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import grpc

from federation import status
from federation.calling.channels import MAX_FRAME_BYTES, TlsIdentity, open_channel
from federation.envelope import Envelope
from federation.errors import CorruptLog, FederationError, TooBusy, TooLate, Unreachable
from federation.roster import Member
from federation.tlog.checkpoint import Checkpoint, verify_checkpoint
from federation.tlog.merkle import leaf_hash, verify_consistency, verify_inclusion
from federation.tlog.note import NoteVerifier
from federation.tlog.receipt import Receipt
from federation.v1 import node_pb2 as pb
from federation.v1.node_pb2_grpc import NodeServiceStub
from federation.wire.envelope import envelope_from_wire, envelope_to_wire

_MAX_IN_FLIGHT = 64
_FRAME_SECONDS = 0.25
_LONGEST_WAIT_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A node's reply as it came, with the receipt of its entry, whose inclusion and checkpoint are verified."""

    envelope: Envelope
    receipt: Receipt


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a node says of itself."""

    federation: str
    member: str
    roster_version: int
    terms_version: str
    software_version: str
    max_in_flight: int
    record_types: tuple[str, ...]


@dataclass(slots=True)
class _Session:
    """One stream while it lives: what waits to go, what waits for its item, the last checkpoint seen on it.

    `unheard` are the frames of which no question has its reply yet, each by the correlations of its questions.
    """

    waiting: dict[int, asyncio.Future[Received]] = field(default_factory=dict)
    outbox: asyncio.Queue[pb.Question] = field(default_factory=asyncio.Queue)
    unheard: set[frozenset[int]] = field(default_factory=set)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    checkpoint: Checkpoint | None = None
    note: bytes = b""

    def told(self, correlation: int) -> None:
        """A question has its reply, or waits for none any more: its frame is heard of."""
        self.waiting.pop(correlation, None)
        for frame in [frame for frame in self.unheard if correlation in frame]:
            self.unheard.remove(frame)
            self.heard.set()

    async def quiet(self) -> None:
        """Return once no frame is unheard of, or the node has had its time: what comes meanwhile goes together."""
        self.heard.clear()
        if self.unheard:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_FRAME_SECONDS):
                    await self.heard.wait()


Question = pb.Question


def question_of(query: Envelope, receipt: bytes) -> Question:
    """A countersigned query and the receipt of its entry, as they go to every node."""
    return Question(query=envelope_to_wire(query), receipt=receipt)


class NodeLink:
    """The coordinator's way to one node; opens its stream when it is first needed, and again after it breaks."""

    def __init__(self, member: Member, identity: TlsIdentity) -> None:
        self._member = member
        self._verifier = NoteVerifier.from_vkey(member.log_vkey)
        self._channel = open_channel(member, "node", identity)
        self._session: _Session | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._numbers = itertools.count(1)
        self._in_flight = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._heard = 0
        self.is_dead = False

    @property
    def is_open(self) -> bool:
        """Whether a stream to the node is open, as far as is known."""
        return self._session is not None

    async def ask(self, question: Question, deadline_seconds: float) -> Received:
        """Send one question, under a number of this link; returns the reply, or raises a fault, Unreachable or TooLate.

        Where not one frame came in all that time, the path itself may be dead though no end of it was told: `is_dead`.
        """
        heard = self._heard
        with self._counted():
            try:
                return await self._ask(question, deadline_seconds)
            except TooLate:
                self.is_dead |= self._heard == heard
                raise

    async def _ask(self, question: Question, deadline_seconds: float) -> Received:
        session = self._session or self._open()
        if len(session.waiting) >= _MAX_IN_FLIGHT:
            raise TooBusy("too many queries are in flight to this node", member=self._member.id)
        correlation = next(self._numbers)
        future: asyncio.Future[Received] = asyncio.get_running_loop().create_future()
        session.waiting[correlation] = future
        numbered = pb.Question(correlation=correlation)
        numbered.MergeFrom(question)
        session.outbox.put_nowait(numbered)
        try:
            async with asyncio.timeout(deadline_seconds):
                return await future
        except TimeoutError as error:
            raise TooLate("the node did not reply before the deadline", member=self._member.id) from error
        finally:
            session.told(correlation)

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        self._in_flight += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._in_flight -= 1
            if not self._in_flight:
                self._idle.set()

    async def retire(self) -> None:
        """Close once every question in flight has its reply, its fault or its deadline; ask nothing more meanwhile."""
        await self._idle.wait()
        await self.close()

    async def close(self) -> None:
        """End the stream and the channel."""
        for task in tuple(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._channel.close(None)

    def _open(self) -> _Session:
        session = self._session = _Session()
        task = asyncio.create_task(self._run(session))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return session

    async def _run(self, session: _Session) -> None:
        call = NodeServiceStub(self._channel).Ask()  # type: ignore[call-arg]  # REASON: written to, not iterated
        writer = asyncio.create_task(self._write(session, call))
        error: FederationError = Unreachable("the node's stream ended", member=self._member.id)
        try:
            async for frame in call:
                self._heard += 1
                for item in frame.items:
                    self._take(session, item)
        except grpc.aio.AioRpcError as failed:
            error = status.from_call(failed)
        except FederationError as failed:
            error = failed
        finally:
            if self._session is session:
                self._session = None
            writer.cancel()
            call.cancel()
            with contextlib.suppress(asyncio.CancelledError, grpc.aio.AioRpcError, asyncio.InvalidStateError):
                await writer
            for future in session.waiting.values():
                if not future.done():
                    future.set_exception(error)

    # REASON for the ignore: the class takes no arguments at run time
    async def _write(self, session: _Session, call: grpc.aio.StreamStreamCall) -> None:  # type: ignore[type-arg]
        """Build each frame of what is queued when the node is heard of; a frame to a node at rest goes at once."""
        while True:
            questions = [await session.outbox.get()]
            await session.quiet()
            size = questions[0].ByteSize()
            while not session.outbox.empty() and len(questions) < _MAX_IN_FLIGHT:
                if size + questions[-1].ByteSize() > MAX_FRAME_BYTES // 2:
                    break
                questions.append(session.outbox.get_nowait())
                size += questions[-1].ByteSize()
            live = [question for question in questions if question.correlation in session.waiting]
            if live:
                session.unheard.add(frozenset(question.correlation for question in live))
                await call.write(pb.NodeServiceAskRequest(questions=live))

    def _take(self, session: _Session, item: pb.Item) -> None:
        kind = item.WhichOneof("kind")
        if kind == "checkpoint":
            self._advance(session, item.checkpoint)
            return
        future = session.waiting.get(item.correlation)
        if future is None or future.done():
            return
        try:
            if kind == "error":
                raise _fault(item.error, self._member.id)
            if kind != "reply":
                return
            future.set_result(self._received(session, item.reply))
        except FederationError as error:
            future.set_exception(error)

    def _advance(self, session: _Session, update: pb.CheckpointUpdate) -> None:
        """SPEC: 03-node 4: a new checkpoint is consistent with the last one seen, or the whole stream is broken off."""
        checkpoint = verify_checkpoint(update.checkpoint, self._verifier)
        last = session.checkpoint
        if last is not None:
            verify_consistency(
                old=last.size,
                old_root=last.root,
                new=checkpoint.size,
                new_root=checkpoint.root,
                path=list(update.consistency),
            )
        session.checkpoint, session.note = checkpoint, update.checkpoint

    def _received(self, session: _Session, reply: pb.Reply) -> Received:
        checkpoint = session.checkpoint
        if checkpoint is None or checkpoint.size != reply.tree_size:
            raise CorruptLog("a reply came without the checkpoint it is under", member=self._member.id)
        path = tuple(reply.path)
        verify_inclusion(
            index=reply.index, size=checkpoint.size, leaf=leaf_hash(reply.entry), path=path, root=checkpoint.root
        )
        receipt = Receipt(entry=reply.entry, index=reply.index, path=path, checkpoint=session.note)
        return Received(envelope=envelope_from_wire(reply.envelope), receipt=receipt)


async def describe(member: Member, identity: TlsIdentity, deadline_seconds: float) -> Description:
    """What a node says it can do, asked on a connection of its own; refuses as the node does (FederationError)."""
    async with open_channel(member, "node", identity) as channel:
        try:
            told = await NodeServiceStub(channel).Describe(pb.NodeServiceDescribeRequest(), timeout=deadline_seconds)
        except grpc.aio.AioRpcError as error:
            raise status.from_call(error) from error
    return Description(
        federation=told.federation,
        member=told.member,
        roster_version=told.roster_version,
        terms_version=told.terms_version,
        software_version=told.software_version,
        max_in_flight=told.max_in_flight,
        record_types=tuple(told.record_types),
    )


def _fault(message: pb.QuestionError, member: str) -> FederationError:
    """The fault that a node tells of; `remote` sets it apart from what is wrong with the node's own reply."""
    wait = min(message.retry_after.seconds, _LONGEST_WAIT_SECONDS) if message.HasField("retry_after") else None
    facts = dict(message.facts) | {"remote": member}
    return status.named(message.error, message.message, facts, timedelta(seconds=wait) if wait is not None else None)
