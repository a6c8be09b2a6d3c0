"""Appending to a log in a real PostgreSQL."""

from __future__ import annotations

import asyncio
import hashlib

import asyncpg
import pytest

from federation.errors import LogUnavailable, NotInLog
from federation.tlog.checkpoint import verify_checkpoint
from federation.tlog.log import (
    Appended,
    Beside,
    BesideInsert,
    Call,
    Evidence,
    Leaf,
    Log,
    ReceiptRow,
    Wrap,
)
from federation.tlog.merkle import EMPTY_ROOT, leaf_hash, verify_consistency, verify_inclusion
from federation.tlog.receipt import Receipt, verify
from tests.logs import LogSetting


def leaf(name: str, entry: bytes | None = None, evidence: Evidence | None = None) -> Leaf:
    return Leaf(request=hashlib.sha256(name.encode()).digest(), entry=entry or name.encode(), evidence=evidence)


def evidence(name: str, group: bytes = bytes(32)) -> Evidence:
    ct = name.encode() * 20
    return Evidence(digest=hashlib.sha256(ct).digest(), group=group, envelope_sha256=bytes(32), ct=ct)


def wrap(group: bytes = bytes(32), recipient: str = "auditor.example") -> Wrap:
    return Wrap(group=group, recipient=recipient, key_id="k1", wrap_sha256=bytes(32), wrap=b"wrapped")


async def test_a_new_log_is_empty_and_says_so(log: Log, log_setting: LogSetting) -> None:
    checkpoint, note = log.checkpoint
    assert (log.size, checkpoint.size, checkpoint.root) == (0, 0, EMPTY_ROOT)
    assert verify_checkpoint(note, log_setting.verifier) == checkpoint
    assert await log.checkpoint_at(0) == note


