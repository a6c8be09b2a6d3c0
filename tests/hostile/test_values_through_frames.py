"""Hostile bytes and values over the real services: a defined error for the one, and an answer for its neighbours."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Any

import grpc
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from federation import status
from federation.calling.channels import open_channel
from federation.envelope import Envelope
from federation.errors import FederationError, Internal, MalformedStatement
from federation.person import Birth, Coded, Document, Name, NationalIdentifier, Person
from federation.query import Clear, Query
from federation.statement import PAYLOAD_TYPES
from federation.v1 import node_pb2, query_pb2, querylog_pb2
from federation.wire.query import query_to_wire
from tests.agencies import HELD
from tests.carrier import Carrier, fault
from tests.federation import COORDINATOR, NODES, Federation
from tests.hostile.values import NUL, OWN, Vectors, naughty

pytestmark = pytest.mark.asyncio(loop_scope="session")

BYTES = {
    "one byte": b"\xff",
    "zeros": bytes(64),
    "a length beyond the end": b"\x0a\xff\xff\xff\x7f",
    "text": b"GET / HTTP/1.1\r\n\r\n",
    "an endless number": b"\x08" + b"\xff" * 20,
    "an end of no group": b"\x0c",
    "nested without end": b"\x0a\x7f" * 300,
    "random": os.urandom(4096),
    "text that is no UTF-8": b"\x12\x02\xff\xfe",
}
METHODS = (
    ("node", "federation.v1.NodeService/Describe", False),
    ("node", "federation.v1.NodeService/Ask", True),
    ("coordinator", "federation.v1.CoordinatorService/Results", False),
    ("coordinator", "federation.v1.CoordinatorService/Ask", False),
    ("querylog", "federation.v1.QueryLogService/Checkpoint", False),
    ("querylog", "federation.v1.QueryLogService/Entries", False),
    ("querylog", "federation.v1.QueryLogService/Proof", False),
    ("querylog", "federation.v1.QueryLogService/Evidence", False),
    ("roster", "federation.v1.RosterService/Get", False),
    ("roster", "grpc.health.v1.Health/Check", False),
)
LARGEST = 2**64 - 1
TEXTS = {name: value for name, value in {**OWN, "NUL": NUL}.items() if value}


async def sent(
    federation: Federation, kind: str, method: str, content: bytes, *, streams: bool
) -> FederationError | None:
    """Send bytes as a message of a method, as the playing coordinator; the error it ends with, if it does."""
    member = federation.member("imigrasi" if kind == "node" else COORDINATOR)
    async with open_channel(member, kind, federation.keys("sandi").tls) as channel:
        try:
            if streams:
                call = channel.stream_stream(f"/{method}")(iter_of(content), timeout=10.0)
                _ = [message async for message in call]
            elif method.endswith("CoordinatorService/Ask"):
                _ = [message async for message in channel.unary_stream(f"/{method}")(content, timeout=10.0)]
            else:
                await channel.unary_unary(f"/{method}")(content, timeout=10.0)
        except grpc.aio.AioRpcError as error:
            assert error.code() not in (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN), error.details()
            return status.from_call(error)
    return None


async def iter_of(content: bytes) -> Any:
    yield content


@pytest.mark.parametrize("content", BYTES.values(), ids=BYTES)
@pytest.mark.parametrize(("kind", "method", "streams"), METHODS, ids=[name for _, name, _ in METHODS])
async def test_bytes_that_are_no_message_are_malformed(
    federation: Federation, kind: str, method: str, streams: bool, content: bytes
) -> None:
    error = await sent(federation, kind, method, content, streams=streams)
    # what parses, as fields that nobody knows, is an empty message
    assert not isinstance(error, Internal)
    if content in (b"\xff", BYTES["a length beyond the end"]):
        assert isinstance(error, MalformedStatement)


NUMBERS = (0, 1, 2**31, 2**32, 2**63 - 1, 2**63, LARGEST)
TOKENS = (
    b"x", b"[]", b"[" * 100_000, b"{}", b'{"a":1}', b"[1e999]", b"[NaN]", b"[9223372036854775808]", b"[null]",
    b'["\\u0000", "a", "b"]', b'["\\ud800", "a", "b"]', b'["00", "\\u0000", "b"]', b'["00", "\\ud800", "b"]',
    b'["zz"]', b"[[]]", b"[true]", b'["' + b"9" * 5000 + b'"]', b"\xff\xfe", b"[-9223372036854775809, 0]",
    b"[1, 1e999]",    b"[99999999999999999999, 99999999999999999999]", b'["00", "99999999999999999999"]',
)  # fmt: skip


def querylog_requests() -> Iterable[tuple[str, bytes]]:
    """Requests to a log whose numbers and places are as odd as a message can hold."""
    for number in NUMBERS:
        yield "Checkpoint", querylog_pb2.QueryLogServiceCheckpointRequest(size=number).SerializeToString()
        for other in NUMBERS:
            proof = querylog_pb2.QueryLogServiceProofRequest()
            proof.inclusion.index, proof.inclusion.size = number, other
            yield "Proof", proof.SerializeToString()
            proof = querylog_pb2.QueryLogServiceProofRequest()
            proof.consistency.old, proof.consistency.new = number, other
            yield "Proof", proof.SerializeToString()
    for table in (0, 1, 2, 3, 4, 5, 6, 7, 2**31 - 1, -1):
        for token in TOKENS:
            request = querylog_pb2.QueryLogServiceEntriesRequest(table=table, after=token, limit=2)  # type: ignore[arg-type]
            yield "Entries", request.SerializeToString()


async def test_odd_numbers_and_places_asked_of_a_log_are_a_defined_error(federation: Federation) -> None:
    async with open_channel(federation.member("imigrasi"), "querylog", federation.keys("sandi").tls) as channel:
        wrong = await told_wrongly(
            (f"{method} {content.hex()[:80]}", channel.unary_unary(f"/federation.v1.QueryLogService/{method}"), content)
            for method, content in querylog_requests()
        )
    assert wrong == []


async def test_any_version_of_a_roster_and_any_id_of_a_result_is_found_or_not(federation: Federation) -> None:
    roster = [(f"Get {n}", n, "roster") for n in NUMBERS]
    ids = [b"", b"\x00", bytes(16), bytes(17), b"\xff" * 16, os.urandom(200_000)]
    async with open_channel(federation.member(COORDINATOR), "coordinator", federation.keys("sandi").tls) as channel:
        get = channel.unary_unary("/federation.v1.RosterService/Get")
        results = channel.unary_unary("/federation.v1.CoordinatorService/Results")
        wrong = await told_wrongly((name, get, b"\x08" + varint(number)) for name, number, _ in roster)
        wrong += await told_wrongly((f"Results {len(i)}", results, b"\x0a" + varint(len(i)) + i) for i in ids)
    assert wrong == []


async def told_wrongly(calls: Iterable[tuple[str, Callable[..., Awaitable[Any]], bytes]]) -> list[str]:
    """Calls that ended in an error that is not defined."""
    wrong: list[str] = []
    for name, call, content in calls:
        try:
            await call(content, timeout=10.0)
        except grpc.aio.AioRpcError as error:
            told = status.from_call(error)
            named = any(key == status.CLASS_KEY for key, _ in error.trailing_metadata() or ())
            if isinstance(told, Internal) or not named:
                wrong.append(f"{name}: {error.code().name} {error.details()}")
    return wrong


def varint(number: int) -> bytes:
    """A number as protobuf writes it."""
    found = bytearray()
    while number > 0x7F:
        found.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*found, number))


def hostile_person(value: str) -> Person:
    """A person whose every text is the value; what an officer's own program would never have signed."""
    return Person(
        names=(Name(text=value), HELD[0].person.names[0]),
        births=(Birth(text=value, year=1971, month=2, day=19),),
        sex=Coded(text=value, code="M"),
        nationalities=(Coded(text=value, code="RUS"),),
        documents=(Document(number=value, expiry=value[:32]),),
        national_identifiers=(NationalIdentifier(kind="nik", number=value),),
        birth_place=value,
    )


