from __future__ import annotations

from pathlib import Path

import pytest

from deploy.ceremony.authorities import write_pins
from federation.errors import ConfigError
from federation.keys import SigningKey
from federation.pins import Pins, load_pins, open_roster_file

A, B = (SigningKey.from_seed(bytes([seed]) * 32).public for seed in (1, 2))


def test_pins_are_read_as_they_were_written(tmp_path: Path) -> None:
    write_pins(tmp_path / "authorities.toml", (A, B), 2)
    keys, threshold = load_pins(tmp_path / "authorities.toml")
    assert (keys, threshold) == ((A, B), 2)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f'threshold = 0\nkeys = ["{A.spki.hex()}"]', "threshold"),
        (f'threshold = 2\nkeys = ["{A.spki.hex()}"]', "threshold"),
        (f'threshold = 2\nkeys = ["{A.spki.hex()}", "{A.spki.hex()}"]', "twice"),
        (f'threshold = 1\nkeys = ["{A.raw.hex()}"]', "SubjectPublicKeyInfo"),
        ('threshold = 1\nkeys = ["zz"]', "hex"),
        (f'threshold = 1\nkeys = ["{A.spki.hex()}"]\nextra = 1', "extra"),
    ],
)
def test_pins_that_could_not_hold_are_refused(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "authorities.toml").write_text(text)
    with pytest.raises(ConfigError, match=complaint):
        load_pins(tmp_path / "authorities.toml")


def test_a_missing_roster_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*roster\.envelope"):
        open_roster_file(tmp_path / "roster.envelope", Pins((A,), 1))