async def test_an_entry_gets_its_index_a_checkpoint_and_a_receipt(log: Log, log_setting: LogSetting) -> None:
    first = await log.append([leaf("a")])
    second = await log.append([leaf("b"), leaf("c")])
    assert [(one.index, one.entry, one.fresh) for one in (*first, *second)] == [
        (0, b"a", True),
        (1, b"b", True),
        (2, b"c", True),
    ]
    receipt = await log.receipt(second[0])
    assert verify(Receipt.parse(receipt.encode()), log_setting.verifier).size == 3
    assert [row.entry for row in await log.entries(0, 10)] == [b"a", b"b", b"c"]
    assert [row.size for row in await log.checkpoints(-1, 10)] == [0, 1, 3]
    assert log.edge == (leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c"))


async def test_a_known_request_gets_the_stored_index_and_the_stored_entry(log: Log) -> None:
    await log.append([leaf("a", b"first words")])
    again = await log.append([leaf("a", b"other words", evidence("other"))], wraps=[wrap()])
    assert again == (Appended(index=0, entry=b"first words", fresh=False),)
    assert log.size == 1
    assert await log.evidence(b"", 10) == ()
    assert await log.wraps((b"", "", ""), 10) == ()
    assert await log.find(leaf("a").request) == again[0]
    assert await log.find(bytes(32)) is None


async def test_equal_requests_in_one_append_become_one_entry(log: Log) -> None:
    places = await log.append([leaf("a", b"one"), leaf("a", b"two"), leaf("b")])
    assert [(place.index, place.entry, place.fresh) for place in places] == [
        (0, b"one", True),
        (0, b"one", False),
        (1, b"b", True),
    ]
    assert log.size == 2


async def test_evidence_wraps_and_receipts_go_in_with_their_entry(log: Log) -> None:
    kept = ReceiptRow(statement_digest=bytes(32), member="node.example", proof=b"proof")
    await log.append([leaf("a", evidence=evidence("a")), leaf("b", evidence=evidence("b"))], wraps=[wrap()])
    await log.append([], receipts=[kept])
    assert {row.ct for row in await log.evidence(b"", 10)} == {evidence("a").ct, evidence("b").ct}
    assert [row.ct for row in await log.evidence_of([evidence("b").digest])] == [evidence("b").ct]
    assert [row.wrap for row in await log.wraps((b"", "", ""), 10)] == [b"wrapped"]
    assert [row.wrap for row in await log.wraps_of([bytes(32)], "auditor.example")] == [b"wrapped"]
    assert await log.wraps_of([bytes(32)], "other.example") == ()
    assert await log.wraps_of_groups([bytes(32)]) == await log.wraps((b"", "", ""), 10)
    assert await log.envelopes_in([bytes(32), bytes([1]) * 32]) == {bytes(32): 2}
    assert await log.receipts((b"", ""), 10) == (kept,)
    assert log.size == 2


async def test_pages_of_rows_follow_one_another_without_gap_or_overlap(log: Log) -> None:
    groups = [bytes([n]) * 32 for n in range(3)]
    for n, group in enumerate(groups):
        await log.append([leaf(str(n), evidence=evidence(str(n), group))], wraps=[wrap(group, "a"), wrap(group, "b")])
    page = await log.wraps((b"", "", ""), 4)
    rest = await log.wraps((page[-1].group, page[-1].recipient, page[-1].key_id), 4)
    assert [(row.group, row.recipient) for row in (*page, *rest)] == [(g, r) for g in groups for r in "ab"]
    assert [row.index for row in (*await log.entries(0, 2), *await log.entries(2, 2))] == [0, 1, 2]


async def test_fifty_appends_at_once_get_fifty_places_and_few_checkpoints(log: Log) -> None:
    places = await asyncio.gather(*[log.append([leaf(str(n))]) for n in range(50)])
    assert sorted(place.index for (place,) in places) == list(range(50))
    assert log.size == 50
    assert 2 <= len(await log.checkpoints(-1, 100)) <= 51
    for (place,) in places:
        path = await log.inclusion(place.index, 50)
        verify_inclusion(
            index=place.index, size=50, leaf=leaf_hash(place.entry), path=path, root=log.checkpoint[0].root
        )


async def test_equal_requests_at_once_become_one_entry(log: Log) -> None:
    places = await asyncio.gather(*[log.append([leaf("same", str(n).encode())]) for n in range(20)])
    assert {(place.index, place.entry) for (place,) in places} == {(0, places[0][0].entry)}
    assert sum(place.fresh for (place,) in places) == 1
    assert log.size == 1


async def places(log_setting: LogSetting) -> list[int]:
    connection = await asyncpg.connect(log_setting.database.admin_dsn)
    try:
        return [row["index"] for row in await connection.fetch("SELECT index FROM simpul.place ORDER BY index")]
    finally:
        await connection.close()


@pytest.fixture
async def place_table(log: Log, log_setting: LogSetting) -> None:
    connection = await asyncpg.connect(log_setting.database.admin_dsn)
    await connection.execute("CREATE TABLE simpul.place (index bigint PRIMARY KEY CHECK (index <> 7))")
    await connection.execute("GRANT SELECT, INSERT ON simpul.place TO PUBLIC")
    await connection.close()


NOTE = BesideInsert("INSERT INTO simpul.place (index) SELECT u.* FROM held, unnest($1::bigint[]) AS u", parameters=1)
COUNT = BesideInsert(
    "INSERT INTO simpul.place (index) SELECT u.* FROM held, unnest($1::bigint[]) AS u "
    "RETURNING index::text AS key, index AS number",
    parameters=1,
    returns=True,
)


def note(*indexes: int, clash: Exception | None = None) -> Beside:
    return Beside(insert=NOTE, columns=lambda appended: [indexes or [at.index for at in appended]], clash=clash)


@pytest.mark.usefixtures("place_table")
async def test_what_is_beside_stands_with_the_entries_and_says_what_it_returned(
    log: Log, log_setting: LogSetting
) -> None:
    await log.append([leaf("a"), leaf("b")], beside=[note()])
    assert await places(log_setting) == [0, 1]

    def make(wraps: list[Wrap]) -> list[Leaf]:
        return [leaf("c")]

    beside = Beside(insert=COUNT, columns=lambda appended: [[at.index for at in appended]])
    placed = await log.place(Call(make=make, size=1, beside=[note(9), beside]))
    assert placed.returned == {NOTE: {}, COUNT: {"2": 2}}
    assert await places(log_setting) == [0, 1, 2, 9]


@pytest.mark.usefixtures("place_table")
async def test_what_is_refused_beside_undoes_its_own_append_and_no_other(log: Log, log_setting: LogSetting) -> None:
    first = log.append([leaf("a")], beside=[note(1)])
    bad = log.append([leaf("bad")], beside=[note(1, clash=LookupError("no"))])
    second = log.append([leaf("b")])
    worse = log.append([leaf("worse")], beside=[note(7)])
    results = await asyncio.gather(first, bad, second, worse, return_exceptions=True)
    assert isinstance(results[1], LookupError)
    assert isinstance(results[3], LogUnavailable)
    assert [row.entry for row in await log.entries(0, 10)] == [b"a", b"b"]
    assert (await log.append([leaf("bad")]))[0].index == 2
    assert await places(log_setting) == [1]


@pytest.mark.usefixtures("place_table")
async def test_what_is_beside_goes_in_also_where_every_leaf_is_known(log: Log, log_setting: LogSetting) -> None:
    await log.append([leaf("a")])
    again = await log.append([leaf("a")], beside=[note(5)])
    assert [place.fresh for place in again] == [False]
    assert await places(log_setting) == [5]


@pytest.mark.usefixtures("place_table")
async def test_a_fenced_log_writes_neither_entry_nor_what_is_beside(log: Log, log_setting: LogSetting) -> None:
    connection = await asyncpg.connect(log_setting.database.admin_dsn)
    await connection.execute("UPDATE simpul.log_state SET epoch = epoch + 1")
    with pytest.raises(LogUnavailable):
        await log.append([leaf("a")], beside=[note(1)])
    assert await connection.fetchval("SELECT count(*) FROM simpul.log_entry") == 0
    await connection.close()
    assert await places(log_setting) == []


def test_an_insert_that_is_not_fenced_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="FROM held"):
        BesideInsert("INSERT INTO simpul.place (index) VALUES ($1)", parameters=1)


