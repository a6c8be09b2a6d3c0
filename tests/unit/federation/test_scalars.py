"""Single values as they travel: what is accepted of each, and that a bad one is named."""

from __future__ import annotations

from datetime import timedelta

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

from federation.errors import MalformedStatement
from federation.v1 import answer_pb2, node_pb2, query_pb2
from federation.wire import scalars
from tests.vectors import cast


@pytest.mark.parametrize("value", ["a", "9", "imigrasi", "a.b-c_d", "a" * 64])
def test_an_id_that_may_travel(value: str) -> None:
    assert scalars.identifier(value, "Field") == value


@pytest.mark.parametrize("value", ["", "A", "a b", ".a", "-a", "_a", "a" * 65, "a\n", "é", "а", "a/b", "..", "a\x00"])
def test_an_id_that_may_not(value: str) -> None:
    with pytest.raises(MalformedStatement) as refused:
        scalars.identifier(value, "Member.id")
    assert refused.value.facts == {"field": "Member.id"}


@pytest.mark.parametrize("values", [["b", "a"], ["a", "a"], ["a", "B"], ["a"] * 3, [str(n) for n in range(3)] + ["0"]])
def test_ids_out_of_order_or_twice_are_refused(values: list[str]) -> None:
    with pytest.raises(MalformedStatement):
        scalars.identifiers(values, "Query.audience")


def test_more_ids_than_allowed_are_refused() -> None:
    values = [f"m{n:04}" for n in range(4)]
    assert scalars.identifiers(values, "F", 4) == tuple(values)
    with pytest.raises(MalformedStatement):
        scalars.identifiers(values, "F", 3)


@pytest.mark.parametrize("value", ["", "a\tb\nc\rd", "ÿ", "𝔸" * 1024, "\u202e", "\ufeff"])
def test_a_text_that_may_travel(value: str) -> None:
    assert scalars.text(value, "F") == value


@pytest.mark.parametrize("value", ["a" * 1025, *(chr(n) for n in (0, 8, 11, 12, 14, 27, 31, 127, 128, 159))])
def test_a_text_that_may_not_is_named_and_not_repeated(value: str) -> None:
    with pytest.raises(MalformedStatement) as refused:
        scalars.text("SECRET" + value, "Name.text")
    assert "SECRET" not in str(refused.value)
    assert refused.value.facts == {"field": "Name.text"}


def test_octets_have_their_length_or_where_they_may_none() -> None:
    assert scalars.octets(bytes(32), 32, "F") == bytes(32)
    assert scalars.optional_octets(b"", 32, "F") == b""
    for value in (b"", bytes(31), bytes(33)):
        with pytest.raises(MalformedStatement):
            scalars.octets(value, 32, "F")
    with pytest.raises(MalformedStatement):
        scalars.optional_octets(bytes(31), 32, "F")


@pytest.mark.parametrize(
    "stamp",
    [
        Timestamp(nanos=1),
        Timestamp(nanos=-1000),
        Timestamp(nanos=1_000_000_000),
        Timestamp(seconds=253_402_300_800),
        Timestamp(seconds=-62_135_596_801),
        Timestamp(seconds=2**63 - 1),
        Timestamp(seconds=-(2**63)),
    ],
)
def test_an_instant_that_is_none_is_refused(stamp: Timestamp) -> None:
    with pytest.raises(MalformedStatement) as refused:
        scalars.instant(query_pb2.Query(issued=stamp), "issued")
    assert refused.value.facts == {"field": "issued"}


def test_an_instant_travels_to_the_microsecond() -> None:
    at = cast.AT + timedelta(microseconds=1)
    message = query_pb2.Query(issued=scalars.timestamp(at))
    assert scalars.instant(message, "issued") == at
    assert scalars.optional_instant(message, "expires") is None
    with pytest.raises(MalformedStatement, match="expires is missing"):
        scalars.instant(message, "expires")


@pytest.mark.parametrize("micros", [0, -1])
def test_a_window_that_ends_before_or_as_it_begins_is_refused(micros: int) -> None:
    message = query_pb2.Query(
        issued=scalars.timestamp(cast.AT), expires=scalars.timestamp(cast.AT + timedelta(microseconds=micros))
    )
    with pytest.raises(MalformedStatement, match="after"):
        scalars.window(message, "issued", "expires")


@pytest.mark.parametrize("value", [timedelta(0), timedelta(microseconds=1), timedelta(days=366)])
def test_a_duration_travels(value: timedelta) -> None:
    assert scalars.interval(scalars.duration(value), "F") == value


@pytest.mark.parametrize(
    "value", [Duration(seconds=-1), Duration(nanos=-1), Duration(seconds=366 * 86_400 + 1), Duration(nanos=2**31 - 1)]
)
def test_a_duration_below_zero_or_beyond_a_year_is_refused(value: Duration) -> None:
    with pytest.raises(MalformedStatement):
        scalars.interval(value, "Refusal.retry_after")


def test_bytes_that_do_not_parse_are_refused_by_the_name_of_their_message() -> None:
    with pytest.raises(MalformedStatement, match="no Query"):
        scalars.parse(query_pb2.Query, b"\xff")
    with pytest.raises(MalformedStatement, match="no Query"):
        scalars.parse(query_pb2.Query, b"\x0a\x01\xff")  # federation, which is not UTF-8


def test_a_message_that_is_all_known_names_nothing() -> None:
    assert scalars.unknown_fields(query_pb2.Query.FromString(cast.sole_query().payload)) == ()


def test_unknown_fields_are_named_where_they_stand() -> None:
    message = answer_pb2.Answer()
    message.subjects.add().matches.add().MergeFromString(b"\xba\x06\x01x")
    message.MergeFromString(b"\xb0\x06\x01\xb0\x06\x01")
    assert set(scalars.unknown_fields(message)) == {"Answer.102", "Match.103"}


def test_a_map_is_no_place_for_unknown_fields() -> None:
    assert scalars.unknown_fields(node_pb2.QuestionError(facts={"a": "b"})) == ()