@pytest.mark.parametrize(
    "value", [*(v for v in OWN.values() if v), NUL], ids=[*(n for n, v in OWN.items() if v), "NUL"]
)
async def test_a_query_of_hostile_texts_is_answered_or_malformed_and_its_neighbour_answered(
    federation: Federation, carrier: Carrier, value: str
) -> None:
    neighbour = carrier.question(federation.query(HELD[1].person))
    for where in ("person", "case", "ids"):
        try:
            query = of_value(federation.query(HELD[0].person), value, where)
            payload = query_to_wire(query).SerializeToString()
        except (UnicodeEncodeError, ValueError):  # half of a character is in no message
            return
        envelope = Envelope(payload=payload, payload_type=PAYLOAD_TYPES[Query]).signed_by(federation.officer().key)
        envelope = envelope.signed_by(carrier.keys.statement)
        question = carrier.question(envelope, b"")
        try:
            question.receipt = carrier.receipt(envelope)
        except FederationError:
            question.receipt = carrier.receipt(carrier.countersigned(federation.query(HELD[0].person)))
        items = await carrier.frame("imigrasi", question, neighbour)
        assert carrier.read(items[neighbour.correlation], "imigrasi").answer.subjects[0].band == "strong"
        item = items[question.correlation]
        if item.WhichOneof("kind") == "error":
            error = fault(item.error)
            assert not isinstance(error, Internal), error
            assert isinstance(error, MalformedStatement), error
            assert "field" in error.facts
            assert len(value) < 3 or value not in f"{error.message} {error.facts}"
        else:
            carrier.read(item, "imigrasi")


