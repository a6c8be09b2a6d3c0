"""Text that is the same for the same people and rows, so that a digest can hold them fast."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict

from deploy.demo.population.individual import Individual


def digest_of(things: Iterable[object]) -> str:
    """SHA-256 over one line of JSON for each thing; sets are sorted, whatever JSON lacks is written as text."""
    state = hashlib.sha256()
    for thing in things:
        plain = asdict(thing) if isinstance(thing, Individual) else thing
        state.update(json.dumps(plain, default=_plain, ensure_ascii=False, sort_keys=True).encode())
        state.update(b"\n")
    return state.hexdigest()


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else str(value)
