"""The signed words of a log on its size and root: whether each holds, and what the tree must therefore be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from auditor.copies import Copy
from auditor.finding import Finding, row
from federation.errors import CorruptLog, FederationError, MalformedStatement
from federation.tlog.checkpoint import Checkpoint, verify_checkpoint
from federation.tlog.merkle import verify_consistency
from federation.tlog.note import Note, NoteVerifier


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """The checkpoints of a copy whose signatures hold; `stored` are (size of the row, checkpoint, note).

    `first` and `newest` are those handed out before and after the tables were copied, None where they do not hold.
    """

    first: Checkpoint | None
    newest: Checkpoint | None
    stored: tuple[tuple[int, Checkpoint, bytes], ...]

    @property
    def judged(self) -> int:
        """How many entries the copy must hold with all that belongs to them."""
        return self.first.size if self.first is not None else max((c.size for _, c, _ in self.stored), default=0)

    @property
    def size(self) -> int:
        """The largest size that is signed."""
        return max((checkpoint.size for checkpoint in self._all()), default=0)

    def anchors(self) -> Mapping[int, frozenset[bytes]]:
        """For each signed size the roots that were signed for it: one, unless the log signed two."""
        found: dict[int, set[bytes]] = defaultdict(set)
        for checkpoint in self._all():
            found[checkpoint.size].add(checkpoint.root)
        return {size: frozenset(roots) for size, roots in found.items()}

    def _all(self) -> Iterator[Checkpoint]:
        yield from (checkpoint for _, checkpoint, _ in self.stored)
        yield from (head for head in (self.first, self.newest) if head is not None)


def read_heads(copy: Copy, verifier: NoteVerifier) -> tuple[Heads, list[Finding]]:
    """Verify every checkpoint of a copy; each must bear the log's signature and no other line.

    SPEC: 07-audit 1.
    """
    findings: list[Finding] = []
    stored: list[tuple[int, Checkpoint, bytes]] = []
    for kept in copy.checkpoints:
        checkpoint = _verified(copy.member, kept.note, verifier, row(size=kept.size), findings)
        if checkpoint is not None:
            stored.append((kept.size, checkpoint, kept.note))
            findings += _misplaced(copy.member, kept.size, checkpoint)
    heads = Heads(
        first=_verified(copy.member, copy.checkpoint, verifier, "", findings),
        newest=_verified(copy.member, copy.newest, verifier, "", findings),
        stored=tuple(stored),
    )
    return heads, findings + _missing(copy, heads) + _inconsistent(copy, heads)


def compare_roots(copy: Copy, heads: Heads, roots: Mapping[int, bytes]) -> list[Finding]:
    """Find signed checkpoints that are not of the tree: the log has signed two histories.

    SPEC: 07-audit 2: every checkpoint kept is consistent with the newest, since one tree has all their roots.
    """
    given = [("", head, note) for head, note in ((heads.first, copy.checkpoint), (heads.newest, copy.newest)) if head]
    kept = [(row(size=size), checkpoint, note) for size, checkpoint, note in heads.stored]
    notes = {checkpoint.root: note.decode() for _, checkpoint, note in kept + given}
    return [
        Finding(
            kind="checkpoint_forked",
            member=copy.member,
            table="log_checkpoint",
            row=key or row(size=checkpoint.size),
            expected=f"root {roots[checkpoint.size].hex()}",
            found=f"root {checkpoint.root.hex()}",
            proof="\n".join(filter(None, (note.decode(), notes.get(roots[checkpoint.size])))),
        )
        for key, checkpoint, note in kept + given
        if checkpoint.size in roots and roots[checkpoint.size] != checkpoint.root
    ]


def _verified(member: str, note: bytes, verifier: NoteVerifier, key: str, findings: list[Finding]) -> Checkpoint | None:
    try:
        checkpoint = verify_checkpoint(note, verifier)
        if len(Note.parse(note).signatures) != 1:
            raise MalformedStatement("a stored checkpoint bears lines that are not the log's own")
        return checkpoint
    except FederationError as error:
        findings.append(
            Finding(
                kind="checkpoint_unsigned",
                member=member,
                table="log_checkpoint",
                row=key,
                expected=f"a checkpoint signed by {verifier.vkey}",
                found=error.message,
                proof=note.decode(errors="backslashreplace"),
            )
        )
        return None


def _misplaced(member: str, size: int, checkpoint: Checkpoint) -> list[Finding]:
    if size == checkpoint.size:
        return []
    return [
        Finding(
            kind="checkpoint_misplaced",
            member=member,
            table="log_checkpoint",
            row=row(size=size),
            expected=f"size {checkpoint.size}, as its note says",
            found=f"size {size}",
        )
    ]


def _missing(copy: Copy, heads: Heads) -> list[Finding]:
    """The checkpoint handed out first was in the table before the table was copied."""
    if heads.first is None or any(kept.note == copy.checkpoint for kept in copy.checkpoints):
        return []
    return [
        Finding(
            kind="checkpoint_missing",
            member=copy.member,
            table="log_checkpoint",
            row=row(size=heads.first.size),
            expected="the note handed out, in the table",
            found="no such row",
            proof=copy.checkpoint.decode(),
        )
    ]


def _inconsistent(copy: Copy, heads: Heads) -> list[Finding]:
    first, newest = heads.first, heads.newest
    if first is None or newest is None or first.size == 0:
        return []
    try:
        verify_consistency(
            old=first.size, old_root=first.root, new=newest.size, new_root=newest.root, path=copy.consistency
        )
        return []
    except CorruptLog as error:
        return [
            Finding(
                kind="consistency_unproven",
                member=copy.member,
                expected=f"a consistency proof from {first.size} to {newest.size}",
                found=error.message,
                proof=f"{copy.checkpoint.decode()}\n{copy.newest.decode()}",
            )
        ]
