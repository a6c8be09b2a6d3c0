"""Copies of a member's log: every row as it was handed out, believed of nothing until it is checked."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec

from federation.errors import ConfigError
from federation.tlog.rows import CheckpointRow, EntryRow, EvidenceRow, TileRow, WrapRow

_SUFFIX: Final = ".copy.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldReceipt:
    """A row of the table receipt, whatever it holds."""

    statement_digest: bytes
    member: str
    proof: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A request for wraps that this audit made: its statement digest, and the receipt it got for it."""

    request_digest: bytes
    receipt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """One member's log, copied between two checkpoints.

    `checkpoint` and its `edge` (leaf hashes of the open tile) were taken first: all that it covers was copied after
    it, and is judged. `newest`, `newest_edge` and the `consistency` path between the two were taken last, at `ended`,
    once every member's log had been copied; entries up to it are there to be looked up. `handed` are the wraps handed
    out against the requests of `openings`; `withheld` says why there are none.
    """

    member: str
    began: datetime
    ended: datetime
    checkpoint: bytes
    edge: bytes
    entries: tuple[EntryRow, ...]
    tiles: tuple[TileRow, ...]
    checkpoints: tuple[CheckpointRow, ...]
    evidence: tuple[EvidenceRow, ...]
    wraps: tuple[WrapRow, ...]
    receipts: tuple[HeldReceipt, ...]
    handed: tuple[WrapRow, ...]
    openings: tuple[Opening, ...]
    newest: bytes
    newest_edge: bytes
    consistency: tuple[bytes, ...]
    withheld: str = ""


def save(copies: Mapping[str, Copy], folder: Path) -> None:
    """Write each copy as `<member>.copy.json`, readable by its owner alone; bytes are base64 (ConfigError)."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for member, copy in copies.items():
            path = folder / f"{member}{_SUFFIX}"
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(copy))
    except OSError as error:
        raise ConfigError(f"cannot write the copies to {folder}: {error.strerror}") from error


def load(folder: Path) -> dict[str, Copy]:
    """Read the copies that `save` wrote; refuses a folder without any, and a file that is none (ConfigError)."""
    copies: dict[str, Copy] = {}
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            copy = msgspec.json.decode(path.read_bytes(), type=Copy)
        except OSError as error:
            raise ConfigError(f"cannot read {path}: {error.strerror}") from error
        except msgspec.MsgspecError as error:
            raise ConfigError(f"{path} is not a copy of a log: {error}") from error
        copies[copy.member] = copy
    if not copies:
        raise ConfigError(f"{folder} holds no copies; make them with: simpul-auditor audit --out {folder}")
    return copies
