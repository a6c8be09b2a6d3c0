"""Single values as they travel: what is accepted of each, and how a bad one is named."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final, TypeVar

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import DecodeError, Message
from google.protobuf.timestamp_pb2 import Timestamp
from google.protobuf.unknown_fields import UnknownFieldSet

from federation.errors import MalformedStatement
from federation.instant import Window, from_micros, micros

MAX_TEXT: Final = 1024

M = TypeVar("M", bound=Message)
T = TypeVar("T")

_ID: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,63}")
_CONTROLS: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x9f\ud800-\udfff]")


def parse(kind: type[M], payload: bytes) -> M:
    """Parse protobuf bytes; refuses what does not parse (MalformedStatement)."""
    try:
        return kind.FromString(payload)
    except DecodeError as error:
        raise MalformedStatement(f"the payload is no {kind.DESCRIPTOR.name}") from error


@lru_cache(maxsize=4096)
def identifier(value: str, field: str) -> str:
    """A lower-case id of 1 to 64 characters."""
    if not _ID.fullmatch(value):
        raise MalformedStatement(f"{field} is not a lower-case id of 1 to 64 characters", field=field)
    return value


def identifiers(values: Iterable[str], field: str, most: int = 1000) -> tuple[str, ...]:
    """Ids, each once, in byte order."""
    return _identifiers(tuple(values), field, most)


@lru_cache(maxsize=4096)
def _identifiers(values: tuple[str, ...], field: str, most: int) -> tuple[str, ...]:
    found = tuple(identifier(value, field) for value in values)
    if len(found) > most or list(found) != sorted(set(found)):
        raise MalformedStatement(f"{field} must hold at most {most} ids in byte order, each once", field=field)
    return found


def text(value: str, field: str, most: int = MAX_TEXT) -> str:
    """Text without control characters or halves of characters, of at most `most` characters."""
    if len(value) > most:
        raise MalformedStatement(f"{field} is longer than {most} characters", field=field)
    if _CONTROLS.search(value):
        raise MalformedStatement(f"{field} holds a control character, or half of a character", field=field)
    return value


def octets(value: bytes, length: int, field: str) -> bytes:
    """Exactly `length` bytes."""
    if len(value) != length:
        raise MalformedStatement(f"{field} must be {length} bytes", field=field)
    return value


def optional_octets(value: bytes, length: int, field: str) -> bytes:
    """Exactly `length` bytes, or none."""
    return octets(value, length, field) if value else b""


def at_most(values: Sequence[T], most: int, field: str, least: int = 0) -> Sequence[T]:
    """A list within its limits."""
    if not least <= len(values) <= most:
        raise MalformedStatement(f"{field} must hold {least} to {most} values", field=field)
    return values


def one_of(value: str, allowed: Iterable[str], field: str) -> str:
    """A value of a closed list."""
    if value not in allowed:
        raise MalformedStatement(f"{field} is not one of the values the contract allows", field=field)
    return value


def instant(message: Message, field: str) -> datetime:
    """A required instant, in whole microseconds."""
    if not message.HasField(field):
        raise MalformedStatement(f"{field} is missing", field=field)
    stamp: Timestamp = getattr(message, field)
    if not 0 <= stamp.nanos < 1_000_000_000 or stamp.nanos % 1000:
        raise MalformedStatement(f"{field} is not an instant in whole microseconds", field=field)
    try:
        return from_micros(stamp.seconds * 1_000_000 + stamp.nanos // 1000)
    except ValueError as error:
        raise MalformedStatement(f"{field} is not an instant", field=field) from error


def optional_instant(message: Message, field: str) -> datetime | None:
    """An instant, or none where the field is absent."""
    return instant(message, field) if message.HasField(field) else None


def timestamp(at: datetime) -> Timestamp:
    """An aware instant as it travels."""
    seconds, rest = divmod(micros(at), 1_000_000)
    return Timestamp(seconds=seconds, nanos=rest * 1000)


def window(message: Message, start: str, end: str) -> Window:
    """A window whose end lies after its start."""
    found = Window(instant(message, start), instant(message, end))
    if found.start >= found.end:
        raise MalformedStatement(f"{end} must lie after {start}", field=end)
    return found


def duration(value: timedelta) -> Duration:
    """A duration as it travels."""
    found = Duration()
    found.FromTimedelta(value)
    return found


def interval(message: Duration, field: str) -> timedelta:
    """A duration of zero to a year."""
    if not 0 <= message.seconds <= 366 * 86_400 or not 0 <= message.nanos < 1_000_000_000:
        raise MalformedStatement(f"{field} is not a duration of at most a year", field=field)
    return timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)


def unknown_fields(message: Message) -> tuple[str, ...]:
    """Fields of the message, or below it, that this version does not know, as `Query.99`."""
    return tuple(_walk(message)) if _has_unknown(message) else ()


def _has_unknown(message: Message) -> bool:
    bare = type(message)()
    bare.CopyFrom(message)
    bare.DiscardUnknownFields()  # type: ignore[no-untyped-call, unused-ignore]  # REASON: the stubs leave it out
    return bare.ByteSize() != message.ByteSize()


def _walk(message: Message) -> Iterable[str]:
    for unknown in UnknownFieldSet(message):  # type: ignore[attr-defined]  # REASON: iterable, though the stubs leave it out
        yield f"{message.DESCRIPTOR.name}.{unknown.field_number}"
    for descriptor, value in message.ListFields():
        if descriptor.message_type is None or descriptor.message_type.GetOptions().map_entry:
            continue
        for part in value if descriptor.is_repeated else (value,):
            yield from _walk(part)
