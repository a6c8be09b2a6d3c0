"""One byte changed in one row, as the owner of the database could, and as the server would then serve it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from auditor.copies import Copy
from auditor.finding import row
from federation.tlog.merkle import leaf_hash

Change = Callable[[bytes], bytes]
COLUMNS: Final = {
    "log_entry": ("index", "leaf", "leaf and leaf_hash", "leaf_hash"),
    "log_tile": ("level", "n", "hashes"),
    "log_checkpoint": ("size", "note"),
    "evidence": ("digest", "group", "envelope_sha256", "ct"),
    "evidence_wrap": ("group", "recipient", "key_id", "wrap_sha256", "wrap"),
    "receipt": ("statement_digest", "member", "proof"),
}
_FIELDS: Final = {
    "log_entry": "entries",
    "log_tile": "tiles",
    "log_checkpoint": "checkpoints",
    "evidence": "evidence",
    "evidence_wrap": "wraps",
    "receipt": "receipts",
}
_KEYS: Final = {
    "log_entry": ("index",),
    "log_tile": ("level", "n"),
    "log_checkpoint": ("size",),
    "evidence": ("digest",),
    "evidence_wrap": ("group", "recipient", "key_id"),
    "receipt": ("statement_digest", "member"),
}


def flip(position: int, bit: int = 0) -> Change:
    """Change one bit of the byte at a position, counted round and round."""

    def change(content: bytes) -> bytes:
        at = position % len(content)
        return content[:at] + bytes([content[at] ^ (1 << bit)]) + content[at + 1 :]

    return change


def rows(copy: Copy, table: str) -> tuple[Any, ...]:
    """The rows of a table of a copy."""
    found: tuple[Any, ...] = getattr(copy, _FIELDS[table])
    return found


def key(table: str, kept: Any) -> str:
    """A row's primary key, as findings name it."""
    return row(**{name: getattr(kept, name) for name in _KEYS[table]})


def tamper(copy: Copy, table: str, at: int, column: str, change: Change) -> tuple[Copy, str]:
    """The copy with one row changed, and the key under which that row is now served."""
    found = rows(copy, table)
    kept = found[at]
    if column == "wrap":
        return replace(copy, handed=_handed(copy, kept, lambda w: replace(w, wrap=change(w.wrap)))), key(table, kept)
    changed = _changed(kept, column, change)
    fields: dict[str, Any] = {_FIELDS[table]: (*found[:at], changed, *found[at + 1 :])}
    copy = replace(copy, **fields)
    if table == "evidence_wrap":
        copy = replace(copy, handed=_handed(copy, kept, lambda w: replace(changed, wrap=w.wrap)))
    return copy, key(table, changed)


def _handed(copy: Copy, kept: Any, how: Callable[[Any], Any]) -> tuple[Any, ...]:
    return tuple(how(w) if key("evidence_wrap", w) == key("evidence_wrap", kept) else w for w in copy.handed)


def _changed(kept: Any, column: str, change: Change) -> Any:
    if column.startswith("leaf and"):
        entry = change(kept.entry)
        return replace(kept, entry=entry, leaf_hash=leaf_hash(entry))
    name = "entry" if column == "leaf" else column
    return replace(kept, **{name: _value(getattr(kept, name), change)})


def _value(value: Any, change: Change) -> Any:
    match value:
        case bytes():
            return change(value)
        case str():
            return change(value.encode()).decode("latin-1")
        case _:
            return int.from_bytes(change(value.to_bytes(2, "big")), "big")
