"""Whatever byte of whatever row is changed, the auditor names the row."""

from __future__ import annotations

from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from auditor.copies import Copy
from tests.unit.auditor.invented import Invented
from tests.unit.auditor.tampering import COLUMNS, flip, rows, tamper

CASES = [(table, column) for table, columns in COLUMNS.items() for column in columns if table != "log_tile"]


@cache
def made() -> tuple[Invented, dict[str, Copy]]:
    world = Invented()
    world.carry()
    return world, world.copies()


@given(
    member=st.sampled_from(("imigrasi", "polri", "satgas")),
    case=st.sampled_from(CASES),
    at=st.integers(0, 1000),
    position=st.integers(0, 2000),
    bit=st.integers(0, 6),
)
@settings(max_examples=150, deadline=None)
def test_a_byte_changed_anywhere_names_its_row(
    member: str, case: tuple[str, str], at: int, position: int, bit: int
) -> None:
    world, copies = made()
    table, column = case
    found = rows(copies[member], table)
    copy, row = tamper(copies[member], table, at % len(found), column, flip(position, bit))
    report = world.audit({**copies, member: copy})
    assert report.exit_code == 1
    assert any((f.member, f.table, f.row) == (member, table, row) for f in report.faults)
