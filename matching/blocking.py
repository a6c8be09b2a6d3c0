"""Which records deserve comparison: keyed digests that a record and a query share when they may be one person."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from matching.form import Form

Family = Literal["A", "C", "D", "E", "G", "H"]

WEIGHTS: Final = MappingProxyType({"E": 20, "C": 14, "D": 12, "H": 12, "G": 10, "A": 8})
CAPS: Final = MappingProxyType({"E": 500, "C": 500, "D": 500, "H": 500, "G": 500, "A": 800})


class Key(NamedTuple):
    """One blocking key: its family and the signed 64-bit value under which the index files it."""

    family: Family
    value: int


def blocking_keys(form: Form, secret: bytes) -> tuple[Key, ...]:
    """Make the keys of `form` under the node's own `secret` (16 to 64 bytes); each key once, in a fixed order."""
    raise NotImplementedError
