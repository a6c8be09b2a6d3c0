"""The node's door: frames of questions in, frames of items out, in any order, as fast as the reader takes them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from google.protobuf.duration_pb2 import Duration

from federation import status
from federation.answer import MAX_MATCHES
from federation.calling.channels import MAX_FRAME_BYTES
from federation.envelope import MAX_ENVELOPE_BYTES, Envelope
from federation.errors import FederationError, MalformedStatement, MethodNotAllowed, TooBusy, UntrustedSignature
from federation.query import MAX_SUBJECTS
from federation.serving.faults import opaque, streaming, unary
from federation.v1 import node_pb2 as pb
from federation.v1.node_pb2_grpc import NodeServiceServicer
from federation.wire.envelope import envelope_from_wire, envelope_to_wire
from node.question import Question, Replied
from node.responder import Responder
from node.room import Room
from node.turns import Turns

MAX_IN_FLIGHT: Final = 64
MAX_STREAMS: Final = MAX_IN_FLIGHT  # of one member, each of which may carry one question
_MOST_BESIDE_OTHERS: Final = 16
_FINISH_SECONDS: Final = 5.0
_RETRY_AFTER: Final = timedelta(milliseconds=200)

Respond = Callable[[Sequence[Question], str, datetime | None], Awaitable[Sequence[Question]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What all callers of a node share: places for their questions, turns for their groups, and for what takes long.

    Of the queries that take long, one is compared at a time, whosever it is; they too come in turn.
    """

    places: Room
    groups: Turns = field(default_factory=Turns)
    long: Turns = field(default_factory=lambda: Turns(most=1))


