"""Bytes as a person: read, made ready, filed under its keys, and compared."""

from __future__ import annotations

from collections.abc import Iterator

from federation.errors import FederationError
from federation.v1 import person_pb2
from federation.wire import scalars
from federation.wire.person import person_from_wire, person_to_wire
from matching.blocking import blocking_keys
from matching.form import decode, encode, prepare
from matching.judge import judge
from matching.model import DEFAULT
from tests.agencies import HELD
from tests.vectors import cast

_HELD = prepare(HELD[9].person)
_SECRET = bytes(32)
_MOST_KEYS = 1000


def seeds() -> Iterator[bytes]:
    """Good persons."""
    for person in (cast.person(), *(row.person for row in HELD[:6])):
        yield person_to_wire(person).SerializeToString()


def run(data: bytes) -> None:
    """Read it, and do with it what a node does with a subject."""
    try:
        person = person_from_wire(scalars.parse(person_pb2.Person, data))
    except FederationError:
        return
    if person_from_wire(person_to_wire(person)) != person:
        raise AssertionError("a person does not read back as they were")
    form = prepare(person)
    if decode(encode(form)) != form:
        raise AssertionError("a form does not read back as it was")
    if len(blocking_keys(form, _SECRET)) > _MOST_KEYS:
        raise AssertionError("a person has too many keys")
    there, back = judge(form, _HELD, DEFAULT, 10_000), judge(_HELD, form, DEFAULT, 10_000)
    if not 0 <= there.score <= 1 or there.band != back.band:
        raise AssertionError("a score is out of its range, or a band not the same both ways")
    if there.band != "none" and there.score != back.score:
        raise AssertionError("a score is not the same both ways")
