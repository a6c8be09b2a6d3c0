"""What the fuzzers once reached, replayed: every input gives a value or a defined error, soon and in little memory."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from tests.fuzz import corpora

_SECONDS = 2.0
_MEGABYTES = 64


@pytest.mark.parametrize("name", corpora.TARGETS)
def test_every_seed_and_every_input_kept_gives_a_value_or_a_defined_error(name: str) -> None:
    target = corpora.load(name)
    inputs = [*target.seeds(), *(path.read_bytes() for path in corpora.kept(name))]
    assert len(inputs) > 8, "run the soak: its inputs are kept"
    for content in inputs:
        began = time.process_time()
        target.run(content)
        assert time.process_time() - began < _SECONDS, content


@pytest.mark.parametrize("name", corpora.TARGETS)
def test_no_input_takes_much_memory(name: str) -> None:
    target = corpora.load(name)
    tracemalloc.start()
    try:
        for path in corpora.kept(name):
            target.run(path.read_bytes())
        assert tracemalloc.get_traced_memory()[1] < _MEGABYTES * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", corpora.TARGETS)
def test_the_inputs_kept_are_few_and_small(name: str) -> None:
    sizes = [path.stat().st_size for path in corpora.kept(name)]
    assert len(sizes) <= corpora.MOST_KEPT
    assert all(size <= corpora.LONGEST for size in sizes)
