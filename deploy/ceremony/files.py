"""Files of a ceremony: private ones made once, public ones replaced whole, folders that only their owner enters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from federation.envelope import Envelope
from federation.errors import ConfigError
from federation.keys import write_secret
from federation.v1.envelope_pb2 import Envelope as EnvelopeMessage
from federation.wire import scalars
from federation.wire.envelope import encode_envelope, envelope_from_wire

Value = str | int | datetime | tuple[str, ...]
Table = Mapping[str, Value | Mapping[str, str] | list[Mapping[str, Value]]]


def make_folder(path: Path) -> Path:
    """Make a folder of mode 0700, and those missing above it; one that is there is left as it is."""
    try:
        for folder in reversed([path, *path.parents]):
            if not folder.exists():
                folder.mkdir(mode=0o700)
    except OSError as error:
        raise ConfigError(f"cannot make {path}: {error.strerror}") from error
    return path


def write_new_secret(path: Path, content: bytes) -> None:
    """Write a private file of mode 0600; refuses to overwrite (ConfigError, saying what to do)."""
    try:
        write_secret(path, content)
    except FileExistsError as error:
        raise ConfigError(
            f"{path} is there already and is never overwritten; move it away or choose a folder"
        ) from error
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error


def write_public(path: Path, content: bytes) -> None:
    """Write or replace a public file in one step: a reader sees the old bytes or the new, never a part."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        fresh.write_bytes(content)
        fresh.replace(path)
    except OSError as error:
        raise ConfigError(f"cannot write {path}: {error.strerror}") from error


def read_public(path: Path) -> bytes:
    """Read a public file; refuses one that is missing (ConfigError)."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error


def retire(path: Path, mark: str) -> Path:
    """Rename `name.ext` to `name-<mark>.ext`, and return where it is now; refuses to overwrite (ConfigError)."""
    kept = path.with_name(f"{path.stem}-{mark}{path.suffix}")
    if kept.exists():
        raise ConfigError(f"{kept} is there already and is never overwritten; move it away first")
    return path.rename(kept)


def read_envelope(path: Path) -> Envelope:
    """Read an envelope's file, signed or (a draft) not yet; nothing is verified (MalformedStatement, ConfigError)."""
    message = scalars.parse(EnvelopeMessage, read_public(path))
    if message.signatures:
        return envelope_from_wire(message)
    return Envelope(payload=message.payload, payload_type=message.payload_type)


def write_envelope(path: Path, envelope: Envelope) -> None:
    """Write or replace an envelope's file."""
    write_public(path, encode_envelope(envelope))


def toml(table: Table, *, comment: str) -> bytes:
    """A table as TOML: values first, then tables of strings, then lists of tables; `comment` heads the file."""
    lines = [f"# {comment}"]
    lines += [f"{key} = {_value(value)}" for key, value in table.items() if not isinstance(value, Mapping | list)]
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += ["", f"[{key}]", *(f"{name} = {_value(text)}" for name, text in value.items())]
        elif isinstance(value, list):
            for row in value:
                lines += ["", f"[[{key}]]", *(f"{name} = {_value(item)}" for name, item in row.items())]
    return ("\n".join(lines) + "\n").encode()


def _value(value: Value) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, int):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return "[" + ", ".join(_value(item) for item in value) + "]"
