"""Every error that one process may report to another, by class; facts are ids and sizes, never a person's data."""

from __future__ import annotations

from datetime import timedelta


class FederationError(Exception):
    """A fault: no reply was made.

    `message` says what is wrong and what to do, in words that hold no attribute of a person; `facts` are ids and
    sizes; `retry_after` is how long to wait where waiting helps. Which gRPC code a class becomes is told in
    `federation/status.py` alone.
    """

    def __init__(self, message: str, *, retry_after: timedelta | None = None, **facts: str | int) -> None:
        super().__init__(message)
        self.message = message
        self.facts: dict[str, str] = {name: str(value) for name, value in facts.items()}
        self.retry_after = retry_after


class MalformedStatement(FederationError):
    """Bytes that are not what they claim to be, or a required field that is missing or out of range."""


class UnknownStatementType(FederationError):
    """A payload type that this process does not know or did not expect here."""


class WrongAudience(FederationError):
    """A statement for another federation, another member, or brought by another coordinator."""


class UntrustedSignature(FederationError):
    """A signature, credential or receipt that is missing, does not verify, or whose key may not speak here."""


class CallerUnknown(FederationError):
    """A TLS peer that is no member, or whose certificate another member's CA signed."""


class MemberSuspended(FederationError):
    """A member whose standing in the roster is suspended."""


class MethodNotAllowed(FederationError):
    """A caller whose role may not call this method."""


class QueryExpired(FederationError):
    """A query past its window."""


class QueryNotYetValid(FederationError):
    """A query before its window."""


class RosterMismatch(FederationError):
    """A statement made under a roster that this process does not hold and could not fetch."""


class QueryIdReused(FederationError):
    """A query id known with other bytes."""


class TooBusy(FederationError):
    """Too much in flight; nothing was logged."""


class NotInLog(FederationError):
    """An index, size or digest that the log does not have."""


class LogUnavailable(FederationError):
    """The log could not be written, so nothing was answered."""


class RecordsUnavailable(FederationError):
    """The agency's records or their index could not be read."""


class TooLate(FederationError):
    """Too little time left before the deadline."""


class Internal(FederationError):
    """A fault of ours; the caller learns an incident id and no more."""


class Unreachable(FederationError):
    """A member that could not be reached; made by the caller itself, never sent."""


class ConfigError(FederationError):
    """A configuration, key file or schema that this process refuses to start with; never sent."""


class CorruptLog(FederationError):
    """A log, receipt or proof that contradicts itself or its signatures; never sent."""
