"""One member's log copied over the network, row by row, with the wraps that open its evidence."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import grpc

from auditor.copies import Copy, HeldReceipt, Opening
from federation.calling.channels import TlsIdentity, open_channel
from federation.entry import EvidenceRequest
from federation.errors import FederationError, MalformedStatement
from federation.instant import DEFAULT_WINDOW, Clock, Window
from federation.keys import Signer
from federation.query import new_nonce
from federation.roster import Member
from federation.seal import seal
from federation.status import from_call
from federation.tlog.checkpoint import Checkpoint
from federation.tlog.note import Note
from federation.tlog.rows import CheckpointRow, EntryRow, EvidenceRow, TileRow, WrapRow
from federation.v1 import querylog_pb2 as pb
from federation.v1.querylog_pb2_grpc import QueryLogServiceStub
from federation.wire.envelope import envelope_to_wire

ENDPOINT: Final = "querylog"
GROUPS_PER_REQUEST: Final = 1024  # of 4096 allowed: their wraps must fit one message, for many auditors
_PAGE: Final = 1000
_CALL_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """On whose behalf, why and in which case wraps are asked for, and what signs the request."""

    federation: str
    auditor: str
    reason: str
    case_reference: str
    signer: Signer


class Mirror:
    """Copies one member's log in two passes: `copy` reads every table, `finish` what was added meanwhile."""

    def __init__(self, member: Member, identity: TlsIdentity, mandate: Mandate, clock: Clock) -> None:
        """Open a connection to the member's log; refuses a member that names no endpoint (Unreachable)."""
        self.member = member
        self._mandate = mandate
        self._clock = clock
        self._channel = open_channel(member, ENDPOINT, identity)
        self._stub = QueryLogServiceStub(self._channel)
        self._taken = _Taken(began=clock())

    async def close(self) -> None:
        """End the connection."""
        await self._channel.close(None)

    async def copy(self) -> None:
        """Take the checkpoint, then all that it covers, then the wraps; what is asked for them is logged there."""
        taken = self._taken
        taken.checkpoint, taken.edge = await self._head()
        taken.entries, taken.resume = await self._entries(b"", _size(taken.checkpoint))
        taken.evidence = [_evidence(r.evidence) async for r in self._rows(pb.TABLE_EVIDENCE, "evidence")]
        taken.wraps = [_wrap(r.wrap) async for r in self._rows(pb.TABLE_WRAP, "wrap")]
        taken.receipts = [_receipt(r.receipt) async for r in self._rows(pb.TABLE_RECEIPT, "receipt")]
        taken.checkpoints = [
            CheckpointRow(size=r.checkpoint.size, note=r.checkpoint.note)
            async for r in self._rows(pb.TABLE_CHECKPOINT, "checkpoint")
        ]
        taken.tiles = [
            TileRow(level=r.tile.level, n=r.tile.n, hashes=r.tile.hashes)
            async for r in self._rows(pb.TABLE_TILE, "tile")
        ]
        await self._ask_for_wraps(taken)

    async def head(self) -> bytes:
        """The newest checkpoint as the member signed it, not verified."""
        note, _ = await self._head()
        return note

    async def some_wraps(self) -> tuple[WrapRow, ...]:
        """The first page of rows that say to whom evidence is wrapped; the wraps themselves are withheld in it."""
        async for _, page in self._pages(pb.TABLE_WRAP, b""):
            return tuple(_wrap(found.wrap) for found in _only(page, "wrap"))
        return ()

    async def open_group(self, group: bytes) -> tuple[WrapRow, ...]:
        """The wraps of one group, asked for as an audit does; the member logs the opening first."""
        taken = _Taken(began=self._clock())
        await self._ask(taken, (group,))
        return tuple(taken.handed)

    async def finish(self) -> Copy:
        """Take the newest checkpoint, its consistency with the first, and the entries added since."""
        taken = self._taken
        newest, newest_edge = await self._head()
        ended = self._clock()
        added, _ = await self._entries(taken.resume, 0)
        return Copy(
            member=self.member.id,
            began=taken.began,
            ended=ended,
            checkpoint=taken.checkpoint,
            edge=taken.edge,
            entries=tuple(dict.fromkeys((*taken.entries, *added))),
            tiles=tuple(taken.tiles),
            checkpoints=tuple(taken.checkpoints),
            evidence=tuple(taken.evidence),
            wraps=tuple(taken.wraps),
            receipts=tuple(taken.receipts),
            handed=tuple(taken.handed),
            openings=tuple(taken.openings),
            newest=newest,
            newest_edge=newest_edge,
            consistency=await self._consistency(_size(taken.checkpoint), _size(newest)),
            withheld=taken.withheld,
        )

    async def _head(self) -> tuple[bytes, bytes]:
        response = await _call(self._stub.Checkpoint, pb.QueryLogServiceCheckpointRequest())
        return response.checkpoint, response.edge

    async def _consistency(self, old: int, new: int) -> tuple[bytes, ...]:
        if old == 0:
            return ()
        wanted = pb.Consistency(old=old, new=new)
        try:
            response = await _call(self._stub.Proof, pb.QueryLogServiceProofRequest(consistency=wanted))
        except FederationError:
            return ()  # without a proof the two checkpoints are found not to be consistent
        return tuple(response.path)

    async def _entries(self, after: bytes, size: int) -> tuple[list[EntryRow], bytes]:
        """All entry rows after a page's token, and the token of the page that reaches the end of `size` entries."""
        rows: list[EntryRow] = []
        resume = after
        async for token, page in self._pages(pb.TABLE_ENTRY, after):
            found = [_entry(r.entry) for r in _only(page, "entry")]
            if rows and found and rows[-1].index < size:
                resume = token
            rows += found
        return rows, resume

    async def _rows(self, table: pb.Table.ValueType, kind: str) -> AsyncIterator[pb.Row]:
        async for _, page in self._pages(table, b""):
            for found in _only(page, kind):
                yield found

    async def _pages(self, table: pb.Table.ValueType, after: bytes) -> AsyncIterator[tuple[bytes, Iterable[pb.Row]]]:
        """Each page of a table with the token it was asked for by; refuses a server that goes round in a circle."""
        seen = {after}
        while True:
            request = pb.QueryLogServiceEntriesRequest(table=table, after=after, limit=_PAGE)
            response = await _call(self._stub.Entries, request)
            yield after, response.rows
            after = response.next
            if not after:
                return
            if after in seen or not response.rows:
                raise MalformedStatement("the member's pages do not come to an end", member=self.member.id)
            seen.add(after)

    async def _ask_for_wraps(self, taken: _Taken) -> None:
        """Ask for the wraps of every group copied; a member that withholds them is a finding, not a failure."""
        groups = list(dict.fromkeys((*(r.group for r in taken.wraps), *(r.group for r in taken.evidence))))
        groups = [group for group in groups if len(group) == 32]
        try:
            for at in range(0, len(groups), GROUPS_PER_REQUEST):
                await self._ask(taken, tuple(groups[at : at + GROUPS_PER_REQUEST]))
        except FederationError as error:
            taken.withheld = f"{type(error).__name__}: {error.message}"

    async def _ask(self, taken: _Taken, groups: tuple[bytes, ...]) -> None:
        now = self._clock()
        request = EvidenceRequest(
            federation=self._mandate.federation,
            member=self.member.id,
            auditor=self._mandate.auditor,
            groups=groups,
            reason=self._mandate.reason,
            case_reference=self._mandate.case_reference,
            nonce=new_nonce(),
            window=Window(now, now + DEFAULT_WINDOW),
        )
        envelope = seal(request, self._mandate.signer)
        response = await _call(
            self._stub.Evidence, pb.QueryLogServiceEvidenceRequest(request=envelope_to_wire(envelope))
        )
        taken.openings.append(Opening(request_digest=envelope.statement_digest, receipt=response.receipt))
        taken.handed += [
            WrapRow(
                group=group.group,
                recipient=wrap.recipient,
                key_id=wrap.key_id,
                wrap_sha256=wrap.wrap_sha256,
                wrap=wrap.wrap,
            )
            for group in response.groups
            for wrap in group.wraps
        ]


