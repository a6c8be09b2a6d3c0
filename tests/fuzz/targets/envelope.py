"""Bytes as an envelope, and as every statement that an envelope may be opened as."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from federation.errors import FederationError
from federation.seal import seal
from federation.wire.envelope import decode_envelope, encode_envelope
from tests.vectors import build, cast

_OPENER = cast.opener()
_WAYS: tuple[Callable[..., object], ...] = (
    lambda envelope: _OPENER.query(envelope, countersigned=True),
    lambda envelope: _OPENER.query(envelope, countersigned=False),
    lambda envelope: _OPENER.reply(envelope, cast.NODE),
    lambda envelope: _OPENER.result(envelope, cast.COORDINATOR),
    _OPENER.credential,
    _OPENER.evidence_request,
)


def seeds() -> Iterator[bytes]:
    """Good envelopes."""
    yield encode_envelope(cast.signed_query())
    yield encode_envelope(cast.countersigned(cast.signed_query()))
    yield encode_envelope(cast.roster_envelope())
    yield encode_envelope(cast.credential_envelope())
    yield encode_envelope(seal(build.answer(), cast.STATEMENT_KEYS[cast.NODE]))
    yield encode_envelope(seal(build.refusal(), cast.STATEMENT_KEYS[cast.NODE]))
    yield encode_envelope(seal(build.result(), cast.STATEMENT_KEYS[cast.COORDINATOR]))


def run(data: bytes) -> None:
    """Read and open it."""
    try:
        envelope = decode_envelope(data)
    except FederationError:
        return
    if decode_envelope(encode_envelope(envelope)) != envelope:
        raise AssertionError("an envelope does not read back as it was")
    for way in _WAYS:
        try:
            way(envelope)
        except FederationError:
            continue
