"""Checkpoints: a log's signed word on how large it is and what it holds (c2sp.org/tlog-checkpoint 1.0.0)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from federation.errors import MalformedStatement
from federation.tlog.merkle import EMPTY_ROOT, HASH_BYTES
from federation.tlog.note import (
    NoteSigner,
    NoteVerifier,
    decode_base64,
    encode_base64,
    require_name,
    require_plain,
    verify_note,
)

MAX_SIZE: Final = 2**63 - 1
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The log of `origin` has `size` entries, and their tree the root `root`."""

    origin: str
    size: int
    root: bytes

    def __post_init__(self) -> None:
        require_name(self.origin)
        if not 0 <= self.size <= MAX_SIZE:
            raise MalformedStatement("a checkpoint's size is out of range")
        if len(self.root) != HASH_BYTES or (self.size == 0 and self.root != EMPTY_ROOT):
            raise MalformedStatement("a checkpoint's root is no SHA-256 hash, or not that of an empty log")

    @classmethod
    def parse(cls, text: bytes) -> Checkpoint:
        """Read a checkpoint's text; refuses extension lines and any second spelling (MalformedStatement)."""
        require_plain(text)
        lines = text.decode().split("\n")
        if len(lines) != 4 or lines[3]:
            # SPEC: transparency-log, Checkpoint: no extension lines, no time: one size, one text, one signature
            raise MalformedStatement("a checkpoint is not of exactly three lines: origin, size, root")
        return cls(origin=lines[0], size=parse_number(lines[1]), root=decode_base64(lines[2]))

    def encode(self) -> bytes:
        """The text that a log signs."""
        return f"{self.origin}\n{self.size}\n{encode_base64(self.root)}\n".encode()


def sign_checkpoint(checkpoint: Checkpoint, signer: NoteSigner) -> bytes:
    """Return the signed note of a checkpoint; the key's name must be the origin (ValueError)."""
    if signer.name != checkpoint.origin:
        raise ValueError("a checkpoint is signed under its own origin")
    return signer.sign(checkpoint.encode())


def verify_checkpoint(note: bytes, verifier: NoteVerifier) -> Checkpoint:
    """Return the checkpoint in a note that `verifier`, the log's own key, signed under its origin.

    Refuses a note of another form (MalformedStatement), without the log's signature, with a false one, or of another
    origin (UntrustedSignature, MalformedStatement).
    """
    checkpoint = Checkpoint.parse(verify_note(note, (verifier,)))
    if checkpoint.origin != verifier.name:
        raise MalformedStatement("a checkpoint is of another origin than the name it is signed under")
    return checkpoint


def parse_number(text: str) -> int:
    """Read a decimal number below 2**63; refuses signs, spaces and leading zeros (MalformedStatement)."""
    if _NUMBER.fullmatch(text) is None or int(text) > MAX_SIZE:
        raise MalformedStatement("not a decimal number without sign or leading zero, or too large")
    return int(text)
