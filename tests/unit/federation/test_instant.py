"""Instants and windows: whole microseconds in UTC, a start that is inside and an end that is not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from federation.errors import QueryExpired, QueryNotYetValid
from federation.instant import SKEW, Window, from_micros, micros, system_clock
from federation.query import new_nonce, new_query_id, require_in_window
from tests.vectors import cast

WINDOW = Window(cast.AT, cast.AT + timedelta(minutes=5))
MICRO = timedelta(microseconds=1)


def test_the_start_is_inside_a_window_and_the_end_is_not() -> None:
    assert WINDOW.start in WINDOW
    assert WINDOW.end - MICRO in WINDOW
    assert WINDOW.end not in WINDOW
    assert WINDOW.start - MICRO not in WINDOW


@pytest.mark.parametrize("at", [WINDOW.start - SKEW, WINDOW.start, WINDOW.end, WINDOW.end + SKEW - MICRO])
def test_a_query_is_timely_within_its_window_and_the_skew(at: datetime) -> None:
    require_in_window(cast.query(), at)


def test_a_query_is_not_yet_valid_before_the_skew_and_expired_after_it() -> None:
    with pytest.raises(QueryNotYetValid) as early:
        require_in_window(cast.query(), WINDOW.start - SKEW - MICRO)
    with pytest.raises(QueryExpired) as late:
        require_in_window(cast.query(), WINDOW.end + SKEW)
    assert early.value.facts == late.value.facts == {"query_id": cast.QUERY_ID.hex()}


@pytest.mark.parametrize("value", [0, 1, -1, 10**15, micros(datetime.max.replace(tzinfo=UTC))])
def test_microseconds_and_instants_are_each_other(value: int) -> None:
    assert micros(from_micros(value)) == value


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    jakarta = timezone(timedelta(hours=7))
    assert micros(cast.AT.astimezone(jakarta)) == micros(cast.AT)


def test_a_naive_instant_and_one_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        micros(cast.AT.replace(tzinfo=None))
    for value in (2**63, -(2**63)):
        with pytest.raises(ValueError, match="out of range"):
            from_micros(value)


def test_a_leap_second_is_the_second_before_it_once_more_and_within_the_skew() -> None:
    """POSIX time has no 23:59:60: a clock that repeats a second is a second behind, and no window minds."""
    before = datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
    window = Window(before, before + timedelta(seconds=1))
    for at in (before, before + timedelta(seconds=1), before):  # on, then the same second again
        assert window.begun(at)
        assert not window.ended(at)
    assert from_micros(micros(before) + 1_000_000) == datetime(2017, 1, 1, tzinfo=UTC)


def test_the_system_clock_says_its_zone() -> None:
    assert system_clock().tzinfo is UTC


def test_a_query_id_is_a_uuid_of_version_7_that_begins_with_its_instant() -> None:
    made = new_query_id(cast.AT)
    assert int.from_bytes(made[:6], "big") == micros(cast.AT) // 1000
    assert (made[6] >> 4, made[8] >> 6, len(made)) == (7, 2, 16)


def test_no_two_ids_or_nonces_are_alike() -> None:
    assert len({new_query_id(cast.AT) for _ in range(100)} | {new_nonce() for _ in range(100)}) == 200
