"""Errors and gRPC status codes: one table, both directions, and every id of it in the specification."""

from __future__ import annotations

import inspect
import re
from datetime import timedelta

import grpc
import pytest
from grpc.aio import AioRpcError, Metadata

from federation import errors, status
from federation.errors import FederationError
from federation.terms import terms
from tests.vectors.build import SPEC

CLASSES = {
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, FederationError) and kind is not FederationError
}
PAGE = (SPEC / "errors.md").read_text()
TRAVELLING = pytest.mark.parametrize("kind", list(status.CODES))


def table(section: int) -> dict[str, list[str]]:
    """A table of the page: its rows by their first cell."""
    found = re.search(rf"^## {section} .*?(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in found[0].splitlines() if line[:1] == "|"]
    return {row[0]: row[1:] for row in rows[2:]}


def failed(code: grpc.StatusCode, trailing: tuple[tuple[str, str], ...] = (), details: str = "") -> AioRpcError:
    return AioRpcError(code, Metadata(), Metadata(*trailing), details, None)


def made(kind: type[FederationError]) -> FederationError:
    return kind("what is wrong", retry_after=timedelta(milliseconds=1500), index=7, query_id="ab")


def test_every_class_is_in_the_table_or_local_and_never_both() -> None:
    assert set(status.CODES) | status.LOCAL_ONLY == CLASSES
    assert set(status.CODES) & status.LOCAL_ONLY == set()


def test_the_page_names_every_class_once_with_its_status() -> None:
    assert {name: row[0] for name, row in table(1).items()} == {k.__name__: c.name for k, c in status.CODES.items()}
    assert set(table(2)) == {kind.__name__ for kind in status.LOCAL_ONLY}


def test_the_page_names_every_refusal_and_every_silence() -> None:
    assert set(table(3)) == set(terms().refusal)
    assert set(table(4)) == set(terms().silence)


def test_the_page_says_which_error_becomes_which_silence() -> None:
    told = {error: name for name, row in table(4).items() for error in re.findall(r"\b[A-Z]\w+", row[0])}
    for kind, silence in status.SILENCES.items():
        if kind is not errors.CorruptLog:
            assert told[kind.__name__] == silence


def test_every_silence_an_error_becomes_is_of_the_terms() -> None:
    assert {status.silence_reason(made(kind)) for kind in CLASSES} <= set(terms().silence)
    assert status.silence_reason(made(errors.WrongAudience)) == "not_admitted"


@TRAVELLING
def test_an_error_that_travels_comes_back_as_it_was(kind: type[FederationError]) -> None:
    error = made(kind)
    back = status.from_call(failed(status.code(error), status.trailers(error), error.message))
    assert type(back) is kind
    assert (back.message, back.facts, back.retry_after) == (error.message, error.facts, error.retry_after)


@TRAVELLING
def test_an_error_named_in_a_frame_comes_back_as_its_class(kind: type[FederationError]) -> None:
    assert type(status.named(kind.__name__, "m", {"index": "7"})) is kind


@pytest.mark.parametrize("name", ["", "NoSuchError", "ConfigError", "CorruptLog", "Unreachable", "FederationError"])
def test_a_class_that_does_not_travel_comes_back_as_internal(name: str) -> None:
    assert type(status.named(name, "m", {})) is errors.Internal


@pytest.mark.parametrize("kind", sorted(status.LOCAL_ONLY, key=str))
def test_a_local_error_that_slips_out_is_told_as_internal(kind: type[FederationError]) -> None:
    assert status.code(made(kind)) is grpc.StatusCode.INTERNAL


@pytest.mark.parametrize("code", list(grpc.StatusCode))
def test_a_call_that_failed_without_a_class_is_understood_by_its_code(code: grpc.StatusCode) -> None:
    assert isinstance(status.from_call(failed(code)), FederationError)


def test_a_connection_lost_is_unreachable_and_a_deadline_passed_too_late() -> None:
    assert type(status.from_call(failed(grpc.StatusCode.UNAVAILABLE))) is errors.Unreachable
    assert type(status.from_call(failed(grpc.StatusCode.DEADLINE_EXCEEDED))) is errors.TooLate
    assert type(status.from_call(failed(grpc.StatusCode.DATA_LOSS))) is errors.Internal


def test_a_connection_that_broke_is_unreachable_and_what_a_stranger_serves_is_not() -> None:
    broke = failed(grpc.StatusCode.UNKNOWN, details="Stream removed (Unwrap failed (TSI_DATA_CORRUPTED))")
    assert type(status.from_call(broke)) is errors.Unreachable
    assert type(status.from_call(failed(grpc.StatusCode.UNKNOWN, details="Unexpected"))) is errors.Internal


def test_a_message_beyond_every_limit_is_malformed_and_nobody_is_busy() -> None:
    beyond = failed(grpc.StatusCode.RESOURCE_EXHAUSTED, details="CLIENT: Received message larger than max (2 vs. 1)")
    assert type(status.from_call(beyond)) is errors.MalformedStatement
    assert type(status.from_call(failed(grpc.StatusCode.RESOURCE_EXHAUSTED))) is errors.TooBusy


@pytest.mark.parametrize("retry", ["", "soon", "-1", "1e9", "١"])
def test_a_time_to_wait_that_is_no_number_is_passed_over(retry: str) -> None:
    trailing = (("simpul-error", "TooBusy"), ("simpul-retry-after-ms", retry))
    back = status.from_call(failed(grpc.StatusCode.RESOURCE_EXHAUSTED, trailing))
    assert back.retry_after is None or back.retry_after >= timedelta(0)


def test_facts_that_another_made_cannot_take_the_place_of_the_message() -> None:
    trailing = (("simpul-error", "TooBusy"), ("simpul-fact-message", "x"), ("simpul-fact-retry-after", "y"))
    assert status.from_call(failed(grpc.StatusCode.RESOURCE_EXHAUSTED, trailing)).facts == {}


@pytest.mark.parametrize(
    "trailing",
    [
        ("simpul-retry-after-ms", "9" * 30),
        ("simpul-fact-self", "x"),
        ("simpul-fact-retry_after", "x"),
    ],
)
def test_trailers_that_another_made_up_are_a_defined_error_all_the_same(trailing: tuple[str, str]) -> None:
    call = failed(grpc.StatusCode.RESOURCE_EXHAUSTED, (("simpul-error", "TooBusy"), trailing))
    assert type(status.from_call(call)) is errors.TooBusy
