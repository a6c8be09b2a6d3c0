"""The commands by which an agency looks at its own data, each as a process on a real index."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from node.cli.refreshing import refresh_once
from node.config import load_config, parameters_of
from tests.agencies import HELD, PROTECTED
from tests.federation import Federation
from tests.integration.test_index_followed import NODE, clerk, loaded

_MANY = """
INSERT INTO agency.orang SELECT 'N-' || to_char(n, 'FM00000'),
    chr(65 + n % 26) || 'ARDI' || chr(65 + n % 17) || 'O K' || chr(65 + n % 5) || 'S' || chr(65 + n % 13) || 'MANTO',
    DATE '1960-01-01' + n * 7, 'THA', 'F', 'ZZ' || n, false, '2026-01-05', '2027-01-04'
FROM generate_series(1, 1200) AS n
"""


async def node(*arguments: str | Path) -> tuple[int, str, str]:
    """Run `simpul-node`; its exit code and what it wrote."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "node.cli",
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        cwd=Path(__file__).parents[2],
        env=dict(os.environ, COLUMNS="200"),
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def test_one_record_is_shown_as_the_node_sees_it(federation: Federation) -> None:
    config = federation.folder(NODE).root / "node.toml"
    code, out, err = await node("inspect", "R-0003", "--type", "stay_permit", "--config", config, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert (found["type"], found["reference"]) == ("stay_permit", "R-0003")
    read = {each["attribute"]: each for each in found["read"]}
    row = HELD[3]
    assert read["name"]["written"] == row.name
    assert read["birth"]["read"] == row.born.isoformat()
    assert {each["family"] for each in found["keys"]} == set("ACDEGH")
    assert all(each["records"] >= 1 for each in found["keys"])
    assert found["nearest"][0]["band"] == "strong"  # the same person's record of another type


async def test_a_record_of_several_types_or_of_none_is_told_what_to_do(federation: Federation) -> None:
    config = federation.folder(NODE).root / "node.toml"
    code, _, err = await node("inspect", "R-0003", "--config", config)
    assert (code, "--type" in err) == (3, True)
    code, _, err = await node("inspect", "NOT-THERE", "--config", config)
    assert (code, "no record of that reference" in err) == (3, True)


async def test_a_profile_is_one_page_for_the_owner_alone_and_holds_nobody(
    federation: Federation, tmp_path: Path
) -> None:
    page = tmp_path / "profile.html"
    config = federation.folder(NODE).root / "node.toml"
    code, _, err = await node("profile", "--config", config, "--out", page)
    assert code == 0, err
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    text = page.read_text("utf-8")
    assert f"{len(HELD)} records" in text
    assert "src=" not in text
    assert "http" not in text
    assert "<script" not in text
    for row in (*HELD, PROTECTED):
        assert row.passport not in text
        assert not any(word in text for word in row.name.split())
    code, _, err = await node("profile", "--config", config, "--out", page)
    assert (code, "exists" in err) == (3, True)


async def test_garbage_in_every_column_is_indexed_as_what_it_is_and_told_by_the_profile(
    small: Federation, tmp_path: Path
) -> None:
    async with clerk(small) as connection:
        await connection.execute(
            "INSERT INTO agency.orang VALUES ('R-9999', $1, '0001-01-01', '??', '%', '---', false, NULL, NULL)",
            "<script>alert(1)</script> \u202e\u0301\u0301 TIDAK ADA",
        )
    made = await refresh_once(loaded(small), small.clock, compare=True)
    assert all(each["done"] != "failed" for each in made["types"])
    page = tmp_path / "profile.html"
    code, _, err = await node("profile", "--config", loaded(small).path, "--out", page)
    assert code == 0, err
    text = page.read_text("utf-8")
    assert "alert(1)" not in text
    for doubt in ("stay_permit: paspor", "stay_permit: negara", "stay_permit: jk", "birth year that cannot be"):
        assert doubt in text


async def test_parameters_are_estimated_written_for_review_and_in_force_once_named(
    small: Federation, tmp_path: Path
) -> None:
    config, out = loaded(small).path, tmp_path / "parameters.toml"
    code, _, err = await node("calibrate", "--config", config, "--out", out)
    assert (code, "too few" in err, out.exists()) == (3, True, False)
    async with clerk(small) as connection:
        await connection.execute(_MANY)
    await refresh_once(loaded(small), small.clock, compare=True)
    code, told, err = await node("calibrate", "--config", config, "--out", out, "--pairs", "2000", "--json")
    assert code == 0, err
    assert json.loads(told)["records"] > 1_000
    written = out.read_text("utf-8")
    code, _, err = await node("calibrate", "--config", config, "--out", out)
    assert (code, "never written over" in err, out.read_text("utf-8")) == (3, True, written)
    assert parameters_of(load_config(config)).version == "preset-1"
    config.write_text(config.read_text() + f'[matching]\nparameters_file = "{out}"\n')
    assert parameters_of(load_config(config)).version != "preset-1"
    code, _, err = await node("check-config", "--config", config)
    assert code == 0, err


@pytest.mark.parametrize("content", ["[1]", "{", '{"surname": "Li"}', ""])
async def test_a_file_that_is_no_person_is_refused_with_the_members_it_may_have(tmp_path: Path, content: str) -> None:
    good, bad = tmp_path / "a.json", tmp_path / "b.json"
    good.write_text('{"names": ["Li Wei"]}')
    bad.write_text(content)
    code, out, err = await node("compare", good, bad)
    assert (code, out) == (3, "")
    assert str(bad) in err


async def test_two_files_are_compared_with_the_sum_shown(tmp_path: Path) -> None:
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    a.write_text(json.dumps({"names": ["GUANGMING ZHANG"], "born": "1980-02-01"}))
    b.write_text(json.dumps({"names": ["张光明"], "born": "1 Februari 1980", "nationality": "Atlantis"}))
    code, out, err = await node("compare", a, b, "--json")
    assert code == 0, err
    found = json.loads(out)
    assert found["bits"] == found["prior_bits"] + sum(each["bits"] for each in found["comparisons"])
    assert found["comparisons"][0]["outcome"] == "agrees"
    assert found["unread"] == [{"file": "b.json", "member": "nationality"}]
    code, out, _ = await node("compare", a, b, "--population", "1000")
    assert "nationality could not be read" in out
    assert "never a verdict" in out
