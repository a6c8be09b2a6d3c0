"""Whoever reads every table of every member, or all its telemetry, finds no person that anybody asked about."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass

import asyncpg
import pytest
import pytest_asyncio
import structlog

from federation import telemetry
from tests.agencies import ABSENT, HELD, PROTECTED, Row
from tests.carrier import Carrier
from tests.federation import COORDINATOR, DOWN, LIAR, NODES, Federation
from tests.liar import Liar

pytestmark = pytest.mark.asyncio(loop_scope="session")
ASKED = (HELD[10], HELD[11], PROTECTED, ABSENT[2])
_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = $1 ORDER BY table_name"
# What a log and what stands beside it must at least be searched in, so that a renamed table is not passed over.
_AT_LEAST = {"log_entry", "log_checkpoint", "evidence", "evidence_wrap", "receipt", "roster"}


@dataclass(frozen=True, slots=True)
class Needle:
    """One thing that says who somebody is, in every guise it might lie in."""

    text: str

    def guises(self) -> Iterator[bytes]:
        """As text, lower case, UTF-16, hex, and base64 wherever it may begin in what was encoded."""
        raw = self.text.encode()
        for form in {raw, raw.lower(), raw.title()}:
            yield form
            yield form.hex().encode()
            yield form.hex().upper().encode()
            for shift in range(3):  # the letters that hold bits of the text alone: fewer would be found by chance
                encoded = base64.b64encode(bytes(shift) + form + bytes(3))
                yield encoded[-(-8 * shift // 6) : 8 * (shift + len(form)) // 6]
        yield self.text.encode("utf-16-le")

    def found_in(self, value: bytes) -> bool:
        """Whether it lies there."""
        return any(guise in value for guise in self.guises())


def needles(row: Row) -> Iterator[Needle]:
    """What of a person must not be found."""
    yield from (Needle(word) for word in row.name.split())
    yield Needle(row.passport)
    yield Needle(row.born.isoformat())
    yield Needle(row.born.strftime("%d-%m-%Y"))


def as_bytes(value: object) -> bytes:
    """Any column's value as bytes to be searched."""
    return value if isinstance(value, bytes) else str(value).encode()


async def search(dsn: str, schema: str, sought: Sequence[Needle]) -> tuple[set[str], set[str]]:
    """The tables searched, and `table.column` wherever something was found."""
    guise = re.compile(b"|".join(re.escape(each) for needle in sought for each in needle.guises()))
    connection = await asyncpg.connect(dsn)
    try:
        tables = [row["table_name"] for row in await connection.fetch(_TABLES, schema)]
        found: set[str] = set()
        for table in tables:
            for row in await connection.fetch(f'SELECT * FROM "{schema}"."{table}"'):
                for column, value in row.items():
                    if guise.search(as_bytes(value)):
                        found.add(f"{table}.{column}")
        return set(tables), found
    finally:
        await connection.close()


@pytest_asyncio.fixture(loop_scope="session")
async def heard(federation: Federation, carrier: Carrier, liar: Liar) -> AsyncIterator[str]:
    """Telemetry of all members while every kind of thing happens to people who are asked about."""
    stream = io.StringIO()
    telemetry.configure("test", "all", level="debug", stream=stream)
    people = [row.person for row in ASKED]
    for purpose in ("life_safety", "lodging_check", "permit_service", "aggregate_statistics", "immigration_action"):
        envelope = federation.sign(
            federation.query(*people, purpose=purpose, audience=tuple(sorted((LIAR, DOWN, *NODES))))
        )
        await federation.ask(envelope)
        await federation.ask(envelope)
    query = federation.query(*people)
    await carrier.ask(query)
    question = carrier.question(federation.query(*people))
    question.query.payload += b"\xff"
    await carrier.frame("imigrasi", question)
    yield stream.getvalue()
    structlog.reset_defaults()


async def test_no_table_beside_the_agencys_own_and_its_index_holds_a_person(federation: Federation, heard: str) -> None:
    sought = [needle for row in ASKED for needle in needles(row)]
    for member, database in federation.databases.items():
        tables, found = await search(database.admin_dsn, "simpul", sought)
        expected = _AT_LEAST | ({"asked", "result_kept"} if member == COORDINATOR else {"replay", "quota", "received"})
        assert tables >= expected
        assert found == set(), member
    assert heard


async def test_no_line_of_telemetry_holds_a_person(heard: str) -> None:
    assert '"silence"' in heard
    for row in ASKED:
        assert not [needle for needle in needles(row) if needle.found_in(heard.encode())]


async def test_the_same_search_finds_people_where_they_do_stand(federation: Federation) -> None:
    """A search that could not find anything would prove nothing: the agency's own table is found by every needle."""
    dsn = federation.databases["imigrasi"].admin_dsn
    for row in HELD[10:12]:
        for text, column in ((row.name.split()[0], "nama"), (row.passport, "paspor"), (row.born.isoformat(), "lahir")):
            _, found = await search(dsn, "agency", [Needle(text)])
            assert found == {f"orang.{column}"}


@pytest.mark.parametrize("around", [b"", b"x", b"xy", b"xyz"])
async def test_a_needle_is_found_in_hex_and_base64_wherever_it_begins(around: bytes) -> None:
    needle = Needle("FITZWILLIAM")
    hidden = around + b"Fitzwilliam and others"
    assert needle.found_in(hidden.hex().encode())
    assert needle.found_in(base64.b64encode(hidden))
    assert not needle.found_in(base64.b64encode(around + b"somebody else entirely"))
