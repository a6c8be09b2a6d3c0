"""Parameters in a file: what may stand there, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest

from federation.errors import ConfigError
from matching.compare import compare
from matching.describe import describe
from matching.form import prepare
from matching.model import Model
from matching.parameters import PRESET, Made, estimable, load_parameters, parameters_text

MADE = Made(at=datetime(2026, 11, 25, 8, tzinfo=UTC), records=183_204, pairs=100_000, matches=411.5)
HEAD = "[made]\nat = 2026-11-25T08:00:00+00:00\nrecords = 1\npairs = 1\nmatches = 1.0\n"
CHANGED = msgspec.structs.replace(
    PRESET,
    rows={**PRESET.rows, ("birth", "different"): -5.5, ("document", "other_number"): -0.5},
    parts={**PRESET.parts, "typo": 0.63},
    contradiction=-4.25,
    missing=-1.5,
)


def written(path: Path, text: str) -> Path:
    file = path / "parameters.toml"
    file.write_text(text, "utf-8")
    return file


def test_what_is_written_is_read_again_and_named_by_its_digest(tmp_path: Path) -> None:
    file = written(tmp_path, parameters_text(MADE, CHANGED))
    found = load_parameters(file)
    assert (dict(found.rows), dict(found.parts)) == (dict(CHANGED.rows), dict(CHANGED.parts))
    assert (found.contradiction, found.missing) == (-4.25, -1.5)
    assert found.version == sha256(file.read_bytes()).hexdigest()[:16]


def test_the_file_shows_what_was_preset_beside_what_differs_and_nothing_else(tmp_path: Path) -> None:
    text = parameters_text(MADE, CHANGED)
    assert "different = -5.5  # preset -7" in text
    assert "typo = 0.63  # preset 0.5" in text
    assert "swapped" not in text
    assert "records = 183204" in text


def test_a_file_that_changes_nothing_weighs_as_the_preset_does(tmp_path: Path) -> None:
    found = load_parameters(written(tmp_path, parameters_text(MADE, PRESET)))
    assert (dict(found.rows), dict(found.parts)) == (dict(PRESET.rows), dict(PRESET.parts))


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (HEAD + "[birth]\nsame = 20.0\n", "birth.same is 20"),
        (HEAD + "[birth]\nsame = nan\n", "birth.same is nan"),
        (HEAD + "[birth]\nsameish = 3.0\n", "has no sameish"),
        (HEAD + "[nationality]\nsame = 3.0\n", "has no same"),
        (HEAD + "[name]\ndifferent = 0.0\n", "name"),
        (HEAD + "[parts]\ntypo = 1.5\n", "parts"),
        (HEAD + "[parts]\nguess = 0.5\n", "has no guess"),
        ("contradiction = 40.0\n" + HEAD, "contradiction is 40"),
        ("[birth]\nsame = 12.0\n", "made"),
        ("not toml", "calibrate"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load_parameters(written(tmp_path, text))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml cannot be read"):
        load_parameters(tmp_path / "nowhere.toml")


def test_no_row_of_a_name_is_for_a_file_to_give() -> None:
    assert estimable()
    assert all(attribute != "name" for attribute, _ in estimable())


def test_a_comparison_weighs_by_the_parameters_it_is_given() -> None:
    one = prepare(describe(names=["GUSTAFSSON ANNELI"], born="12-03-1986"))
    other = prepare(describe(names=["GUSTAFSON ANNELI"], born="13-04-1991"))
    preset = {each.attribute: each.bits for each in compare(one, other)}
    changed = {each.attribute: each.bits for each in compare(one, other, Model(parameters=CHANGED))}
    assert (preset["birth"], changed["birth"]) == (-7, -5.5)
    slip = prepare(describe(names=["GUSTRAFSSON ANNELI"]))
    typo = [each.bits for each in compare(one, slip)[0].aligned if each.kind == "typo"]
    kept = [each.bits for each in compare(one, slip, Model(parameters=CHANGED))[0].aligned if each.kind == "typo"]
    assert 0 < typo[0] < kept[0]
