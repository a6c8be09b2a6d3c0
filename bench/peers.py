"""Open tools measured beside ours, in an environment of their own (`make peers`): the same pairs, the same measures."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

PYTHON: Final = Path(".peers/bin/python")
ON_PAIRS: Final = ("logic-v1", "logic-v2", "rapidfuzz")
ON_FEBRL: Final = ("splink", "recordlinkage")
_SCRIPT: Final = Path(__file__).with_name("peer_scores.py")


class PeerScores(NamedTuple):
    """A peer's score of each pair, and the seconds that scoring alone took, warm."""

    scores: list[float]
    seconds: float


class PeerFailed(RuntimeError):
    """A peer that ended badly; the message is its own."""


def installed() -> bool:
    """Whether the peers' environment is made."""
    return PYTHON.is_file()


def score_by(peer: str, pairs: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> PeerScores:
    """Have `peer` score pairs of PERSON objects. Raises PeerFailed."""
    lines = "".join(json.dumps(pair) + "\n" for pair in pairs)
    *scores, seconds = _run([peer], lines)
    return PeerScores([float(each) for each in scores], float(seconds))


def links_by(peer: str, folder: Path) -> list[tuple[str, str, float]]:
    """Have `peer` link FEBRL 4's two files; each pair that it scored. Raises PeerFailed."""
    return [(a, b, float(score)) for a, b, score in map(json.loads, _run([peer, str(folder)], ""))]


def _run(arguments: Sequence[str], lines: str) -> list[str]:
    ended = subprocess.run(  # REASON: arguments are constants of this file and a folder
        [str(PYTHON), str(_SCRIPT), *arguments], input=lines, capture_output=True, text=True, check=False
    )
    if ended.returncode:
        raise PeerFailed(f"{arguments[0]}: {ended.stderr[-500:]}")
    return ended.stdout.splitlines()
