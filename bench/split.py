"""Which labelled pairs tables and parameters may learn from: half of them, by a hash, so that the other half judges."""

from __future__ import annotations

from hashlib import sha256


def learned_from(one: str, other: str) -> bool:
    """Whether the pair is of the half that may be learned from: the first bit of SHA-256 of both, a TAB between, is 0.

    For cross-script tokens `one` is the token as written and `other` the Latin one, romanised, in upper case.
    """
    return sha256(f"{one}\t{other}".encode()).digest()[0] & 1 == 0
