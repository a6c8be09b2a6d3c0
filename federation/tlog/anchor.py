"""The anchor: a file on another volume that remembers what the log has promised, should its database forget."""

from __future__ import annotations

import fcntl
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

    def __init__(self, file: int, newest: Checkpoint) -> None:
        """Take over an open, locked file that ends in a whole line."""
        self.newest = newest
        self._file = file
        self._whole = os.fstat(file).st_size
        self._torn = False

    @classmethod
    def create(cls, path: Path, note: bytes) -> None:
        """Make the file with its first checkpoint; refuses one that says otherwise (ConfigError)."""
        line = _line(note)
        try:
            with path.open("xb") as file:
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
            _sync_folder(path)
        except FileExistsError:
            if path.read_bytes() != line:
                raise ConfigError(f"the anchor {path} is of another log; name a new file for a new log") from None
        except OSError as error:
            raise ConfigError(f"cannot make the anchor {path}: {error.strerror}") from error

    @classmethod
    def open(cls, path: Path, verifier: NoteVerifier) -> Anchor:
        """Take hold of the file and read the newest checkpoint promised.

        Call it once the log itself is held: what a crash left of an unfinished last line is dropped, for that
        checkpoint was promised to nobody, and a large file is begun anew with its last line. Refuses a file that is
        missing, another process's, foreign or damaged (ConfigError, CorruptLog).
        """
        try:
            _keep_last_line(path)
            file = os.open(path, os.O_RDWR | os.O_APPEND)
        except OSError as error:
            raise ConfigError(
                f"cannot use the anchor {path}: {error.strerror}; put it back, for without it nobody can tell "
                "whether the log was rolled back"
            ) from error
        try:
            _lock(file, path)
            _drop_unfinished_line(file)
            return cls(file, _last_whole(_tail(file), path, verifier))
        except BaseException:
            os.close(file)
            raise

    def append(self, note: bytes, checkpoint: Checkpoint) -> None:
        """Add a checkpoint durably; blocks for as long as the disk takes (OSError)."""
        line = _line(note)
        if self._torn:
            os.ftruncate(self._file, self._whole)
        self._torn = True
        if os.write(self._file, line) != len(line):
            raise OSError("the anchor took only a part of a line")
        os.fdatasync(self._file)
        self._torn = False
        self._whole += len(line)
        self.newest = checkpoint

    def close(self) -> None:
        """Let the file go."""
        os.close(self._file)


def read_anchor(path: Path, verifier: NoteVerifier) -> Checkpoint:
    """The newest checkpoint promised, without taking hold of the file; a line not yet whole is passed over.

    Refuses a file that is missing, foreign or damaged (ConfigError, CorruptLog).
    """
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError as error:
        raise ConfigError(
            f"cannot read the anchor {path}: {error.strerror}; put it back, or run create-log for a new log"
        ) from error
    try:
        return _last_whole(_tail(file), path, verifier)
    finally:
        os.close(file)


def _line(note: bytes) -> bytes:
    return encode_base64(note).encode() + b"\n"


def _lock(file: int, path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise ConfigError(f"another process has the anchor {path}; every log has an anchor of its own") from None


def _tail(file: int) -> bytes:
    start = max(0, os.fstat(file).st_size - _LONGEST_LINE)
    return os.pread(file, _LONGEST_LINE, start)


def _drop_unfinished_line(file: int) -> None:
    unfinished = len(_tail(file).rpartition(b"\n")[2])
    if unfinished:
        os.ftruncate(file, os.fstat(file).st_size - unfinished)
        os.fsync(file)


def _last_whole(tail: bytes, path: Path, verifier: NoteVerifier) -> Checkpoint:
    line = tail.rpartition(b"\n")[0].rpartition(b"\n")[2]
    try:
        return verify_checkpoint(decode_base64(line.decode()), verifier)
    except (FederationError, UnicodeDecodeError) as error:
        raise CorruptLog(
            f"the last line of the anchor {path} is no checkpoint of {verifier.name}; is it another log's?"
        ) from error


def _keep_last_line(path: Path) -> None:
    """Begin a large file anew with its last line alone, through a rename, so that no crash leaves it empty."""
    if path.stat().st_size <= _KEEP_WHOLE_BELOW:
        return
    with path.open("rb") as file:
        line = _tail(file.fileno()).rpartition(b"\n")[0].rpartition(b"\n")[2]
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(line + b"\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    _sync_folder(path)


def _sync_folder(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
