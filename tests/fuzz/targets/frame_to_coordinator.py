"""Bytes as a frame that a node sends, through the coordinator's own link up to where a reply is let in."""

from __future__ import annotations

import asyncio
import atexit
from collections.abc import Iterator
from dataclasses import replace

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from coordinator.acceptance import accept
from coordinator.nodes import NodeLink, _Session
from deploy.ceremony.certificates import make_authority
from federation.append import query_entry
from federation.calling.channels import TlsIdentity
from federation.envelope import Envelope
from federation.errors import FederationError, MalformedStatement
from federation.seal import seal
from federation.serving.reading import reader
from federation.tlog.note import NoteSigner
from federation.v1 import node_pb2
from federation.wire.entry import encode_entry
from federation.wire.envelope import envelope_to_wire
from tests.paper import PaperLog
from tests.vectors import build, cast

_READ = reader(node_pb2.NodeServiceAskResponse.FromString, raises=True)
_LOOP = asyncio.new_event_loop()
atexit.register(_LOOP.close)
_MADE = make_authority("simpul://contoh/polri", cast.AT)
_DER = x509.load_pem_x509_certificate(_MADE.certificate).public_bytes(Encoding.DER)
_OPENER = cast.opener()
_QUERY = _OPENER.query(cast.countersigned(cast.signed_query()), countersigned=True)


async def _link() -> NodeLink:
    member = replace(_OPENER.roster.member(cast.NODE), tls_ca=_DER)
    return NodeLink(member, TlsIdentity(certificate=_MADE.certificate, key=_MADE.key))


_LINK = _LOOP.run_until_complete(_link())


def seeds() -> Iterator[bytes]:
    """Good frames: a checkpoint with an answer, a refusal, and a fault."""
    log = PaperLog(NoteSigner(cast.origin(cast.NODE), cast.LOG_KEYS[cast.NODE]))
    for place, reply in enumerate((build.answer(), build.refusal())):
        envelope = seal(reply, cast.STATEMENT_KEYS[cast.NODE])
        kind = "refusal_given" if place else "answer_given"
        entry = encode_entry(
            query_entry(kind, _QUERY, cast.AT, statement_digest=envelope.statement_digest, members=(cast.NODE,))
        )
        index = log.append(entry)
        said = node_pb2.Reply(
            envelope=envelope_to_wire(envelope), entry=entry, index=index, path=log.inclusion(index), tree_size=log.size
        )
        update = node_pb2.CheckpointUpdate(checkpoint=log.note)
        items = [node_pb2.Item(checkpoint=update), node_pb2.Item(correlation=1, reply=said)]
        yield node_pb2.NodeServiceAskResponse(items=items).SerializeToString()
    error = node_pb2.QuestionError(error="TooBusy", grpc_code=8, facts={"a": "b"}, message="busy")
    error.retry_after.seconds = 3
    yield node_pb2.NodeServiceAskResponse(items=[node_pb2.Item(correlation=2, error=error)]).SerializeToString()


def run(data: bytes) -> None:
    """Take it in; what is not told of as a defined error is a finding."""
    _LOOP.run_until_complete(_run(data))


async def _run(data: bytes) -> None:
    try:
        frame = _READ(data)
    except MalformedStatement:
        return
    session = _Session()
    waiting = {number: _LOOP.create_future() for number in (1, 2, 3)}
    session.waiting.update(waiting)
    try:
        for item in frame.items:
            _LINK._take(session, item)
    except FederationError:
        return
    finally:
        for future in waiting.values():
            _hold(future)


def _hold(future: asyncio.Future[object]) -> None:
    """What a future was told: nothing, a defined error, or a reply that is then held against its query."""
    if not future.done():
        return
    error = future.exception()
    if error is not None:
        if not isinstance(error, FederationError):
            raise error
        return
    received = future.result()
    envelope: Envelope = received.envelope  # type: ignore[attr-defined]
    try:
        accept(envelope, received.receipt, opener=_OPENER, query=_QUERY, member=cast.NODE)  # type: ignore[attr-defined]
    except FederationError:
        return
