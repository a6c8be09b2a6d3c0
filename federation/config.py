"""TOML files read into frozen structures; whatever a structure does not know is refused."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import TypeVar

import msgspec

from federation.errors import ConfigError

S = TypeVar("S", bound=msgspec.Struct)


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every structure read from a file: frozen, keyword only, and closed to unknown keys."""


def load(path: Path, kind: type[S]) -> S:
    """Read a TOML file as `kind`; refuses it, naming file, key and what was expected (ConfigError)."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    return parse(content, kind, str(path))


def parse(content: bytes, kind: type[S], name: str) -> S:
    """Read TOML bytes as `kind`; `name` is what the error calls them (ConfigError)."""
    try:
        return msgspec.convert(tomllib.loads(content.decode("utf-8")), kind, dec_hook=_decode)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {error}") from error
    except ValueError as error:  # no UTF-8, no TOML, or a number that is too long for one
        raise ConfigError(f"{name} is not TOML: {error}") from error
    except RecursionError as error:
        raise ConfigError(f"{name} is nested too deep; write tables and lists one or two levels deep") from error


def _decode(kind: type, value: object) -> object:
    """Paths, which TOML has no type for, from text."""
    if kind is not Path:
        raise NotImplementedError
    if not isinstance(value, str):
        raise ValueError("Expected a path, as text")
    if "\0" in value:
        raise ValueError("Expected a path, which holds no NUL")
    return Path(value)


def digest(path: Path) -> str:
    """Hex SHA-256 of a file's bytes, as it is logged at start."""
    return hashlib.sha256(path.read_bytes()).hexdigest()
