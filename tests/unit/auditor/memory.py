"""A log in memory: the real entries, evidence, tree and checkpoints, without a database."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from auditor.copies import Copy, HeldReceipt, Opening
from federation.entry import Entry, EvidenceRequest
from federation.envelope import Envelope
from federation.evidence import EvidenceGroup, Recipient
from federation.instant import Window
from federation.keys import SigningKey
from federation.query import new_nonce
from federation.seal import seal
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.merkle import EMPTY_ROOT, consistency_nodes, fold, inclusion_nodes, leaf_hash, node_hash
from federation.tlog.note import NoteSigner
from federation.tlog.receipt import Receipt
from federation.tlog.rows import CheckpointRow, EntryRow, EvidenceRow, TileRow, WrapRow
from federation.tlog.tree import Tree
from federation.wire.entry import encode_entry
from federation.wire.envelope import encode_envelope

Draft = tuple[Entry, Envelope | None]


@dataclass
class MemoryLog:
    """One member's log; `recipients` are whom its evidence is wrapped to."""

    member: str
    signer: NoteSigner
    recipients: Sequence[Recipient]
    tree: Tree = field(default_factory=Tree)
    entries: list[EntryRow] = field(default_factory=list)
    tiles: list[TileRow] = field(default_factory=list)
    checkpoints: list[CheckpointRow] = field(default_factory=list)
    evidence: list[EvidenceRow] = field(default_factory=list)
    wraps: list[WrapRow] = field(default_factory=list)
    receipts: list[HeldReceipt] = field(default_factory=list)

    def __post_init__(self) -> None:
        note = sign_checkpoint(Checkpoint(origin=self.origin, size=0, root=EMPTY_ROOT), self.signer)
        self.checkpoints.append(CheckpointRow(size=0, note=note))

    @property
    def origin(self) -> str:
        return self.signer.name

    @property
    def note(self) -> bytes:
        """The newest checkpoint."""
        return self.checkpoints[-1].note

    def append(self, *drafts: Draft, receipts: Sequence[HeldReceipt] = ()) -> list[int]:
        """Append entries, with the evidence of all in one group, under one checkpoint; return their indexes."""
        group = EvidenceGroup(self.origin, self.recipients)
        first = len(self.entries)
        for entry, envelope in drafts:
            self._add(self._with_evidence(entry, envelope, group))
        if any(envelope is not None for _, envelope in drafts):
            self.wraps += [
                WrapRow(group=w.group, recipient=w.recipient, key_id=w.key_id, wrap_sha256=w.wrap_sha256, wrap=w.wrap)
                for w in group.wraps
            ]
        self.receipts += receipts
        checkpoint = Checkpoint(origin=self.origin, size=self.tree.size, root=self.tree.root())
        self.checkpoints.append(CheckpointRow(size=self.tree.size, note=sign_checkpoint(checkpoint, self.signer)))
        return list(range(first, len(self.entries)))

    def receipt(self, index: int) -> bytes:
        """The receipt of an entry against the newest checkpoint."""
        path = [fold([self._node(*n) for n in nodes]) for nodes in inclusion_nodes(index, len(self.entries))]
        found = Receipt(entry=self.entries[index].entry, index=index, path=tuple(path), checkpoint=self.note)
        return found.encode()

    def _with_evidence(self, entry: Entry, envelope: Envelope | None, group: EvidenceGroup) -> Entry:
        if envelope is None:
            return entry
        sealed = group.encrypt(encode_envelope(envelope))
        self.evidence.append(
            EvidenceRow(digest=sealed.digest, group=sealed.group, envelope_sha256=sealed.envelope_sha256, ct=sealed.ct)
        )
        return replace(
            entry, evidence_digest=sealed.digest, evidence_group=sealed.group, wraps_digest=group.wraps_digest
        )

    def _add(self, entry: Entry) -> None:
        content = encode_entry(entry)
        row = EntryRow(index=len(self.entries), entry=content, leaf_hash=leaf_hash(content))
        self.entries.append(row)
        self.tiles += self.tree.append(row.leaf_hash)

    def _node(self, height: int, i: int) -> bytes:
        if height == 0:
            return self.entries[i].leaf_hash
        return node_hash(self._node(height - 1, 2 * i), self._node(height - 1, 2 * i + 1))

    def first_pass(self, auditor: str, key: SigningKey, at: datetime) -> Callable[[], Copy]:
        """Copy the log and open all of its evidence; what is returned finishes the copy."""
        first = Copy(
            member=self.member,
            began=at,
            ended=at,
            checkpoint=self.note,
            edge=b"".join(self.tree.edge),
            entries=tuple(self.entries),
            tiles=tuple(self.tiles),
            checkpoints=tuple(self.checkpoints),
            evidence=tuple(self.evidence),
            wraps=tuple(replace(wrap, wrap=None) for wrap in self.wraps),
            receipts=tuple(self.receipts),
            handed=tuple(self.wraps),
            openings=(self._open(auditor, key, at),),
            newest=b"",
            newest_edge=b"",
            consistency=(),
        )
        return lambda: self._finish(first, at + timedelta(minutes=1))

    def _open(self, auditor: str, key: SigningKey, at: datetime) -> Opening:
        request = EvidenceRequest(
            federation="indonesia",
            member=self.member,
            auditor=auditor,
            groups=tuple(dict.fromkeys(wrap.group for wrap in self.wraps)),
            reason="yearly audit",
            case_reference="",
            nonce=new_nonce(),
            window=Window(at, at + timedelta(minutes=5)),
        )
        envelope = seal(request, key)
        entry = Entry(
            kind="evidence_opened",
            instant=at,
            statement_digest=envelope.statement_digest,
            requester=auditor,
            members=(self.member,),
            subjects=len(request.groups),
            retention="standard",
        )
        index = self.append((entry, envelope))[0]
        return Opening(request_digest=envelope.statement_digest, receipt=self.receipt(index))

    def _finish(self, first: Copy, at: datetime) -> Copy:
        old = len(first.entries)
        nodes = consistency_nodes(old, len(self.entries)) if old else ()
        return replace(
            first,
            ended=at,
            entries=tuple(self.entries),
            newest=self.note,
            newest_edge=b"".join(self.tree.edge),
            consistency=tuple(fold([self._node(*n) for n in group]) for group in nodes),
        )
