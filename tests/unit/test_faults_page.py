"""The page of faults names tests that exist, each fault once, and the README counts them rightly."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROW = re.compile(
    r"^\| (?P<who>[^|]+) \| (?P<how>[^|]+) \| [^|]+ \| `(?P<test>test_\w+)` \| `(?P<file>tests/[\w/]+\.py)` \|$"
)
WHO = {"node", "coordinator", "officer", "PostgreSQL", "network", "clock", "log", "authority", "data"}


def rows() -> list[dict[str, str]]:
    """The table's rows."""
    lines = (ROOT / "docs" / "faults.md").read_text().splitlines()
    table = [line for line in lines if line.startswith("| ")][1:]
    found = [ROW.fullmatch(line) for line in table]
    assert None not in found, [line for line, row in zip(table, found, strict=True) if row is None]
    return [row.groupdict() for row in found if row is not None]


def test_every_fault_names_a_test_that_exists() -> None:
    missing = [
        row["test"]
        for row in rows()
        if not re.search(rf"^(async )?def {row['test']}\(", (ROOT / row["file"]).read_text(), re.MULTILINE)
    ]
    assert missing == []


def test_every_fault_is_told_once_and_nobody_who_may_fail_is_left_out() -> None:
    assert [fault for fault, times in Counter((row["who"], row["how"]) for row in rows()).items() if times > 1] == []
    assert {row["who"] for row in rows()} == WHO


def test_the_readme_counts_the_faults() -> None:
    told = re.search(r"The suite drives (\d+) faults", (ROOT / "README.md").read_text())
    assert told is not None
    assert int(told[1]) == len(rows())