async def test_a_cancelled_append_harms_nobody(log: Log) -> None:
    waiting = [asyncio.create_task(log.append([leaf(str(n))])) for n in range(4)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    assert isinstance(results[1], asyncio.CancelledError)
    assert all(isinstance(results[n], tuple) for n in (0, 2, 3))
    assert (await log.append([leaf("after")]))[0].index == log.size - 1


async def test_a_log_over_several_tiles_proves_its_entries_at_every_kept_size(
    log: Log, log_setting: LogSetting
) -> None:
    for start in range(0, 600, 100):
        await log.append([leaf(str(n)) for n in range(start, start + 100)])
    await log.append([leaf(str(n)) for n in range(600, 1200)])
    assert [(row.level, row.n) for row in await log.tiles((0, -1), 10)] == [(0, n) for n in range(4)]
    sizes = {row.size: verify_checkpoint(row.note, log_setting.verifier).root for row in await log.checkpoints(-1, 20)}
    for size in [size for size in sizes if size]:
        for index in (0, size // 2, size - 1):
            path = await log.inclusion(index, size)
            verify_inclusion(index=index, size=size, leaf=leaf_hash(str(index).encode()), path=path, root=sizes[size])
        path = await log.consistency(size, 1200)
        verify_consistency(old=size, old_root=sizes[size], new=1200, new_root=sizes[1200], path=path)


async def test_what_the_log_does_not_have_is_refused(log: Log) -> None:
    await log.append([leaf("a")])
    for index, size in ((1, 1), (0, 2), (-1, 1), (0, 0)):
        with pytest.raises(NotInLog):
            await log.inclusion(index, size)
    for old, new in ((0, 1), (1, 2), (2, 1)):
        with pytest.raises(NotInLog):
            await log.consistency(old, new)
    assert await log.checkpoint_at(7) is None


async def test_a_closed_log_takes_nothing_but_finishes_what_waits(log: Log) -> None:
    waiting = [asyncio.create_task(log.append([leaf(str(n))])) for n in range(5)]
    await asyncio.sleep(0)
    await log.close()
    assert sorted(place.index for (place,) in await asyncio.gather(*waiting)) == list(range(5))
    with pytest.raises(LogUnavailable, match="closing"):
        await log.append([leaf("late")])
