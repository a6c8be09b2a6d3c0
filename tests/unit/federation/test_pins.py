"""Pins: the authorities that a process is told of by hand, and the roster they let it believe."""

from __future__ import annotations

from pathlib import Path

import pytest

from federation.errors import ConfigError, FederationError, MalformedStatement, UntrustedSignature
from federation.pins import Pins, load_pins, open_roster_file
from federation.seal import seal
from federation.wire.envelope import encode_envelope
from tests.vectors import cast

KEYS = [key.public.spki.hex() for key in cast.AUTHORITIES]
PINS = Pins(tuple(key.public for key in cast.AUTHORITIES), 2)


def written(folder: Path, keys: list[str], threshold: int = 2) -> Path:
    path = folder / "authorities.toml"
    path.write_text(f"threshold = {threshold}\nkeys = {keys}\n")
    return path


def test_pins_are_read_from_their_file(tmp_path: Path) -> None:
    assert load_pins(written(tmp_path, KEYS)) == PINS


@pytest.mark.parametrize(
    ("keys", "threshold", "message"),
    [
        (KEYS, 0, "threshold must lie between 1 and the number of keys, 3"),
        (KEYS, 4, "threshold must lie between"),
        ([], 1, "threshold must lie between"),
        ([KEYS[0], KEYS[0]], 1, "twice"),
        ([KEYS[0].upper()[:-1]], 1, "in hex"),
        (["zz"], 1, "in hex"),
        ([KEYS[0][:24] + "01" + "00" * 31], 1, "weak"),
        ([KEYS[0][24:]], 1, "SubjectPublicKeyInfo"),
    ],
)
def test_pins_that_nobody_could_meet_or_anybody_are_refused(
    tmp_path: Path, keys: list[str], threshold: int, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        load_pins(written(tmp_path, keys, threshold))


def test_a_roster_that_enough_authorities_signed_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "roster.envelope"
    path.write_bytes(encode_envelope(cast.roster_envelope()))
    assert open_roster_file(path, PINS).statement == cast.roster()


def test_a_roster_of_a_later_version_is_believed_too(tmp_path: Path) -> None:
    path = tmp_path / "roster.envelope"
    path.write_bytes(encode_envelope(seal(cast.roster(7, bytes(32)), *cast.AUTHORITIES[1:])))
    assert open_roster_file(path, PINS).statement.version == 7


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (encode_envelope(seal(cast.roster(), cast.AUTHORITIES[0])), UntrustedSignature),
        (b"not an envelope", MalformedStatement),
        (b"", MalformedStatement),
    ],
)
def test_a_roster_that_too_few_signed_or_that_is_none_is_refused(
    tmp_path: Path, content: bytes, kind: type[FederationError]
) -> None:
    path = tmp_path / "roster.envelope"
    path.write_bytes(content)
    with pytest.raises(kind):
        open_roster_file(path, PINS)


def test_a_roster_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.envelope: No such file"):
        open_roster_file(tmp_path / "absent.envelope", PINS)
