"""Receipts: what they prove, and what they do not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from federation.errors import CorruptLog, FederationError, MalformedStatement, UntrustedSignature
from federation.keys import SigningKey
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.merkle import leaf_hash, node_hash
from federation.tlog.note import NoteSigner, NoteVerifier
from federation.tlog.receipt import KnownCheckpoints, Receipt, verify
from federation.tlog.tiles import encode_bundle

FAULTS = sorted((Path(__file__).parent / "faults" / "receipt").iterdir())
LOG = NoteSigner("node.example/simpul/log1", SigningKey.from_seed(bytes([1]) * 32))
WITNESS = NoteVerifier("auditor.example/w1", SigningKey.from_seed(bytes([2]) * 32).public)
A, B, C = (leaf_hash(entry) for entry in (b"a", b"b", b"c"))
CHECKPOINT = Checkpoint(origin=LOG.name, size=3, root=node_hash(node_hash(A, B), C))
RECEIPT = Receipt(entry=b"b", index=1, path=(A, C), checkpoint=sign_checkpoint(CHECKPOINT, LOG))
VECTOR = (Path(__file__).parent / "vector.tlog-proof").read_bytes()  # as golang.org/x/mod/sumdb accepted it


def test_the_published_vector_is_ours_to_the_byte() -> None:
    receipt = Receipt.parse(VECTOR, entry=b"b")
    assert verify(receipt, LOG.verifier) == CHECKPOINT
    assert (receipt.index, receipt.path) == (RECEIPT.index, RECEIPT.path)
    assert receipt.checkpoint.startswith(RECEIPT.checkpoint)
    assert encode_bundle([b"a", b"b", b"c"]).hex() == "000161000162000163"


def test_a_receipt_reads_back_and_holds_its_entry() -> None:
    data = RECEIPT.encode()
    assert data.startswith(b"c2sp.org/tlog-proof@v1\nextra Yg==\nindex 1\n")
    assert Receipt.parse(data) == Receipt.parse(data, entry=b"b") == RECEIPT
    assert verify(RECEIPT, LOG.verifier) == CHECKPOINT


def test_a_receipt_of_a_log_of_one_entry_needs_no_path() -> None:
    alone = sign_checkpoint(Checkpoint(origin=LOG.name, size=1, root=A), LOG)
    receipt = Receipt(entry=b"a", index=0, path=(), checkpoint=alone)
    assert verify(Receipt.parse(receipt.encode()), LOG.verifier).size == 1


@pytest.mark.parametrize("file", FAULTS, ids=lambda file: file.stem)
def test_a_receipt_with_a_fault_is_refused(file: Path) -> None:
    with pytest.raises(MalformedStatement):
        Receipt.parse(file.read_bytes())


def test_a_receipt_too_large_to_be_one_is_refused() -> None:
    with pytest.raises(MalformedStatement, match="too large"):
        Receipt.parse(RECEIPT.encode() + b"x" * 300_000)


def test_a_receipt_of_another_entry_than_expected_is_refused() -> None:
    with pytest.raises(MalformedStatement, match="another entry"):
        Receipt.parse(RECEIPT.encode(), entry=b"a")
    with pytest.raises(CorruptLog):
        verify(Receipt.parse(VECTOR, entry=b"a"), LOG.verifier)


FALSE: dict[str, tuple[Receipt, type[FederationError]]] = {
    "entry": (replace(RECEIPT, entry=b"x"), CorruptLog),
    "index": (replace(RECEIPT, index=0), CorruptLog),
    "index_outside": (replace(RECEIPT, index=3), CorruptLog),
    "path": (replace(RECEIPT, path=(C, A)), CorruptLog),
    "path_too_short": (replace(RECEIPT, path=(A,)), CorruptLog),
    "other_tree": (
        replace(RECEIPT, checkpoint=sign_checkpoint(replace(CHECKPOINT, root=A), LOG)),
        CorruptLog,
    ),
    "checkpoint_changed": (
        replace(RECEIPT, checkpoint=RECEIPT.checkpoint.replace(b"\n3\n", b"\n4\n")),
        UntrustedSignature,
    ),
}


@pytest.mark.parametrize("what", FALSE)
def test_a_false_receipt_is_refused_whether_or_not_its_checkpoint_is_known(what: str) -> None:
    receipt, error = FALSE[what]
    known = KnownCheckpoints()
    verify(RECEIPT, LOG.verifier, known)
    for cache in (None, KnownCheckpoints(), known):
        with pytest.raises(error):
            verify(receipt, LOG.verifier, cache)


def test_a_checkpoint_once_verified_is_known_under_its_verifier_alone() -> None:
    known = KnownCheckpoints()
    verify(RECEIPT, LOG.verifier, known)
    other = Receipt(entry=b"a", index=0, path=(B, C), checkpoint=RECEIPT.checkpoint)
    assert verify(other, LOG.verifier, known) == CHECKPOINT
    assert len(known) == 1
    stranger = NoteVerifier(LOG.verifier.name, SigningKey.from_seed(bytes([9]) * 32).public)
    with pytest.raises(UntrustedSignature):
        verify(RECEIPT, stranger, known)
    assert len(known) == 1


def test_of_many_checkpoints_the_oldest_are_forgotten() -> None:
    known = KnownCheckpoints(most=2)
    for size in (1, 2, 3):
        note = sign_checkpoint(Checkpoint(origin=CHECKPOINT.origin, size=size, root=A), LOG)
        assert known.verified(note, LOG.verifier).size == size
    assert len(known) == 2


def test_a_receipt_of_another_log_is_refused() -> None:
    with pytest.raises(UntrustedSignature):
        verify(RECEIPT, WITNESS)
