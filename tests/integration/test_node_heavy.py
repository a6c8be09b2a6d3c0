"""A lawful question that is heaped with names: it is answered or told in time, and keeps nobody waiting."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace

import asyncpg
import pytest
import pytest_asyncio

from federation.errors import TooLate
from federation.person import Person
from federation.v1 import node_pb2 as pb
from federation.wire.envelope import envelope_from_wire
from matching.describe import describe
from node.cli.indexing import index_records
from node.config import load_config
from tests.agencies import HELD
from tests.carrier import Carrier, fault
from tests.federation import CARRIER, Federation
from tests.postgres import Server
from tests.scenarios.asked import kinds_about

pytestmark = pytest.mark.asyncio(loop_scope="module")
NODE = "imigrasi"
NAMES = 32
ALIKE = 300
SYLLABLES = ("KA", "RI", "MO", "HAN", "SEN", "TA", "LI", "BER", "DOS", "WI", "YA", "NU", "GRA", "PEL", "ZI")
_INSERT = "INSERT INTO agency.orang VALUES ($1, $2, '1980-02-03', 'AUS', 'M', $1, false, '2026-01-05', '2027-01-04')"


def long_name(number: int) -> str:
    """One of many names of twelve parts, no two of them alike."""
    parts = itertools.islice(itertools.product(SYLLABLES, repeat=3), number * 11, None, 7)
    return " ".join(["".join(each) for each in itertools.islice(parts, 12)])


def heaped() -> Person:
    """A person of as many names as there may be, born as three hundred others are."""
    return describe(names=[long_name(at) for at in range(NAMES)], born="1980-02-03", nationality="AUS")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def carrier(federations: Server, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Carrier]:
    """A coordinator played by the test before a node that holds three hundred people of one birth date."""
    found = await Federation.found(tmp_path_factory.mktemp("heavy"), federations, nodes=(NODE,))
    connection = await asyncpg.connect(found.databases[NODE].admin_dsn)
    await connection.executemany(_INSERT, [(f"X{at}", long_name(40 + at % 60)) for at in range(ALIKE)])
    await connection.close()
    path = found.folder(NODE).root / "node.toml"
    path.write_text(path.read_text() + "[limits]\ncompare_seconds = 0.6\n")
    await index_records(load_config(path), found.clock(), show=False)
    await found.start(NODE)
    playing = Carrier(found, CARRIER)
    yield playing
    await playing.close()
    await found.close()


async def count(turns: list[int]) -> None:
    """Count how often the loop comes round."""
    while True:
        turns[0] += 1
        await asyncio.sleep(0.001)


async def test_a_question_that_takes_long_holds_up_neither_its_neighbours_nor_the_loop(carrier: Carrier) -> None:
    federation = carrier.federation
    heavy = carrier.question(federation.query(*[heaped()] * 40))
    light = [carrier.question(federation.query(row.person)) for row in HELD[:3]]
    frame = pb.NodeServiceAskRequest(questions=[light[0], heavy, *light[1:]])
    turns = [0]
    turning = asyncio.create_task(count(turns))
    order = [item for item in await carrier.frames(NODE, [frame]) if item.correlation]
    turning.cancel()
    assert turns[0] >= 60  # more than a second of comparing would else be a handful
    assert [item.correlation for item in order][-1] == heavy.correlation
    told = {item.correlation: item for item in order}
    assert [carrier.read(told[one.correlation], NODE).answer.subjects[0].band for one in light] == ["strong"] * 3
    error = fault(told[heavy.correlation].error)
    assert isinstance(error, TooLate)
    assert "fewer" in error.message
    digest = envelope_from_wire(heavy.query).statement_digest
    assert await kinds_about(federation, NODE, digest) == ["query_received", "not_answered"]


async def test_a_heaped_subject_alone_is_answered(carrier: Carrier) -> None:
    held = HELD[4].person
    person = replace(held, names=(*held.names, *describe(names=[long_name(at) for at in range(20)]).names))
    answer = (await carrier.ask(carrier.federation.query(person))).answer
    assert answer.subjects[0].band == "strong"
