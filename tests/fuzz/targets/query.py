"""Bytes as a query: read, decided upon, and its subjects made ready."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from federation.errors import FederationError
from federation.query import Clear, Query, require_in_window
from federation.statement import PAYLOAD_TYPES
from federation.wire.statement import decode, encode
from node import comparing
from tests.agencies import HELD
from tests.vectors import cast

_TYPE = PAYLOAD_TYPES[Query]


def seeds() -> Iterator[bytes]:
    """Good queries."""
    yield encode(cast.query())
    yield encode(replace(cast.query(), subjects=tuple(Clear(person=row.person) for row in HELD[:3])))


def run(data: bytes) -> None:
    """Read it, and do with it what a node does before it looks anything up."""
    try:
        query, _ = decode(_TYPE, data)
    except FederationError:
        return
    if not isinstance(query, Query) or decode(_TYPE, encode(query))[0] != query:
        raise AssertionError("a query does not read back as it was")
    try:
        require_in_window(query, cast.AT)
    except FederationError as error:
        if not error.message:
            raise AssertionError("an error that says nothing") from error
    comparing.too_broad(comparing.forms(query))
