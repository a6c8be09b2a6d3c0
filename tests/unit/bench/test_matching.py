"""The command that measures labelled pairs and the public sets."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.matching import main
from bench.public_sets import MissingSet, checked

PAIRS = (
    {"a": {"names": ["Ваня Иванов"], "born": "1980"}, "b": {"names": ["Vanya Ivanov"], "born": "1980"}, "same": True},
    {"a": {"names": ["Li Wei"]}, "b": {"names": ["Kim Min-jun"]}, "same": False, "tag": "names"},
    {"a": {"names": ["Sara Lind"]}, "b": {"names": ["Sara Lind"]}, "same": True, "tag": "names"},
)


def test_a_file_of_pairs_gives_a_score_and_a_band_a_line_and_its_measures(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pairs, scores, report = (tmp_path / name for name in ("pairs.jsonl", "scores.tsv", "report.json"))
    pairs.write_text("\n".join(map(json.dumps, PAIRS)), "utf-8")
    assert main(["--pairs", str(pairs), "--scores", str(scores), "--json", str(report), "--errors", "2"]) == 0
    lines = [line.split("\t") for line in scores.read_text("utf-8").splitlines()]
    assert len(lines) == len(PAIRS)
    assert float(lines[1][0]) < float(lines[2][0]) < float(lines[0][0])
    assert {band for _, band in lines} <= {"strong", "possible", "none"}
    facts = json.loads(report.read_text("utf-8"))["facts"]
    assert (facts["auc"], facts["best_f1"], facts["recall_at_p99"]) == (1.0, 1.0, 1.0)
    assert "strong_precision" in facts
    assert "Li Wei | Kim Min-jun" in capsys.readouterr().out


def test_the_file_can_be_run_as_it_lies(tmp_path: Path) -> None:
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text("\n".join(map(json.dumps, PAIRS)), "utf-8")
    file = Path(__file__).resolve().parents[3] / "bench" / "matching.py"
    ran = subprocess.run([sys.executable, file, "--pairs", pairs], cwd=tmp_path, capture_output=True, text=True)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "recall_at_p99: 1.0" in ran.stdout


def test_a_bad_line_ends_with_2_and_names_the_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text('{"a": {}}', "utf-8")
    assert main(["--pairs", str(pairs)]) == 2
    assert "line 1" in capsys.readouterr().err


def test_a_missing_set_is_told_with_the_place_to_get_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--data", str(tmp_path)]) == 2
    assert "opensanctions/nomenklatura" in capsys.readouterr().err


def test_a_set_of_another_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cases.csv"
    path.write_text("case_group,schema,name1,name2,is_match\n", "utf-8")
    with pytest.raises(MissingSet, match="another version"):
        checked(path, "name_bench")
