"""Faults of a call: whatever a method raises leaves as one status of the table, and nothing of a person with it."""

from __future__ import annotations

import asyncio
import functools
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final, ParamSpec, TypeVar

import asyncpg
import grpc

from federation.errors import FederationError, Internal, LogUnavailable
from federation.serving.reading import require_read
from federation.status import code, trailers
from federation.telemetry import telemetry, where

P = ParamSpec("P")
R = TypeVar("R")

# What passes once the database is back, has room, or lets somebody write: not a fault of this program.
_PASSING: Final = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ObjectNotInPrerequisiteStateError,
    asyncpg.OperatorInterventionError,
    asyncpg.PostgresSystemError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.TransactionRollbackError,
)


def opaque(error: Exception, step: str) -> FederationError:
    """The error itself if it may be told; LogUnavailable where the database is at fault, and may be back soon.

    Anything else becomes Internal with an incident id, whose place is left in telemetry.
    """
    if isinstance(error, FederationError):
        return error
    if isinstance(error, _PASSING) and not isinstance(error, ValueError):  # a value it cannot take stays one
        telemetry().warning("database_unavailable", error=type(error).__name__, where=where(error), step=step)
        return LogUnavailable("the database of this member cannot be used now: ask again with the same bytes")
    incident = secrets.token_hex(8)
    telemetry().error("internal_fault", incident=incident, where=where(error), step=step)
    return Internal("a fault of this member's own; tell its operator the incident id", incident=incident)


def unary(method: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Wrap a method that returns one message."""

    @functools.wraps(method)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            require_read(args[1])
            return await method(*args, **kwargs)
        except asyncio.CancelledError:
            raise
        except Exception as error:
            await _abort(args[2], error, method.__qualname__)
            raise

    return wrapped


def streaming(method: Callable[P, AsyncIterator[R]]) -> Callable[P, AsyncIterator[R]]:
    """Wrap a method that returns a stream."""

    @functools.wraps(method)
    async def wrapped(*args: P.args, **kwargs: P.kwargs) -> AsyncIterator[R]:
        try:
            require_read(args[1])
            async for message in method(*args, **kwargs):
                yield message
        except (asyncio.CancelledError, GeneratorExit):
            raise
        except Exception as error:
            await _abort(args[2], error, method.__qualname__)

    return wrapped


async def _abort(context: Any, error: Exception, step: str) -> None:
    if isinstance(error, grpc.aio.AbortError):
        raise error
    told = opaque(error, step)
    telemetry().warning("call_failed", error=type(told).__name__, step=step)
    await context.abort(code(told), told.message, trailers(told))
