"""A log shows two histories: whoever holds one checkpoint or receipt of the first can prove it against the second."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest

from federation.errors import CorruptLog
from federation.keys import SigningKey
from federation.tlog.checkpoint import Checkpoint, sign_checkpoint, verify_checkpoint
from federation.tlog.merkle import leaf_hash, verify_consistency, verify_inclusion
from federation.tlog.note import NoteSigner
from federation.tlog.receipt import Receipt, verify
from federation.tlog.tree import Tree, TreeReader

LOG = NoteSigner("node.example/simpul/log1", SigningKey.from_seed(bytes([1]) * 32))
ENTRIES = [f"entry {n}".encode() for n in range(40)]


class Thief:
    """Whoever has the log's key, and signs any history with it."""

    def __init__(self, entries: Sequence[bytes]) -> None:
        self.entries = entries
        self.tree = Tree()
        for entry in entries:
            self.tree.append(leaf_hash(entry))
        self.reader = TreeReader(self._load)
        self.checkpoint = Checkpoint(origin=LOG.name, size=len(entries), root=self.tree.root())
        self.note = sign_checkpoint(self.checkpoint, LOG)

    async def _load(self, level: int, n: int) -> bytes:
        raise LookupError("no tile is full")

    async def receipt(self, index: int) -> Receipt:
        path = await self.reader.inclusion(self.tree, index, self.tree.size)
        return Receipt(entry=self.entries[index], index=index, path=path, checkpoint=self.note)


HONEST = Thief(ENTRIES[:30])
OTHERS = {
    "altered": [*ENTRIES[:7], b"another entry", *ENTRIES[8:]],
    "dropped_and_moved_up": [*ENTRIES[:7], *ENTRIES[8:]],
    "inserted": [*ENTRIES[:7], b"one more", *ENTRIES[7:]],
    "two_changed_places": [*ENTRIES[:7], ENTRIES[8], ENTRIES[7], *ENTRIES[9:]],
    "truncated_and_grown_again": [*ENTRIES[:20], *[entry + b"!" for entry in ENTRIES[20:]]],
}


@pytest.mark.parametrize("what", OTHERS)
async def test_no_path_leads_from_the_checkpoint_kept_to_the_newer_one(what: str) -> None:
    forked = Thief(OTHERS[what])
    assert verify_checkpoint(forked.note, LOG.verifier) == forked.checkpoint
    path = await forked.reader.consistency(forked.tree, 30, forked.tree.size)
    with pytest.raises(CorruptLog):
        verify_consistency(
            old=30,
            old_root=HONEST.checkpoint.root,
            new=forked.tree.size,
            new_root=forked.checkpoint.root,
            path=path,
        )


@pytest.mark.parametrize("what", OTHERS)
async def test_a_receipt_kept_names_an_entry_that_the_newer_tree_does_not_have_there(what: str) -> None:
    forked = Thief(OTHERS[what])
    changed = next(n for n in range(30) if forked.entries[n] != ENTRIES[n])
    kept = await HONEST.receipt(changed)
    assert verify(kept, LOG.verifier).size == 30
    path = await forked.reader.inclusion(forked.tree, changed, forked.tree.size)
    with pytest.raises(CorruptLog):
        verify_inclusion(
            index=changed,
            size=forked.tree.size,
            leaf=leaf_hash(kept.entry),
            path=path,
            root=forked.checkpoint.root,
        )


async def test_a_truncated_log_is_smaller_than_the_receipt_that_it_gave() -> None:
    shorter = Thief(ENTRIES[:20])
    kept = await HONEST.receipt(29)
    assert verify(kept, LOG.verifier).size > shorter.checkpoint.size
    with pytest.raises(CorruptLog):
        verify_consistency(old=30, old_root=HONEST.checkpoint.root, new=20, new_root=shorter.checkpoint.root, path=())


def test_two_checkpoints_of_one_size_stand_side_by_side_as_proof() -> None:
    other = Thief([*ENTRIES[:29], b"another entry"])
    first, second = (verify_checkpoint(thief.note, LOG.verifier) for thief in (HONEST, other))
    assert (first.origin, first.size) == (second.origin, second.size)
    with pytest.raises(CorruptLog, match="two trees of one size"):
        verify_consistency(old=30, old_root=first.root, new=30, new_root=second.root, path=())


async def test_a_receipt_for_an_entry_that_is_not_in_the_tree_is_refused_at_once() -> None:
    true = await HONEST.receipt(7)
    for entry, index in ((b"never logged", 7), (true.entry, 8), (ENTRIES[8], 7)):
        with pytest.raises(CorruptLog):
            verify(Receipt(entry=entry, index=index, path=true.path, checkpoint=true.checkpoint), LOG.verifier)


def test_an_entry_that_looks_like_a_node_is_not_taken_for_one() -> None:
    node = hashlib.sha256(b"a").digest() + hashlib.sha256(b"b").digest()
    assert leaf_hash(node) != hashlib.sha256(b"\x01" + node).digest()