class NodeServicer(NodeServiceServicer):
    """NodeService over one responder."""

    def __init__(self, responder: Responder, limits: Limits, *, version: str, record_types: Sequence[str]) -> None:
        self._responder = responder
        self._version = version
        self._record_types = tuple(record_types)
        self.streams: Counter[str] = Counter()
        self.limits = limits
        self._under_way: set[asyncio.Task[None]] = set()

    async def finish(self) -> None:
        """Wait for what is still being answered, be its stream gone: what was logged as received is answered for."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=_FINISH_SECONDS)

    @streaming
    async def Ask(
        self, request_iterator: AsyncIterator[pb.NodeServiceAskRequest], context: Any
    ) -> AsyncIterator[pb.NodeServiceAskResponse]:
        """Answer frames until the coordinator ends its side; ends early only for faults of the connection."""
        caller = self._coordinator(context)
        if self.streams[caller] >= MAX_STREAMS:
            raise TooBusy(
                "this member has too many streams open: close those it does not use", retry_after=_RETRY_AFTER
            )
        deadline = _deadline(context, self._responder.clock())
        stream = Stream(self._responder, self.limits, caller, deadline, self._under_way)
        self.streams[caller] += 1
        reader = asyncio.create_task(stream.read(request_iterator))
        try:
            async for frame in stream.frames():
                yield frame
            await reader
        finally:
            self.streams[caller] -= 1
            reader.cancel()
            stream.cancel()

    @unary
    async def Describe(self, request: pb.NodeServiceDescribeRequest, context: Any) -> pb.NodeServiceDescribeResponse:
        """What this node can do, for any member."""
        membership = self._responder.membership
        membership.peers.recognise(context, self._responder.clock())
        return pb.NodeServiceDescribeResponse(
            federation=membership.roster.federation,
            member=self._responder.log.member,
            roster_version=membership.roster.version,
            terms_version=self._responder.terms.version,
            software_version=self._version,
            max_subjects=MAX_SUBJECTS,
            max_matches=MAX_MATCHES,
            max_envelope_bytes=MAX_ENVELOPE_BYTES,
            max_frame_bytes=MAX_FRAME_BYTES,
            max_in_flight=MAX_IN_FLIGHT,
            streams=1,
            record_types=self._record_types,
            subject_kinds=["clear"],
        )

    def _coordinator(self, context: Any) -> str:
        """SPEC: 03-node 2, step 1: the peer is a member in good standing with the role coordinator."""
        peer = self._responder.membership.peers.recognise(context, self._responder.clock())
        try:
            self._responder.membership.roster.in_good_standing(peer.member, "coordinator")
        except UntrustedSignature as error:
            raise MethodNotAllowed("only a coordinator may ask a node", member=peer.member) from error
        if peer.officer:
            raise MethodNotAllowed("an officer asks through a coordinator", member=peer.member)
        return peer.member


class Stream:
    """One coordinator's stream: frames under way, replies waiting to go, and the last checkpoint sent on it."""

    def __init__(
        self,
        responder: Responder,
        limits: Limits,
        caller: str,
        deadline: datetime | None,
        under_way: set[asyncio.Task[None]],
    ) -> None:
        self._responder = responder
        self._limits = limits
        self._caller = caller
        self._deadline = deadline
        self._under_way = under_way
        self._done: asyncio.Queue[Sequence[Question] | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._waiting: list[Question] = []
        self._in_line = False
        self._aside = 0
        self._in_flight = 0
        self._placed: set[Question] = set()
        self._read_on = asyncio.Event()
        self._begun = asyncio.Event()
        self._sent_size = 0
        self._ended = False

    async def read(self, frames: AsyncIterator[pb.NodeServiceAskRequest]) -> None:
        """Take frames as they come; what came while groups of this caller were under way makes up the next one.

        What passes a limit is turned away; then take no more until there is a place again, or what waits for a
        coordinator that does not read was read: its frames wait at its own side meanwhile.
        """
        try:
            taken = True
            async for frame in frames:
                if not taken:
                    await self._room()
                taken = self._take_in(frame.questions)
            await self._settled()
        finally:
            self._done.put_nowait(None)

    async def _room(self) -> None:
        """Return once a question more would fit."""
        while self._in_flight >= MAX_IN_FLIGHT:
            self._read_on.clear()
            await self._read_on.wait()
        await self._limits.places.wait(self._caller)

    async def _settled(self) -> None:
        """Return once nothing is under way, and nothing waits for a turn."""
        while self._tasks or self._waiting or self._aside:
            self._begun.clear()
            await (asyncio.wait(self._tasks) if self._tasks else self._begun.wait())

    async def frames(self) -> AsyncIterator[pb.NodeServiceAskResponse]:
        """Frames of what is ready when each is built; never waits for more."""
        ended = False
        while not ended:
            ready: list[Question] = []
            ended = self._take(await self._done.get(), ready)
            while not ended and not self._done.empty():
                ended = self._take(self._done.get_nowait(), ready)
            if ready:
                for frame in _within_size(await self._items(ready)):
                    yield frame

    def cancel(self) -> None:
        """Let go of what waits and of what nobody reads; what is under way goes on to its entry, in its place."""
        self._ended = True
        gone = {question for question in self._placed if question.told is not None} | set(self._waiting)
        self._waiting.clear()
        self._give_back(self._placed & gone)

    def _take(self, questions: Sequence[Question] | None, ready: list[Question]) -> bool:
        if questions is None:
            return True
        self._in_flight -= len(questions)
        self._give_back(self._placed.intersection(questions))
        self._read_on.set()
        ready += questions
        return False

    def _take_in(self, messages: Sequence[pb.Question]) -> bool:
        """Give all questions places or turn them away, before anything in them is looked at; whether there were."""
        fits = self._in_flight + len(messages) <= MAX_IN_FLIGHT
        self._in_flight += len(messages)
        if fits and (not messages or self._limits.places.take(self._caller, len(messages))):
            questions = [_question(message) for message in messages]
            self._placed.update(questions)
            self._waiting += questions
            self._get_in_line()
            return True
        where = "of this member" if fits else "on this stream"
        busy = TooBusy(f"too many queries {where} are in flight: ask again later", retry_after=_RETRY_AFTER)
        for _ in messages:
            self._responder.metrics.replied(self._caller, "fault_TooBusy")
        self._done.put_nowait(
            [Question(correlation=message.correlation, content=busy, receipt=b"", told=busy) for message in messages]
        )
        return False

    def _give_back(self, questions: set[Question]) -> None:
        if questions:
            self._limits.places.give_back(self._caller, len(questions))
            self._placed = self._placed - questions

    def _get_in_line(self) -> None:
        if self._waiting and not self._in_line:
            self._in_line = True
            self._limits.groups.wait(self._caller, self._begin)

    def _begin(self) -> None:
        """At this caller's turn: what waits by now is one group; beside others a small one, so that it is soon over."""
        self._in_line = False
        most = MAX_IN_FLIGHT if self._limits.groups.is_alone(self._caller) else _MOST_BESIDE_OTHERS
        group, self._waiting = self._waiting[:most], self._waiting[most:]
        self._get_in_line()
        self._start(self._answer(group), self._limits.groups)

    def _start(self, work: Coroutine[None, None, None], turns: Turns | None = None) -> None:
        """Do work beside all else; if it has a turn, that ends with it, and if it never began too."""
        task = asyncio.create_task(work)
        self._begun.set()
        for tasks in (self._tasks, self._under_way):
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        if turns is not None:
            task.add_done_callback(lambda _: turns.end(self._caller))

    async def _answer(self, questions: Sequence[Question]) -> None:
        left = await self._responded(questions, self._responder.respond)
        aside = [question for question in left if question.set_aside is not None]
        behind = [question for question in left if question.set_aside is None]
        if behind:
            self._start(self._catch_up(behind))
        self._set_aside(aside)
        self._ready([question for question in questions if question not in left])

    async def _catch_up(self, questions: Sequence[Question]) -> None:
        """Questions under a newer roster wait for it by themselves: a roster that nobody has holds up no other."""
        aside = await self._responded(questions, self._responder.catch_up)
        self._set_aside(aside)
        self._ready([question for question in questions if question not in aside])

    def _ready(self, questions: Sequence[Question]) -> None:
        if self._ended:
            self._give_back(self._placed.intersection(questions))
        else:
            self._done.put_nowait(questions)

    def _set_aside(self, questions: Sequence[Question]) -> None:
        """Questions that take long wait for turns of their own, each by itself, and hold up no other."""
        self._aside += len(questions)
        for question in questions:
            self._limits.long.wait(self._caller, partial(self._begin_alone, question))

    def _begin_alone(self, question: Question) -> None:
        self._aside -= 1
        self._start(self._answer_alone(question), self._limits.long)

    async def _answer_alone(self, question: Question) -> None:
        try:
            await self._responder.answer_alone(question, self._caller, self._deadline)
        except Exception as error:
            question.fail(error, "alone")
        self._ready([question])

    async def _responded(self, questions: Sequence[Question], respond: Respond) -> Sequence[Question]:
        try:
            return await respond(questions, self._caller, self._deadline) if questions else ()
        except Exception as error:
            for question in questions:
                if question.told is None:
                    question.fail(error, "respond")
            return ()

    async def _items(self, ready: Sequence[Question]) -> list[pb.Item]:
        """The checkpoint that the replies need, if it is new on this stream, then the replies and the faults."""
        items: list[pb.Item] = []
        if any(isinstance(question.told, Replied) for question in ready):
            items += await self._checkpoint()
        for question in ready:
            try:
                items.append(await self._item(question))
            except Exception as error:
                items.append(_fault(question.correlation, opaque(error, "item")))
        return items

    async def _checkpoint(self) -> list[pb.Item]:
        log = self._responder.log.log
        checkpoint, note = log.checkpoint
        if checkpoint.size == self._sent_size:
            return []
        path = await log.consistency(self._sent_size, checkpoint.size) if self._sent_size else ()
        self._sent_size = checkpoint.size
        return [pb.Item(checkpoint=pb.CheckpointUpdate(checkpoint=note, consistency=path))]

    async def _item(self, question: Question) -> pb.Item:
        told = question.told
        if not isinstance(told, Replied):
            return _fault(question.correlation, told or opaque(LookupError(), "item"))
        path = await self._responder.log.log.inclusion(told.appended.index, self._sent_size)
        reply = pb.Reply(
            envelope=envelope_to_wire(told.envelope),
            entry=told.appended.entry,
            index=told.appended.index,
            path=path,
            tree_size=self._sent_size,
        )
        return pb.Item(correlation=question.correlation, reply=reply)


def _question(message: pb.Question) -> Question:
    content: Envelope | FederationError
    try:
        if message.ByteSize() > MAX_ENVELOPE_BYTES + 64 * 1024:
            raise MalformedStatement("the envelope is larger than 256 KiB", bytes=message.ByteSize())
        content = envelope_from_wire(message.query)
    except FederationError as error:
        content = error
    return Question(correlation=message.correlation, content=content, receipt=message.receipt)


def _fault(correlation: int, error: FederationError) -> pb.Item:
    wait = Duration()
    if error.retry_after is not None:
        wait.FromTimedelta(error.retry_after)
    return pb.Item(
        correlation=correlation,
        error=pb.QuestionError(
            error=type(error).__name__,
            grpc_code=status.code(error).value[0],
            facts=error.facts,
            retry_after=wait if error.retry_after is not None else None,
            message=error.message,
        ),
    )


def _within_size(items: Sequence[pb.Item]) -> list[pb.NodeServiceAskResponse]:
    """Items packed into frames of at most 1 MiB, in their order."""
    frames: list[pb.NodeServiceAskResponse] = []
    size = MAX_FRAME_BYTES
    for item in items:
        if size + item.ByteSize() > MAX_FRAME_BYTES:
            frames.append(pb.NodeServiceAskResponse())
            size = 0
        frames[-1].items.append(item)
        size += item.ByteSize() + 8
    return frames


def _deadline(context: Any, now: datetime) -> datetime | None:
    remaining = context.time_remaining()
    return None if remaining is None else now + timedelta(seconds=min(remaining, 86_400))
