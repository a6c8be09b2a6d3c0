"""The anchor's disk is full in the middle of a line: nobody is told of the entry, and the anchor stays whole."""

from __future__ import annotations

import hashlib
import resource
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from federation.errors import LogUnavailable
from federation.tlog.log import Leaf, Log
from tests.logs import LogSetting


def leaf(name: str) -> Leaf:
    return Leaf(request=hashlib.sha256(name.encode()).digest(), entry=name.encode())


@contextmanager
def no_file_larger_than(size: int) -> Iterator[None]:
    """Let this process write no file beyond `size` bytes, as a full disk would not."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [0, 100])
async def test_an_entry_whose_checkpoint_the_anchor_did_not_take_is_not_acknowledged(
    room: int, log: Log, log_setting: LogSetting
) -> None:
    await log.append([leaf("a")])
    whole = log_setting.anchor.read_bytes()
    with no_file_larger_than(len(whole) + room), pytest.raises(LogUnavailable):
        await log.append([leaf("b")])
    assert log.size == 1
    (place,) = await log.append([leaf("b")])
    assert (place.index, place.fresh, log.size) == (1, False, 2)
    await log.append([leaf("c")])
    await log.close()
    lines = log_setting.anchor.read_bytes()
    assert lines.startswith(whole)
    assert lines.count(b"\n") == whole.count(b"\n") + 2
    reopened = await log_setting.open()
    assert reopened.size == 3
    await reopened.close()
