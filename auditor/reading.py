"""A member's log as the auditor reads it: the genuine entries, and the tree that vouches for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from auditor.copies import Copy
from auditor.rebuild import root_at
from federation.entry import Entry
from federation.tlog.merkle import leaf_hash
from federation.tlog.note import NoteVerifier
from federation.tlog.rows import WrapRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One genuine entry: its index, its bytes, and what they say."""

    index: int
    content: bytes
    entry: Entry


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A copy after its integrity was checked.

    The first `judged` entries must be there with all that belongs to them; those up to `size` are there to be looked
    up. `leaves` are the leaf hashes, the first `settled` of them vouched for by a signed root.
    """

    member: str
    copy: Copy
    verifier: NoteVerifier
    judged: int
    size: int
    settled: int
    leaves: Sequence[bytes]
    lines: tuple[Line, ...]
    roots: Mapping[int, bytes]
    _asked: dict[int, bytes] = field(default_factory=dict, init=False, repr=False)

    @property
    def origin(self) -> str:
        """The log's origin."""
        return self.verifier.name

    @cached_property
    def due(self) -> tuple[Line, ...]:
        """The lines that are judged."""
        return tuple(line for line in self.lines if line.index < self.judged)

    @cached_property
    def by_evidence(self) -> Mapping[bytes, Sequence[Line]]:
        """Lines by the evidence they name."""
        return _grouped((line.entry.evidence_digest, line) for line in self.lines if line.entry.evidence_digest)

    @cached_property
    def by_group(self) -> Mapping[bytes, Sequence[Line]]:
        """Lines by the evidence group they name."""
        return _grouped((line.entry.evidence_group, line) for line in self.lines if line.entry.evidence_group)

    @cached_property
    def by_statement(self) -> Mapping[bytes, Sequence[Line]]:
        """Lines by their statement digest."""
        return _grouped((line.entry.statement_digest, line) for line in self.lines)

    @cached_property
    def erased(self) -> frozenset[bytes]:
        """Ciphertexts and groups whose erasure the log records."""
        return frozenset(_digest(line.entry.detail) for line in self.lines if line.entry.kind == "evidence_erased")

    @cached_property
    def rewrapped(self) -> Mapping[bytes, Line]:
        """For each group that was wrapped anew, the line that last says so."""
        return {_digest(line.entry.detail): line for line in self.lines if line.entry.kind == "evidence_rewrapped"}

    @cached_property
    def _handed(self) -> Mapping[tuple[bytes, str, str], Sequence[WrapRow]]:
        found: dict[tuple[bytes, str, str], list[WrapRow]] = defaultdict(list)
        for handed in self.copy.handed:
            found[handed.group, handed.recipient, handed.key_id].append(handed)
        return found

    def handed_for(self, kept: WrapRow) -> Sequence[WrapRow]:
        """The wraps that were handed out for a row of the table."""
        return self._handed.get((kept.group, kept.recipient, kept.key_id), ())

    def handed_to(self, group: bytes, recipient: str, key_id: str) -> WrapRow | None:
        """The wrap of a group that was handed out for a recipient's key."""
        return next(iter(self._handed.get((group, recipient, key_id), ())), None)

    def holds(self, index: int, content: bytes) -> bool:
        """Whether the vouched tree has that entry at that index."""
        return index < self.settled and self.leaves[index] == leaf_hash(content)

    def root_at(self, size: int) -> bytes | None:
        """The root that the vouched tree had at a size; None beyond it."""
        if size > self.settled:
            return None
        if size not in self.roots and size not in self._asked:
            self._asked[size] = root_at(self.leaves, size)
        return self.roots.get(size) or self._asked[size]


def _grouped(pairs: Iterable[tuple[bytes, Line]]) -> Mapping[bytes, Sequence[Line]]:
    found: dict[bytes, list[Line]] = defaultdict(list)
    for key, line in pairs:
        found[key].append(line)
    return dict(found)


def _digest(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
