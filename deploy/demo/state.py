"""What of an earlier demo can be used again, and what must not be left behind by one that was cut off."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from federation.errors import ConfigError

# REASON: the embedded server, as root, runs under a user of its own, which must be able to walk to its data
ROOM: Final = Path("/var/tmp")  # noqa: S108
_CHECKOUT: Final = Path(__file__).resolve().parents[2]
_MADE_OF: Final = ("federation", "matching", "node", "coordinator", "deploy")
_KINDS: Final = frozenset({".py", ".toml", ".sql", ".tsv"})


class State:
    """The demo's folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def of_this_user(cls) -> State:
        """The folder of this user and this checkout."""
        place = hashlib.sha256(str(_CHECKOUT).encode()).hexdigest()[:8]
        return cls(ROOM / f"simpul-demo-{os.getuid()}-{place}")

    @property
    def cluster(self) -> Path:
        """Where PostgreSQL lives."""
        return self.root / "cluster"

    @property
    def federation(self) -> Path:
        """Where the members live."""
        return self.root / "federation"

    @property
    def officer(self) -> Path:
        """The officer of Imigrasi who asks."""
        return self.root / "officer"

    @property
    def logs(self) -> Path:
        """What the services write."""
        return self.root / "telemetry"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder for one demo at a time (ConfigError while another runs)."""
        self.root.mkdir(mode=0o755, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                raise ConfigError("another demo is running here; stop it with make demo-stop") from error
            yield

    def usable(self) -> bool:
        """Whether what lies here was made to its end, by this very code."""
        with suppress(OSError):
            return (self.root / "made-of").read_text() == _stamp()
        return False

    def finished(self) -> None:
        """Note that everything here was made to its end."""
        (self.root / "made-of").write_text(_stamp())

    def clear(self) -> None:
        """Delete what lies here, but for the lock."""
        for path in self.root.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name != "lock":
                path.unlink()

    def note_processes(self, numbers: Sequence[int]) -> None:
        """Write down which processes were started."""
        (self.root / "processes").write_text("\n".join(map(str, numbers)))

    def end_leftovers(self) -> int:
        """End services that an earlier demo left, if they are still those; returns how many."""
        ended = [number for number in self._noted() if _is_ours(number, self.root) and _ask_to_end(number)]
        until = time.monotonic() + 15
        while any(_is_ours(number, self.root) for number in ended) and time.monotonic() < until:
            time.sleep(0.05)
        (self.root / "processes").unlink(missing_ok=True)
        return len(ended)

    def _noted(self) -> list[int]:
        with suppress(OSError):
            return [int(line) for line in (self.root / "processes").read_text().split()]
        return []


def _stamp() -> str:
    digest = hashlib.sha256()
    for folder in _MADE_OF:
        for path in sorted((_CHECKOUT / folder).rglob("*")):
            if path.suffix in _KINDS:
                digest.update(str(path.relative_to(_CHECKOUT)).encode() + path.read_bytes())
    return digest.hexdigest()


def _is_ours(number: int, root: Path) -> bool:
    try:
        return str(root).encode() in Path(f"/proc/{number}/cmdline").read_bytes()
    except OSError:
        return False


def _ask_to_end(number: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(number, signal.SIGTERM)
        return True
    return False
