"""The anchor: a file on another volume that remembers what the log has promised, should its database forget."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from federation.errors import ConfigError, CorruptLog, FederationError
from federation.tlog.checkpoint import Checkpoint, verify_checkpoint
from federation.tlog.note import MAX_NOTE_BYTES, NoteVerifier, decode_base64, encode_base64

_LONGEST_LINE: Final = MAX_NOTE_BYTES * 2
_KEEP_WHOLE_BELOW: Final = 16 * 1024 * 1024


class Anchor:
    """One line of base64 for each checkpoint promised, in the order they were; the last one counts."""

    def __init__(self, path: Path, newest: Checkpoint) -> None:
        self.newest = newest
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)

    @classmethod
    def create(cls, path: Path, note: bytes) -> None:
        """Make the file with its first checkpoint; refuses one that says otherwise (ConfigError)."""
        line = _line(note)
        try:
            with path.open("xb") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            if path.read_bytes() != line:
                raise ConfigError(f"the anchor {path} is of another log; name a new file for a new log") from None
        except OSError as error:
            raise ConfigError(f"cannot make the anchor {path}: {error.strerror}") from error

    @classmethod
    def open(cls, path: Path, verifier: NoteVerifier) -> Anchor:
        """Read the newest checkpoint promised; refuses a missing, foreign or damaged file (ConfigError, CorruptLog).

        What a crash left of an unfinished last line is dropped: that checkpoint was promised to nobody.
        """
        try:
            _drop_unfinished_line(path)
            line = _last_line(path)
            if path.stat().st_size > _KEEP_WHOLE_BELOW:
                _keep_last_line(path, line)
        except OSError as error:
            raise ConfigError(
                f"cannot use the anchor {path}: {error.strerror}; put it back, for without it nobody can tell "
                "whether the log was rolled back"
            ) from error
        try:
            newest = verify_checkpoint(decode_base64(line.decode()), verifier)
        except (FederationError, UnicodeDecodeError) as error:
            raise CorruptLog(
                f"the last line of the anchor {path} is no checkpoint of {verifier.name}; is it another log's?"
            ) from error
        return cls(path, newest)

    def append(self, note: bytes, checkpoint: Checkpoint) -> None:
        """Add a checkpoint durably; blocks for as long as the disk takes (OSError)."""
        line = _line(note)
        if os.write(self._file, line) != len(line):
            raise OSError("the anchor took only a part of a line")
        os.fdatasync(self._file)
        self.newest = checkpoint

    def close(self) -> None:
        """Let the file go."""
        os.close(self._file)


def _line(note: bytes) -> bytes:
    return encode_base64(note).encode() + b"\n"


def _drop_unfinished_line(path: Path) -> None:
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        start = file.seek(max(0, size - _LONGEST_LINE))
        tail = file.read()
        end = start + tail.rfind(b"\n") + 1
        if end != size:
            file.truncate(end)
            os.fsync(file.fileno())


def _last_line(path: Path) -> bytes:
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _LONGEST_LINE))
        lines = file.read().split(b"\n")
    return lines[-2] if len(lines) > 1 else b""


def _keep_last_line(path: Path, line: bytes) -> None:
    """Begin the file anew with its last line alone, through a rename, so that no crash leaves it empty."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
