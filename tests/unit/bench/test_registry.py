"""The invented register and the queries about it: the same in every run, and wrong as queries are."""

from __future__ import annotations

from collections import Counter

from bench.registry import Register, asked, recorded, someone
from matching.blocking import key_values
from matching.form import prepare
from matching.loose import read_person
from node.records.reading import SourceRow

SECRET = bytes(range(32))


def test_a_person_of_the_register_is_always_the_same_and_two_are_not_alike() -> None:
    assert recorded(someone(1, 5)) == recorded(someone(1, 5))
    assert recorded(someone(1, 5)) != recorded(someone(1, 6))
    assert recorded(someone(1, 5)) != recorded(someone(2, 5))


def test_queries_are_the_same_in_every_run_and_many_have_errors() -> None:
    queries = list(asked(1, 1_000, 500))
    assert [query.form for query in queries] == [query.form for query in asked(1, 1_000, 500)]
    errors = Counter(error for query in queries for error in query.errors)
    assert 0.5 < errors["no document"] / 500 < 0.7
    assert errors["typing error"] > 30
    assert errors["year alone"] > 5


def test_nearly_every_query_shares_a_key_with_the_record_it_is_about() -> None:
    register = Register(1, 1_000)
    (mapping,) = register.records
    shared = 0
    for query in asked(1, 1_000, 300):
        row = SourceRow(reference=str(query.number), values=(query.number,))
        held = prepare(register.read(mapping, row, register.at).person)
        shared += not set(key_values(query.form, SECRET)).isdisjoint(key_values(held, SECRET))
    assert shared >= 290


async def test_the_register_gives_every_person_once_in_batches() -> None:
    register = Register(1, 25)
    (mapping,) = register.records
    async with register.look(mapping) as look:
        rows = [row async for batch in look.rows(mapping, 10) for row in batch]
    assert [row.reference for row in rows] == [str(number) for number in range(25)]


def test_what_is_recorded_can_be_read() -> None:
    from bench.registry import ON

    for number in range(200):
        found = read_person(recorded(someone(3, number)), ON)
        assert found.names
        assert found.births[0].year
        assert found.documents
