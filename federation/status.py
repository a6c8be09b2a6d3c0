"""Errors to gRPC status codes and back: one table, used in both directions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from typing import Final, cast

import grpc

from federation import errors
from federation.errors import FederationError

CODES: Final[dict[type[FederationError], grpc.StatusCode]] = {
    errors.MalformedStatement: grpc.StatusCode.INVALID_ARGUMENT,
    errors.UnknownStatementType: grpc.StatusCode.INVALID_ARGUMENT,
    errors.WrongAudience: grpc.StatusCode.INVALID_ARGUMENT,
    errors.UntrustedSignature: grpc.StatusCode.UNAUTHENTICATED,
    errors.CallerUnknown: grpc.StatusCode.UNAUTHENTICATED,
    errors.MemberSuspended: grpc.StatusCode.PERMISSION_DENIED,
    errors.MethodNotAllowed: grpc.StatusCode.PERMISSION_DENIED,
    errors.QueryExpired: grpc.StatusCode.FAILED_PRECONDITION,
    errors.QueryNotYetValid: grpc.StatusCode.FAILED_PRECONDITION,
    errors.RosterMismatch: grpc.StatusCode.FAILED_PRECONDITION,
    errors.QueryIdReused: grpc.StatusCode.ALREADY_EXISTS,
    errors.TooBusy: grpc.StatusCode.RESOURCE_EXHAUSTED,
    errors.NotInLog: grpc.StatusCode.NOT_FOUND,
    errors.LogUnavailable: grpc.StatusCode.UNAVAILABLE,
    errors.RecordsUnavailable: grpc.StatusCode.UNAVAILABLE,
    errors.TooLate: grpc.StatusCode.DEADLINE_EXCEEDED,
    errors.Internal: grpc.StatusCode.INTERNAL,
}
LOCAL_ONLY: Final = frozenset({errors.ConfigError, errors.CorruptLog, errors.Unreachable})

SILENCES: Final[dict[type[FederationError], str]] = {
    errors.Unreachable: "unreachable",
    errors.TooLate: "deadline_passed",
    errors.TooBusy: "busy",
    errors.LogUnavailable: "unavailable",
    errors.RecordsUnavailable: "unavailable",
    errors.Internal: "unavailable",
    errors.MemberSuspended: "suspended",
    errors.RosterMismatch: "roster_mismatch",
    errors.CorruptLog: "unacceptable",
}

CLASS_KEY: Final = "simpul-error"
RETRY_KEY: Final = "simpul-retry-after-ms"
_FACT_PREFIX: Final = "simpul-fact-"
_BROKEN: Final = "Stream removed"  # how gRPC tells of bytes that do not decrypt
_OVERSIZE: Final = "larger than max"  # and of a message beyond its limit, as if somebody were busy
_OWN: Final = frozenset({"self", "message", "retry_after"})
_WAIT: Final = re.compile(r"[0-9]{1,10}")
_BY_NAME: Final = {kind.__name__: kind for kind in CODES}
_BY_CODE: Final[dict[grpc.StatusCode, type[FederationError]]] = {
    grpc.StatusCode.UNAVAILABLE: errors.Unreachable,
    grpc.StatusCode.DEADLINE_EXCEEDED: errors.TooLate,
    grpc.StatusCode.CANCELLED: errors.Unreachable,
    grpc.StatusCode.RESOURCE_EXHAUSTED: errors.TooBusy,
    grpc.StatusCode.UNAUTHENTICATED: errors.CallerUnknown,
    grpc.StatusCode.PERMISSION_DENIED: errors.MethodNotAllowed,
}


def code(error: FederationError) -> grpc.StatusCode:
    """The gRPC code of an error's class."""
    return CODES.get(type(error), grpc.StatusCode.INTERNAL)


def silence_reason(error: FederationError) -> str:
    """The silence that an error of one node becomes in a result."""
    return SILENCES.get(type(error), "not_admitted")


def trailers(error: FederationError) -> tuple[tuple[str, str], ...]:
    """What travels beside a status: the class, its facts, and when to try again."""
    found = [(CLASS_KEY, type(error).__name__)]
    found += [(_FACT_PREFIX + name.replace("_", "-"), value) for name, value in error.facts.items() if value.isascii()]
    if error.retry_after is not None:
        found.append((RETRY_KEY, str(int(error.retry_after.total_seconds() * 1000))))
    return tuple(found)


def named(name: str, message: str, facts: dict[str, str], retry_after: timedelta | None = None) -> FederationError:
    """The error of a class name that travelled; an unknown name becomes Internal."""
    error = _BY_NAME.get(name, errors.Internal)(message, retry_after=retry_after)
    error.facts.update((key, value) for key, value in facts.items() if key not in _OWN)
    return error


def from_call(error: grpc.aio.AioRpcError) -> FederationError:
    """The error that a failed call stands for."""
    metadata = {
        str(key): str(value) for key, value in cast("Iterable[tuple[str, str]]", error.trailing_metadata() or ())
    }
    details = error.details() or error.code().name
    name = metadata.get(CLASS_KEY)
    if name is None:
        return _told_by_grpc(error.code(), details)
    facts = {key.removeprefix(_FACT_PREFIX): value for key, value in metadata.items() if key.startswith(_FACT_PREFIX)}
    facts = {key.replace("-", "_"): value for key, value in facts.items()}
    retry = metadata.get(RETRY_KEY, "")
    return named(name, details, facts, timedelta(milliseconds=int(retry)) if _WAIT.fullmatch(retry) else None)


def _told_by_grpc(failed: grpc.StatusCode, details: str) -> FederationError:
    """What a status stands for that no method gave, but gRPC on either side."""
    if failed is grpc.StatusCode.UNKNOWN and details.startswith(_BROKEN):
        return errors.Unreachable("the connection broke")
    if failed is grpc.StatusCode.RESOURCE_EXHAUSTED and _OVERSIZE in details:
        return errors.MalformedStatement("a message is larger than any may be")
    return _BY_CODE.get(failed, errors.Internal)(f"the call failed: {failed.name}")
