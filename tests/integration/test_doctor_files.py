"""A node's doctor where the agency's records are in a file: a masked line of it, or what is wrong with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.federation import Federation
from tests.integration.examined import Examined, examined
from tests.postgres import Server

NODE = "imigrasi"
MAPPING = """[mapping]
member = "imigrasi"
version = "1"
[[record]]
type = "stay_permit"
key = "NO"
[record.file]
path = "izin.csv"
[record.person]
names = [{ column = "NAMA" }]
births = [{ column = "LAHIR" }]
[[record]]
type = "detention"
key = "NO"
[record.file]
path = "izin.csv"
[record.person]
names = [{ column = "NAMA" }]
"""
SHEET = "NO,NAMA,LAHIR\r\nP-17,Kim Minjun,17 Mei 1984\r\n"


@pytest.fixture
async def found(federations: Server, tmp_path: Path) -> Federation:
    """A federation of one node that does not run, whose agency has no database."""
    federation = await Federation.found(tmp_path, federations, nodes=(NODE,))
    folder = federation.folder(NODE).root
    (folder / "mapping.toml").write_text(MAPPING)
    config = (folder / "node.toml").read_text()
    (folder / "node.toml").write_text("".join(line for line in config.splitlines(True) if "source_dsn" not in line))
    return federation


async def told(federation: Federation, sheet: str) -> Examined:
    """What the doctor tells of a file that holds this."""
    path = federation.folder(NODE).root / "izin.csv"
    path.write_bytes(sheet.encode())
    os.utime(path, (1_790_000_000, 1_790_000_000))
    return await examined(federation.folder(NODE).root, federation)


async def test_a_line_of_the_file_is_shown_masked(found: Federation) -> None:
    steps = await told(found, SHEET)
    assert steps.states("mapping", "source", "sample of stay_permit", "sample of detention") == ["fine"] * 4
    assert steps.step("source").told == ("2 rows to read",)
    assert steps.step("sample of stay_permit").told == (
        "key x-99",
        "primary name xxx xxxxxx",
        "birth 99 xxx 9999",
    )


@pytest.mark.parametrize(
    ("step", "sheet", "says"),
    [
        ("source", SHEET.replace("LAHIR", "TTL"), "births[0].column names LAHIR, which izin.csv does not have"),
        ("source", SHEET.replace("LAHIR", "NAMA"), "names NAMA, which heads the columns B, C of izin.csv"),
        ("source", SHEET + '"', "line 3: quotation marks do not close"),
        ("sample of stay_permit", SHEET.replace("Kim Minjun", ""), "none of the first"),
    ],
)
async def test_a_file_that_does_not_fit_is_told_with_what_to_do(
    found: Federation, step: str, sheet: str, says: str
) -> None:
    assert says in (await told(found, sheet)).wrong()[step]


async def test_a_file_that_is_not_there_is_told(found: Federation) -> None:
    wrong = (await examined(found.folder(NODE).root, found)).wrong()
    assert "izin.csv cannot be read: No such file or directory" in wrong["source"]