def of_value(query: Query, value: str, where: str) -> Query:
    """A query that holds the value."""
    match where:
        case "person":
            return replace(query, via="sandi", subjects=(Clear(person=hostile_person(value)),))
        case "case":
            return replace(query, via="sandi", case_reference=value)
        case _:
            return replace(query, via="sandi", purpose=value, legal_basis=value, disclosure_class=value)


async def test_the_published_naughty_strings_are_answered_or_malformed(
    federation: Federation, carrier: Carrier, vectors: Vectors
) -> None:
    values = [value for value in naughty(vectors) if value]
    outcomes: list[str] = []
    for at in range(0, len(values), 50):
        questions: list[node_pb2.Question] = []
        for value in values[at : at + 50]:
            query = replace(
                federation.query(HELD[0].person), via="sandi", subjects=(Clear(person=hostile_person(value)),)
            )
            envelope = Envelope(
                payload=query_to_wire(query).SerializeToString(), payload_type=PAYLOAD_TYPES[Query]
            ).signed_by(federation.officer().key)
            envelope = envelope.signed_by(carrier.keys.statement)
            try:
                questions.append(carrier.question(envelope))
            except MalformedStatement:
                questions.append(carrier.question(envelope, b""))
        items = await carrier.frame("imigrasi", *questions)
        outcomes += [items[q.correlation].error.error or "answered" for q in questions]
    assert set(outcomes) == {"answered", "MalformedStatement"}


INSTANTS = (
    Timestamp(), Timestamp(seconds=-(2**63)), Timestamp(seconds=2**63 - 1), Timestamp(nanos=-1),
    Timestamp(nanos=2**31 - 1), Timestamp(seconds=253402300800), Timestamp(seconds=-62135596801),
)  # fmt: skip


@pytest.mark.parametrize("instant", INSTANTS, ids=[str(at) for at in range(len(INSTANTS))])
@pytest.mark.parametrize("field", ["issued", "expires"])
async def test_an_instant_that_cannot_be_is_malformed(
    federation: Federation, carrier: Carrier, field: str, instant: Timestamp
) -> None:
    message = query_to_wire(replace(federation.query(HELD[0].person), via="sandi"))
    getattr(message, field).CopyFrom(instant)
    error = await refused(federation, carrier, message)
    assert isinstance(error, FederationError)
    assert not isinstance(error, Internal)


