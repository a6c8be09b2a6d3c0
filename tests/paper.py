"""A log on paper: entries, signed checkpoints and proofs of a member that a test plays, without a database."""

from __future__ import annotations

from federation.tlog.checkpoint import Checkpoint, sign_checkpoint
from federation.tlog.merkle import consistency_nodes, fold, inclusion_nodes, leaf_hash, node_hash
from federation.tlog.note import NoteSigner
from federation.tlog.receipt import Receipt


class PaperLog:
    """A growing log under any key and origin that the test holds."""

    def __init__(self, signer: NoteSigner) -> None:
        """Begin with no entry."""
        self.signer = signer
        self._entries: list[bytes] = []
        self._hashes: list[bytes] = []

    @property
    def size(self) -> int:
        """How many entries there are."""
        return len(self._entries)

    @property
    def note(self) -> bytes:
        """The newest checkpoint, signed."""
        root = fold([self._node(*node) for node in _whole(self.size)])
        return sign_checkpoint(Checkpoint(origin=self.signer.name, size=self.size, root=root), self.signer)

    def append(self, entry: bytes) -> int:
        """Add an entry; returns its index."""
        self._entries.append(entry)
        self._hashes.append(leaf_hash(entry))
        return self.size - 1

    def inclusion(self, index: int) -> tuple[bytes, ...]:
        """The path of an entry to the newest root."""
        return tuple(fold([self._node(*n) for n in nodes]) for nodes in inclusion_nodes(index, self.size))

    def consistency(self, old: int) -> tuple[bytes, ...]:
        """The path from an older size to the newest."""
        return tuple(fold([self._node(*n) for n in nodes]) for nodes in consistency_nodes(old, self.size))

    def receipt(self, index: int) -> Receipt:
        """The receipt of an entry under the newest checkpoint."""
        return Receipt(entry=self._entries[index], index=index, path=self.inclusion(index), checkpoint=self.note)

    def _node(self, height: int, place: int) -> bytes:
        if height == 0:
            return self._hashes[place]
        return node_hash(self._node(height - 1, 2 * place), self._node(height - 1, 2 * place + 1))


def _whole(size: int) -> list[tuple[int, int]]:
    """The perfect subtrees of a tree, large to small."""
    found, start = [], 0
    for height in range(size.bit_length() - 1, -1, -1):
        if size >> height & 1:
            found.append((height, start >> height))
            start += 1 << height
    return found
