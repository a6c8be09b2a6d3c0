"""Bytes as a roster, whoever signed it; and as the pins beside it."""

from __future__ import annotations

from collections.abc import Iterator

from federation.envelope import Envelope
from federation.errors import FederationError
from federation.roster import Roster, check_succession
from federation.seal import open_first_roster
from federation.statement import PAYLOAD_TYPES
from federation.wire.statement import decode, encode
from tests.vectors import cast

_TYPE = PAYLOAD_TYPES[Roster]
_AUTHORITIES = tuple(key.public for key in cast.AUTHORITIES)
_HELD = cast.roster()


def seeds() -> Iterator[bytes]:
    """Good rosters."""
    yield encode(cast.roster())
    yield encode(cast.roster(2, bytes(32)))


def run(data: bytes) -> None:
    """Read it, open it under nobody's signature, and hold it against the one before."""
    try:
        roster, _ = decode(_TYPE, data)
    except FederationError:
        return
    if not isinstance(roster, Roster) or decode(_TYPE, encode(roster))[0] != roster:
        raise AssertionError("a roster does not read back as it was")
    for member in roster.members:
        for use in ("statement", "log"):
            _ = [key.verifying() for key in member.keys_for(use, cast.AT)]
    try:
        open_first_roster(Envelope(payload=data, payload_type=_TYPE), _AUTHORITIES, 2)
    except FederationError:
        pass
    else:
        raise AssertionError("a roster that nobody signed was opened")
    try:
        check_succession(_HELD, bytes(32), roster)
    except FederationError:
        return
