"""The rows of a log: what a caller appends, what it learns back, and what an auditor copies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HASH_BYTES: Final = 32
MAX_ENTRY_BYTES: Final = 65_535  # SPEC: tlog-tiles: an entry bundle gives each entry a u16 length


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """An encrypted envelope, `ct`, whose SHA-256 is `digest`; `group` and `envelope_sha256` are needed to open it."""

    digest: bytes
    group: bytes
    envelope_sha256: bytes
    ct: bytes

    def __post_init__(self) -> None:
        _require_hashes(digest=self.digest, group=self.group, envelope_sha256=self.envelope_sha256)


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """An entry to append: `request` (32 bytes) says what it is about, so that asking twice gives one entry."""

    request: bytes
    entry: bytes
    evidence: Evidence | None = None

    def __post_init__(self) -> None:
        _require_hashes(request=self.request)
        if not 0 < len(self.entry) <= MAX_ENTRY_BYTES:
            raise ValueError(f"an entry has {len(self.entry)} bytes; a log takes 1 to {MAX_ENTRY_BYTES}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrap:
    """One recipient's wrap of a group's secret; `wrap_sha256` stays when `wrap` is erased."""

    group: bytes
    recipient: str
    key_id: str
    wrap_sha256: bytes
    wrap: bytes

    def __post_init__(self) -> None:
        _require_hashes(group=self.group, wrap_sha256=self.wrap_sha256)
        _require_names(recipient=self.recipient, key_id=self.key_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptRow:
    """What another member proved to us about a statement: a tlog-proof as it is stored."""

    statement_digest: bytes
    member: str
    proof: bytes

    def __post_init__(self) -> None:
        _require_hashes(statement_digest=self.statement_digest)
        _require_names(member=self.member)


@dataclass(frozen=True, slots=True, kw_only=True)
class Appended:
    """Where an entry stands; `entry` is what the log holds, and not `fresh` if its request was known before."""

    index: int
    entry: bytes
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryRow:
    """An entry as stored, its index and its leaf hash."""

    index: int
    entry: bytes
    leaf_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """Evidence as stored; `ct` is None once erased."""

    digest: bytes
    group: bytes
    envelope_sha256: bytes
    ct: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WrapRow:
    """A wrap as stored; `wrap` is None once erased. Handing `wrap` out is an opening: the caller logs it first."""

    group: bytes
    recipient: str
    key_id: str
    wrap_sha256: bytes
    wrap: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TileRow:
    """A full tile: 256 hashes, 8192 bytes."""

    level: int
    n: int
    hashes: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointRow:
    """A signed checkpoint as stored, by the size it speaks of."""

    size: int
    note: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class CosignatureRow:
    """A witness's signature line over the checkpoint of `size`."""

    size: int
    line: bytes


def _require_hashes(**fields: bytes) -> None:
    for name, value in fields.items():
        if len(value) != HASH_BYTES:
            raise ValueError(f"{name} has {len(value)} bytes, not {HASH_BYTES}")


def _require_names(**fields: str) -> None:
    for name, value in fields.items():
        if not value or "\0" in value:
            raise ValueError(f"{name} is empty or holds a zero character")
