"""Rosters follow one another as TUF's root does: its published chains of key rotation, by our code."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from federation.envelope import Envelope
from federation.errors import FederationError
from federation.keys import SigningKey
from federation.roster import Roster
from federation.seal import Verified, open_first_roster, open_next_roster, seal
from tests.vectors import cast

Vectors = Callable[[str], Path]
KEYS = [SigningKey.from_seed(bytes([100 + n]) * 32) for n in range(10)]


def version(number: int, previous: bytes, case: dict[str, Any]) -> Envelope:
    """A roster with the authorities and threshold of a case, signed as it says."""
    roster = replace(
        cast.roster(number, previous),
        authority_keys=tuple(KEYS[n].public for n in case["keys"]),
        threshold=case["threshold"],
    )
    return seal(roster, *(KEYS[n] for n in case["signed_by"]))


def accepted(envelope: Envelope, held: Verified[Roster] | None) -> Verified[Roster] | None:
    """The roster taken, or none; the first is pinned by its own keys, as a client ships its first root."""
    try:
        if held is not None:
            return open_next_roster(envelope, held)
        return open_first_roster(envelope, tuple(key.public for key in KEYS), 1)
    except FederationError:
        return None


def test_every_published_chain_of_key_rotation_is_followed_as_far_as_it_may_be(vectors: Vectors) -> None:
    chains = json.loads(vectors("tuf/key_rotation_cases.json").read_text())["root_chains"]
    assert len(chains) == 15
    for chain in chains:
        held: Verified[Roster] | None = None
        for place, case in enumerate(chain["versions"], start=1):
            found = accepted(version(place, held.digest if held else b"", case), held)
            assert (found is not None) == case["expect_accepted"], (chain["name"], place)
            if found is None:
                break
            held = found
