"""Configuration files: what a structure does not know is refused, and named."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from federation import config
from federation.config import Strict, load, parse
from federation.errors import ConfigError


class Listen(Strict, frozen=True, kw_only=True):
    """A table."""

    address: str
    port: int = 1


class Settings(Strict, frozen=True, kw_only=True):
    """A file."""

    listen: Listen
    keys: Path


GOOD = b'keys = "keys"\n[listen]\naddress = "::1"\n'


def test_a_file_is_read_into_its_structure(tmp_path: Path) -> None:
    path = tmp_path / "node.toml"
    path.write_bytes(GOOD)
    assert load(path, Settings) == Settings(listen=Listen(address="::1"), keys=Path("keys"))
    assert config.digest(path) == hashlib.sha256(GOOD).hexdigest()


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (GOOD + b"prot = 2\n", "prot"),
        (b"colour = 1\n" + GOOD, "colour"),
        (GOOD + b'port = "2"\n', r"\$\.listen\.port"),
        (b'[listen]\naddress = "::1"\n', "keys"),
        (b'keys = "keys"\n[listen]\n', "address"),
        (b'keys = 1\n[listen]\naddress = "::1"\n', "keys"),
        (b"keys = \n", "not TOML"),
        (b"\xff", "not TOML"),
        (GOOD + GOOD, "not TOML"),
    ],
)
def test_a_fault_is_refused_and_named_with_its_file(content: bytes, named: str) -> None:
    with pytest.raises(ConfigError, match=f"node.toml.*{named}"):
        parse(content, Settings, "node.toml")


def test_a_value_that_is_refused_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as refused:
        parse(GOOD + b'port = "hunter2"\n', Settings, "node.toml")
    assert "hunter2" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml: No such file"):
        load(tmp_path / "absent.toml", Settings)
