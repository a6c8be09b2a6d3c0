"""The targets, and the inputs kept for each: as few as reach every line of ours that any of them reached."""

from __future__ import annotations

import hashlib
import importlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType
from typing import Any, Final, Protocol

ROOT: Final = Path(__file__).parents[2]
CORPUS: Final = Path(__file__).parent / "corpus"
TARGETS: Final = tuple(sorted(path.stem for path in (Path(__file__).parent / "targets").glob("[a-z]*.py")))
PACKAGES: Final = ("federation", "matching", "node", "coordinator")
MOST_KEPT: Final = 48
LONGEST: Final = 16_384
_OURS: Final = tuple(f"{ROOT / package}/" for package in PACKAGES)
Line = tuple[str, int]


class Target(Protocol):
    """What each file of `targets` holds."""

    def seeds(self) -> Iterable[bytes]:
        """Inputs to begin with."""

    def run(self, data: bytes) -> None:
        """Take one input; whatever is raised is a finding."""


def load(name: str) -> Target:
    """A target by its name."""
    found: Any = importlib.import_module(f"tests.fuzz.targets.{name}")
    return found  # type: ignore[no-any-return]


def kept(name: str) -> list[Path]:
    """The inputs kept for a target."""
    return sorted((CORPUS / name).glob("*"))


def keep(name: str, found: Iterable[bytes]) -> int:
    """Add to a target's inputs those that reach a line which none kept reaches; returns how many were added."""
    run = load(name).run
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    reached: set[Line] = set()
    for path in kept(name):
        reached |= lines(run, path.read_bytes())
    added = 0
    for content in sorted(set(found), key=lambda one: (len(one), one)):
        if len(content) > LONGEST or len(kept(name)) >= MOST_KEPT:
            continue
        new = lines(run, content)
        if new - reached:
            reached |= new
            (folder / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)
            added += 1
    return added


def lines(run: Callable[[bytes], None], content: bytes) -> set[Line]:
    """The lines of the product that an input reaches."""
    reached: set[Line] = set()

    def trace(frame: FrameType, event: str, _argument: object) -> Any:
        file = frame.f_code.co_filename
        if not file.startswith(_OURS):
            return None
        if event == "line":
            reached.add((file, frame.f_lineno))
        return trace

    sys.settrace(trace)
    try:
        run(content)
    finally:
        sys.settrace(None)
    return reached
