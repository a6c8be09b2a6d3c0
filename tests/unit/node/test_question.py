"""A question on its way: told once, and a fault of one is no fault of another."""

from __future__ import annotations

import pytest

from federation.errors import Internal, MalformedStatement, QueryExpired
from node.question import Question, still_open

MALFORMED = MalformedStatement("no envelope")


def question(correlation: int = 1) -> Question:
    """A question that has just come."""
    return Question(correlation=correlation, content=MALFORMED, receipt=b"")


def fall(error: BaseException) -> None:
    """Raise an error, as some step may."""
    raise error


def test_a_fault_ends_the_question_and_is_told_as_it_is() -> None:
    asked = question()
    with asked.guarded("window"):
        fall(QueryExpired("the window is over"))
    assert isinstance(asked.told, QueryExpired)


def test_an_unexpected_fault_is_told_as_an_incident_and_nothing_more() -> None:
    asked = question()
    with asked.guarded("admit"):
        fall(RuntimeError("KIM MINSOO"))
    assert isinstance(asked.told, Internal)
    assert "KIM" not in asked.told.message + str(asked.told.facts)
    assert len(asked.told.facts["incident"]) == 16


def test_a_fault_of_one_question_leaves_the_others_open() -> None:
    asked = [question(at) for at in range(4)]
    asked[2].fail(QueryExpired("the window is over"), "window")
    assert [each.correlation for each in still_open(asked)] == [0, 1, 3]


def test_what_is_not_an_exception_is_not_kept_from_ending_the_work() -> None:
    asked = question()
    with pytest.raises(KeyboardInterrupt), asked.guarded("admit"):
        fall(KeyboardInterrupt())
    assert asked.told is None


def test_a_question_that_was_not_admitted_has_no_query() -> None:
    with pytest.raises(LookupError):
        _ = question().query
