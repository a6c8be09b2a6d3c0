"""What leaves a process when something in it fails: an error that may be told, and nothing of the fault itself."""

from __future__ import annotations

import asyncpg
import pytest

from federation.errors import Internal, LogUnavailable, TooLate
from federation.serving.faults import opaque

PASSING = (
    ConnectionResetError(),
    FileNotFoundError("the socket of a server that is down"),
    TimeoutError(),
    asyncpg.InterfaceError("connection is closed"),
    asyncpg.InternalClientError("a session that ended in the middle of a word"),
    asyncpg.AdminShutdownError(),
    asyncpg.CannotConnectNowError(),
    asyncpg.ConnectionDoesNotExistError(),
    asyncpg.DeadlockDetectedError(),
    asyncpg.DiskFullError(),
    asyncpg.LockNotAvailableError(),
    asyncpg.ReadOnlySQLTransactionError(),
)


@pytest.mark.parametrize("error", PASSING, ids=[type(error).__name__ for error in PASSING])
def test_a_database_that_fails_is_told_as_what_passes_and_is_worth_asking_again(error: Exception) -> None:
    told = opaque(error, "here")
    assert isinstance(told, LogUnavailable)
    assert "same bytes" in told.message


@pytest.mark.parametrize(
    "error", [ValueError("E1234567"), asyncpg.DataError("E1234567"), asyncpg.UniqueViolationError()]
)
def test_a_fault_of_the_program_is_told_by_an_incident_alone(error: Exception) -> None:
    told = opaque(error, "here")
    assert isinstance(told, Internal)
    assert set(told.facts) == {"incident"}
    assert "E1234567" not in told.message


def test_an_error_that_may_be_told_is_told_as_it_is() -> None:
    error = TooLate("too little time is left")
    assert opaque(error, "here") is error