@dataclass(slots=True, kw_only=True)
class _Taken:
    """What the first pass has taken so far; `resume` is where the second reads entries on."""

    began: datetime
    checkpoint: bytes = b""
    edge: bytes = b""
    resume: bytes = b""
    withheld: str = ""
    entries: list[EntryRow] = field(default_factory=list)
    tiles: list[TileRow] = field(default_factory=list)
    checkpoints: list[CheckpointRow] = field(default_factory=list)
    evidence: list[EvidenceRow] = field(default_factory=list)
    wraps: list[WrapRow] = field(default_factory=list)
    receipts: list[HeldReceipt] = field(default_factory=list)
    handed: list[WrapRow] = field(default_factory=list)
    openings: list[Opening] = field(default_factory=list)


def _size(note: bytes) -> int:
    """The size that a checkpoint names, believed only for where to read on; 0 if it cannot be read."""
    try:
        return Checkpoint.parse(Note.parse(note).text).size
    except MalformedStatement:
        return 0


async def _call(method: Callable[..., Any], request: Any) -> Any:
    try:
        return await method(request, timeout=_CALL_SECONDS)
    except grpc.aio.AioRpcError as error:
        raise from_call(error) from error


def _only(rows: Iterable[pb.Row], kind: str) -> Iterable[pb.Row]:
    for found in rows:
        if found.WhichOneof("kind") != kind:
            raise MalformedStatement(f"a page of the table {kind} holds a row of another")
        yield found


def _entry(kept: pb.EntryRow) -> EntryRow:
    return EntryRow(index=kept.index, entry=kept.entry, leaf_hash=kept.leaf_hash)


def _evidence(kept: pb.EvidenceRow) -> EvidenceRow:
    return EvidenceRow(
        digest=kept.digest, group=kept.group, envelope_sha256=kept.envelope_sha256, ct=kept.ciphertext or None
    )


def _wrap(kept: pb.WrapRow) -> WrapRow:
    return WrapRow(
        group=kept.group, recipient=kept.recipient, key_id=kept.key_id, wrap_sha256=kept.wrap_sha256, wrap=None
    )


def _receipt(kept: pb.ReceiptRow) -> HeldReceipt:
    return HeldReceipt(statement_digest=kept.statement_digest, member=kept.member, proof=kept.proof)
