"""The log of this member for auditors and members: copies for all of them, wraps against a signed request alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from federation.append import Draft, MemberLog
from federation.entry import Entry, EvidenceRequest
from federation.errors import MalformedStatement, MethodNotAllowed, NotInLog, QueryExpired, WrongAudience
from federation.instant import Clock
from federation.seal import Verified
from federation.serving.faults import unary
from federation.serving.membership import Membership
from federation.serving.pages import read_page
from federation.serving.tls import Peer
from federation.tlog.checkpoint import MAX_SIZE
from federation.tlog.rows import WrapRow
from federation.v1 import entry_pb2
from federation.v1 import querylog_pb2 as pb
from federation.v1.querylog_pb2_grpc import QueryLogServiceServicer
from federation.wire.envelope import envelope_from_wire

MAX_PAGE: Final = 1000


class QueryLogServicer(QueryLogServiceServicer):
    """QueryLogService over one log; officers may not call it."""

    def __init__(self, log: MemberLog, membership: Membership, clock: Clock) -> None:
        self._log = log
        self._membership = membership
        self._clock = clock

    @unary
    async def Checkpoint(
        self, request: pb.QueryLogServiceCheckpointRequest, context: Any
    ) -> pb.QueryLogServiceCheckpointResponse:
        """The newest checkpoint with the open tile's leaf hashes, or a stored one of a size."""
        self._member(context)
        if not request.HasField("size"):
            _, note = self._log.log.checkpoint
            return pb.QueryLogServiceCheckpointResponse(checkpoint=note, edge=b"".join(self._log.log.edge))
        note_at = await self._log.log.checkpoint_at(request.size) if request.size <= MAX_SIZE else None
        if note_at is None:
            raise NotInLog("no checkpoint of that size was made", size=request.size)
        return pb.QueryLogServiceCheckpointResponse(checkpoint=note_at)

    @unary
    async def Entries(
        self, request: pb.QueryLogServiceEntriesRequest, context: Any
    ) -> pb.QueryLogServiceEntriesResponse:
        """One page of one table."""
        self._member(context)
        if not 1 <= request.limit <= MAX_PAGE:
            raise MalformedStatement(f"limit must be 1 to {MAX_PAGE}", field="limit")
        return await read_page(self._log.log, request.table, request.after, request.limit)

    @unary
    async def Proof(self, request: pb.QueryLogServiceProofRequest, context: Any) -> pb.QueryLogServiceProofResponse:
        """An inclusion or a consistency path."""
        self._member(context)
        match request.WhichOneof("kind"):
            case "inclusion":
                path = await self._log.log.inclusion(request.inclusion.index, request.inclusion.size)
            case "consistency":
                path = await self._log.log.consistency(request.consistency.old, request.consistency.new)
            case _:
                raise MalformedStatement("name an inclusion or a consistency proof", field="kind")
        return pb.QueryLogServiceProofResponse(path=path)

    @unary
    async def Evidence(
        self, request: pb.QueryLogServiceEvidenceRequest, context: Any
    ) -> pb.QueryLogServiceEvidenceResponse:
        """Hand out wraps, after the opening is logged."""
        peer = self._member(context)
        opened = self._membership.opener.evidence_request(envelope_from_wire(request.request))
        self._require_own(opened.statement, peer)
        rows = await self._log.log.wraps_of_groups(opened.statement.groups)
        receipt = await self._log_opening(opened)
        counts = await self._log.log.envelopes_in(opened.statement.groups)
        return pb.QueryLogServiceEvidenceResponse(
            groups=[_group(group, counts.get(group, 0), rows) for group in opened.statement.groups], receipt=receipt
        )

    async def _log_opening(self, opened: Verified[EvidenceRequest]) -> bytes:
        request = opened.statement
        entry = Entry(
            kind="evidence_opened",
            instant=self._clock(),
            statement_digest=opened.digest,
            requester=request.auditor,
            members=(request.member,),
            subjects=len(request.groups),
            retention="standard",
            detail=request.groups[0].hex() if len(request.groups) == 1 else f"{len(request.groups)} groups",
        )
        appended = await self._log.append([Draft(entry=entry, envelope=opened.envelope)])
        return await self._log.receipt(appended[0])

    def _require_own(self, request: EvidenceRequest, peer: Peer) -> None:
        now = self._clock()
        if request.member != self._log.member:
            raise WrongAudience("the request is for another member's log", member=request.member)
        if request.auditor != peer.member:
            raise MethodNotAllowed("an auditor may bring only its own requests", member=peer.member)
        if not request.window.begun(now) or request.window.ended(now):
            raise QueryExpired("the request is outside its window; sign a new one")

    def _member(self, context: Any) -> Peer:
        peer = self._membership.peers.recognise(context, self._clock())
        if peer.officer:
            raise MethodNotAllowed("a log is for auditors and members, not for officers", member=peer.member)
        return peer


def _group(group: bytes, envelopes: int, rows: Sequence[WrapRow]) -> entry_pb2.EvidenceGroup:
    wraps = [
        entry_pb2.Wrap(recipient=r.recipient, key_id=r.key_id, wrap_sha256=r.wrap_sha256, wrap=r.wrap or b"")
        for r in rows
        if r.group == group
    ]
    return entry_pb2.EvidenceGroup(group=group, envelopes=envelopes, wraps=wraps)
