"""Checkpoints: one size, one text, one signature."""

from __future__ import annotations

from pathlib import Path

import pytest

from federation.errors import MalformedStatement, UntrustedSignature
from federation.keys import SigningKey
from federation.tlog.checkpoint import Checkpoint, parse_number, sign_checkpoint, verify_checkpoint
from federation.tlog.merkle import EMPTY_ROOT, leaf_hash
from federation.tlog.note import NoteSigner

FAULTS = sorted((Path(__file__).parent / "faults" / "checkpoint").iterdir())
LOG = NoteSigner("node.example/simpul/log1", SigningKey.from_seed(bytes([1]) * 32))
CHECKPOINT = Checkpoint(origin=LOG.name, size=7, root=leaf_hash(b"root"))


@pytest.mark.parametrize("file", FAULTS, ids=lambda file: file.stem)
def test_a_checkpoint_with_a_fault_is_refused_though_signed(file: Path) -> None:
    text = file.read_bytes()
    with pytest.raises(MalformedStatement):
        Checkpoint.parse(text)
    if text.endswith(b"\n"):
        with pytest.raises(MalformedStatement):
            verify_checkpoint(LOG.sign(text), LOG.verifier)


def test_a_checkpoint_reads_back() -> None:
    assert CHECKPOINT.encode().startswith(b"node.example/simpul/log1\n7\n")
    assert Checkpoint.parse(CHECKPOINT.encode()) == CHECKPOINT
    assert verify_checkpoint(sign_checkpoint(CHECKPOINT, LOG), LOG.verifier) == CHECKPOINT


def test_the_same_checkpoint_is_signed_with_the_same_bytes() -> None:
    assert sign_checkpoint(CHECKPOINT, LOG) == sign_checkpoint(CHECKPOINT, LOG)


def test_an_empty_log_has_one_root() -> None:
    assert Checkpoint(origin=LOG.name, size=0, root=EMPTY_ROOT).size == 0


def test_a_checkpoint_is_signed_under_its_own_origin_alone() -> None:
    foreign = Checkpoint(origin="other.example", size=7, root=CHECKPOINT.root)
    with pytest.raises(ValueError, match="its own origin"):
        sign_checkpoint(foreign, LOG)
    with pytest.raises(MalformedStatement, match="another origin"):
        verify_checkpoint(LOG.sign(foreign.encode()), LOG.verifier)


def test_a_checkpoint_of_another_key_is_refused() -> None:
    thief = NoteSigner(LOG.name, SigningKey.from_seed(bytes([2]) * 32))
    with pytest.raises(UntrustedSignature):
        verify_checkpoint(sign_checkpoint(CHECKPOINT, thief), LOG.verifier)


def test_the_largest_size_is_that_of_a_signed_number_of_64_bits() -> None:
    assert parse_number("9223372036854775807") == 2**63 - 1
    for text in ("9223372036854775808", "", " 1", "1\n", "0x1", "1e3"):
        with pytest.raises(MalformedStatement):
            parse_number(text)
