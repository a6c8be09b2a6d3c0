"""Bytes as a frame that a coordinator sends, through the node's own stream up to where a query is admitted."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import datetime
from typing import Any
from typing import cast as of_type

from federation.append import query_entry
from federation.errors import MalformedStatement, TooLate
from federation.serving.reading import reader
from federation.serving.shares import Shares
from federation.tlog.note import NoteSigner
from federation.v1 import node_pb2
from federation.wire.entry import encode_entry
from federation.wire.envelope import envelope_to_wire
from node.admission import Admission
from node.question import Question, still_open
from node.service import Limits, Stream
from tests.paper import PaperLog
from tests.vectors import cast

_READ = reader(node_pb2.NodeServiceAskRequest.FromString, raises=True)
_LOOP = asyncio.new_event_loop()
atexit.register(_LOOP.close)


class Admitting:
    """Stands where the responder does, and goes as far as one can without a database."""

    def __init__(self) -> None:
        self._admission = Admission(cast.opener(), cast.NODE)

    async def respond(self, questions: Sequence[Question], caller: str, _deadline: datetime | None) -> list[Question]:
        """Admit each, and answer none; whoever names a newer roster is told so."""
        for question in questions:
            with question.guarded("admit"):
                if isinstance(question.content, Exception):
                    raise question.content
                question.admitted = self._admission.admit(question.content, question.receipt, caller)
        for question in still_open(questions):
            question.told = TooLate("admitted")
        return []


_RESPONDER = of_type("Any", Admitting())


def seeds() -> Iterator[bytes]:
    """Good frames, of one question and of three."""
    envelope = cast.countersigned(cast.signed_query())
    query = cast.opener().query(envelope, countersigned=True)
    log = PaperLog(NoteSigner(cast.origin(cast.COORDINATOR), cast.LOG_KEYS[cast.COORDINATOR]))
    receipt = log.receipt(log.append(encode_entry(query_entry("query_asked", query, cast.AT)))).encode()
    questions = [
        node_pb2.Question(correlation=at, query=envelope_to_wire(envelope), receipt=receipt) for at in range(1, 4)
    ]
    yield node_pb2.NodeServiceAskRequest(questions=questions[:1]).SerializeToString()
    yield node_pb2.NodeServiceAskRequest(questions=questions).SerializeToString()


def run(data: bytes) -> None:
    """Send it; every question that could be read is told something, and nothing of a fault of ours."""
    _LOOP.run_until_complete(_run(data))


async def _run(data: bytes) -> None:
    stream = Stream(_RESPONDER, Limits(places=Shares(128)), cast.COORDINATOR, None, set())
    try:
        frame = _READ(data)
    except MalformedStatement:
        return

    async def frames() -> AsyncIterator[Any]:
        yield frame

    reading = asyncio.ensure_future(stream.read(frames()))
    items = [item async for sent in stream.frames() for item in sent.items]
    await reading
    if len(items) != len(frame.questions) or any(item.error.error in ("", "Internal") for item in items):
        raise AssertionError("a question was told nothing, or of a fault of ours")