@pytest.mark.parametrize(
    "change",
    [
        lambda q: setattr(q, "roster_version", LARGEST),
        lambda q: q.subjects[0].clear.births.add(year=10_000, month=1, day=1),
        lambda q: q.subjects[0].clear.births.add(year=2024, month=13, day=1),
        lambda q: q.subjects[0].clear.births.add(year=2**32 - 1, month=2**32 - 1, day=2**32 - 1),
        lambda q: q.subjects[0].clear.year_range.CopyFrom(type(q.subjects[0].clear.year_range)(first=0, last=0)),
        lambda q: q.audience.extend(["imigrasi"] * 1001),
        lambda q: q.audience.append("imigrasi"),
        lambda q: q.ClearField("subjects"),
        lambda q: q.subjects.extend([q.subjects[0]] * 100),
        lambda q: setattr(q, "page", 2**32 - 1),
        lambda q: setattr(q, "query_id", b""),
        lambda q: setattr(q, "nonce", bytes(4096)),
        lambda q: q.ClearField("credential"),
        lambda q: q.credential.signatures.extend([q.credential.signatures[0]] * 17),
        lambda q: setattr(q.credential, "payload", b"\xff" * 100),
    ],
    ids=range(15),
)
async def test_a_field_beyond_its_limits_is_a_defined_error(
    federation: Federation, carrier: Carrier, change: Callable[[query_pb2.Query], Any]
) -> None:
    message = query_to_wire(replace(federation.query(HELD[0].person), via="sandi"))
    change(message)
    error = await refused(federation, carrier, message)
    assert not isinstance(error, Internal)


@pytest.mark.parametrize("day", [(2024, 2, 30), (9999, 12, 31), (1, 1, 1), (0, 2, 30), (2023, 2, 29), (0, 0, 31)])
async def test_a_day_that_no_calendar_has_is_asked_about_all_the_same(
    federation: Federation, carrier: Carrier, day: tuple[int, int, int]
) -> None:
    year, month, number = (part or None for part in day)
    born = Birth(text="-".join(map(str, day)), year=year, month=month, day=number)
    answer = await carrier.ask(federation.query(replace(HELD[0].person, births=(born,))))
    assert answer.answer.subjects[0].band in ("strong", "possible", "none")


async def refused(federation: Federation, carrier: Carrier, message: query_pb2.Query) -> FederationError:
    """The error that a signed query of these bytes is met with."""
    envelope = Envelope(payload=message.SerializeToString(), payload_type=PAYLOAD_TYPES[Query])
    envelope = envelope.signed_by(federation.officer().key).signed_by(carrier.keys.statement)
    honest = carrier.receipt(carrier.countersigned(federation.query(HELD[0].person)))
    items = await carrier.frame("imigrasi", carrier.question(envelope, honest))
    (item,) = items.values()
    return fault(item.error)


async def test_a_receipt_of_any_bytes_is_untrusted_and_no_fault_of_the_node(
    federation: Federation, carrier: Carrier
) -> None:
    envelope = carrier.countersigned(federation.query(HELD[0].person))
    honest = carrier.receipt(envelope)
    cases = [
        *BYTES.values(),
        honest[:-1],
        honest + b"\n",
        honest.replace(b"index ", b"index 9"),
        honest * 2,
        b"\x00" * 100_000,
    ]
    items = await carrier.frame("imigrasi", *(carrier.question(envelope, receipt) for receipt in cases))
    assert {item.error.error for item in items.values()} <= {"MalformedStatement", "UntrustedSignature"}
    assert all(item.WhichOneof("kind") == "error" for item in items.values())


async def test_a_service_goes_on_after_all_of_it(federation: Federation) -> None:
    told = await federation.ask(federation.query(HELD[0].person, audience=NODES))
    assert {told.answer(member).subjects[0].band for member in NODES} == {"strong"}
