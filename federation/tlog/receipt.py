"""Receipts: proof, to keep, that a log holds an entry (c2sp.org/tlog-proof@v1)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from federation.errors import MalformedStatement
from federation.tlog.checkpoint import Checkpoint, parse_number, verify_checkpoint
from federation.tlog.merkle import HASH_BYTES, leaf_hash, verify_inclusion
from federation.tlog.note import (
    MAX_NOTE_BYTES,
    Note,
    NoteVerifier,
    decode_base64,
    encode_base64,
    require_plain,
)
from federation.tlog.rows import MAX_ENTRY_BYTES

MAX_PATH: Final = 63
_MAX_BYTES: Final = MAX_NOTE_BYTES + MAX_ENTRY_BYTES * 2
_HEADER: Final = "c2sp.org/tlog-proof@v1"


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """An entry, its index, and the inclusion path to the root of a signed checkpoint."""

    entry: bytes
    index: int
    path: tuple[bytes, ...]
    checkpoint: bytes

    @classmethod
    def parse(cls, data: bytes, *, entry: bytes | None = None) -> Receipt:
        """Read a receipt; refuses any other form (MalformedStatement). Nothing is verified.

        The entry stands in the line `extra`; a proof without that line is read with the `entry` it is about, and one
        with it must name the same.
        """
        if len(data) > _MAX_BYTES:
            raise MalformedStatement("a receipt is too large", size=len(data))
        head, blank, checkpoint = data.partition(b"\n\n")
        require_plain(head)
        lines = head.decode().split("\n")
        if not blank or lines.pop(0) != _HEADER:
            raise MalformedStatement(f"a receipt does not begin with {_HEADER} or has no checkpoint")
        if lines and lines[0].startswith("extra "):
            extra = decode_base64(lines.pop(0).removeprefix("extra "))
            if entry is not None and entry != extra:
                raise MalformedStatement("a receipt is of another entry")
            entry = extra
        if entry is None:
            raise MalformedStatement("a receipt does not hold its entry")
        if not lines or not lines[0].startswith("index "):
            raise MalformedStatement("a receipt does not say the index of its entry")
        index = parse_number(lines.pop(0).removeprefix("index "))
        Note.parse(checkpoint)
        return cls(entry=entry, index=index, path=_parse_path(lines), checkpoint=checkpoint)

    def encode(self) -> bytes:
        """The receipt as it is stored and handed on; any tlog-proof verifier reads it."""
        return self._encoded

    @cached_property
    def _encoded(self) -> bytes:
        lines = [
            _HEADER,
            f"extra {encode_base64(self.entry)}",
            f"index {self.index}",
            *(encode_base64(found) for found in self.path),
        ]
        return "\n".join(lines).encode() + b"\n\n" + self.checkpoint


class KnownCheckpoints:
    """Checkpoints that were verified, by the SHA-256 of their notes; the oldest are forgotten."""

    def __init__(self, most: int = 1024) -> None:
        self._most = most
        self._known: dict[bytes, Checkpoint] = {}

    def __len__(self) -> int:
        return len(self._known)

    def verified(self, note: bytes, verifier: NoteVerifier) -> Checkpoint:
        """The checkpoint of a note, verified now or before with the same verifier."""
        digest = hashlib.sha256(verifier.key_id + note).digest()
        found = self._known.get(digest)
        if found is None:
            found = verify_checkpoint(note, verifier)
            if len(self._known) >= self._most:
                del self._known[next(iter(self._known))]
            self._known[digest] = found
        return found


def verify(receipt: Receipt, verifier: NoteVerifier, known: KnownCheckpoints | None = None) -> Checkpoint:
    """Return the checkpoint of a receipt that holds: signed by `verifier` under its origin, and the entry included.

    Refuses a note of another form (MalformedStatement), signature (UntrustedSignature) or tree (CorruptLog).
    """
    if known is None:
        checkpoint = verify_checkpoint(receipt.checkpoint, verifier)
    else:
        checkpoint = known.verified(receipt.checkpoint, verifier)
    verify_inclusion(
        index=receipt.index,
        size=checkpoint.size,
        leaf=leaf_hash(receipt.entry),
        path=receipt.path,
        root=checkpoint.root,
    )
    return checkpoint


def _parse_path(lines: list[str]) -> tuple[bytes, ...]:
    path = tuple(decode_base64(line) for line in lines)
    if len(path) > MAX_PATH or any(len(found) != HASH_BYTES for found in path):
        raise MalformedStatement(f"a receipt's path is not of at most {MAX_PATH} SHA-256 hashes")
    return path
