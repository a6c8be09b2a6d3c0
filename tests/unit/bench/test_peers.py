"""Open tools run in an environment of their own."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench import peers


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A peer of the test's own."""
    file = tmp_path / "peer.py"
    monkeypatch.setattr(peers, "PYTHON", Path(sys.executable))
    monkeypatch.setattr(peers, "_SCRIPT", file)
    return file


def test_each_pair_is_handed_over_as_a_line_and_scores_come_back_in_their_order(script: Path) -> None:
    script.write_text(
        "import json, sys\nfor line in sys.stdin:\n    a, b = json.loads(line)\n    print(float(a == b))\nprint(0.5)\n"
    )
    found = peers.score_by("any", [({"names": ["張"]}, {"names": ["張"]}), ({"names": ["a"]}, {"names": ["b"]})])
    assert (found.scores, found.seconds) == ([1.0, 0.0], 0.5)


def test_links_come_back_with_their_scores(script: Path, tmp_path: Path) -> None:
    script.write_text(f"print({json.dumps(json.dumps(['a', 'b', 2]))})")
    assert peers.links_by("splink", tmp_path) == [("a", "b", 2.0)]


def test_a_peer_that_ends_badly_is_told_with_its_own_words(script: Path) -> None:
    script.write_text("raise SystemExit('no such algorithm')")
    with pytest.raises(peers.PeerFailed, match=r"logic-v3: no such algorithm"):
        peers.score_by("logic-v3", [])
