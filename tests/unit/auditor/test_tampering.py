"""A byte changed in any column of any row of a log: the auditor names table, row and entry."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from auditor.copies import Copy
from tests.unit.auditor.invented import Invented, only
from tests.unit.auditor.tampering import COLUMNS, flip, rows, tamper

HAVE_ENTRY = frozenset({"log_entry", "evidence", "evidence_wrap", "receipt"})


LONG_TABLES = frozenset({"log_entry", "log_tile", "log_checkpoint"})
CASES = [(table, column) for table, columns in COLUMNS.items() for column in columns]


@cache
def made(size: int) -> tuple[Invented, dict[str, Copy]]:
    """A query, and a coordinator's log filled up to a size; a second query after that, where it has a full tile."""
    world = Invented()
    world.carry()
    if size:
        world.fill("satgas", size)
        world.carry()
    return world, world.copies()


@pytest.mark.parametrize(("table", "column"), CASES)
def test_a_byte_changed_in_this_column_names_the_row(table: str, column: str) -> None:
    world, copies = made(300 if table in LONG_TABLES else 0)
    found = rows(copies["satgas"], table)
    some = {0, 1, 5, len(found) // 2, 200, 255, 256, len(found) - 8, len(found) - 3}
    for at in range(len(found)) if len(found) < 20 else sorted(some & set(range(len(found)))):
        position = 7 * at + (1 if column in ("index", "size", "level", "n") else 31)
        copy, row = tamper(copies["satgas"], table, at, column, flip(position if at < len(found) - 1 else -1))
        report = world.audit({**copies, "satgas": copy})
        named = [f for f in report.faults if (f.member, f.table, f.row) == ("satgas", table, row)]
        assert named, [(f.kind, f.member, f.table, f.row, f.entry, f.found) for f in report.faults]
        assert table not in HAVE_ENTRY or any(f.entry is not None for f in named)


def test_a_changed_entry_in_a_full_tile_is_named_alone_in_its_table() -> None:
    world, copies = made(300)
    copy, row = tamper(copies["satgas"], "log_entry", 100, "leaf and leaf_hash", flip(-1))
    report = world.audit({**copies, "satgas": copy})
    assert [(f.kind, f.row, f.entry) for f in report.faults] == [("entry_altered", row, 100)]


def test_an_entry_and_its_tile_changed_to_agree_still_do_not_rebuild_the_root() -> None:
    world, copies = made(300)
    copy, _ = tamper(copies["satgas"], "log_entry", 100, "leaf and leaf_hash", flip(-1))
    hashes = copy.tiles[0].hashes
    forged = hashes[:3200] + copy.entries[100].leaf_hash + hashes[3232:]
    copy = replace(copy, tiles=(replace(copy.tiles[0], hashes=forged), *copy.tiles[1:]))
    report = world.audit({**copies, "satgas": copy})
    broken = only(report, "tree_not_rebuilt")
    first, _, last = broken.row.removeprefix("index=").partition("..")
    assert int(first) <= 100 <= int(last) < int(first) + 7
