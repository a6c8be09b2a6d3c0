"""Tiles: a tree cut into blocks of 256 hashes that never change once full (c2sp.org/tlog-tiles 0.1.0)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from federation.errors import MalformedStatement
from federation.tlog.merkle import HASH_BYTES, node_hash
from federation.tlog.rows import MAX_ENTRY_BYTES

HEIGHT: Final = 8
WIDTH: Final = 1 << HEIGHT
TILE_BYTES: Final = WIDTH * HASH_BYTES


def full_tiles(level: int, size: int) -> int:
    """How many full tiles the tree of `size` has at `level`."""
    return size >> HEIGHT * (level + 1)


def open_width(level: int, size: int) -> int:
    """How many hashes the open tile of the tree of `size` has at `level`. SPEC: tlog-tiles, Partial Tiles."""
    return (size >> HEIGHT * level) % WIDTH


def levels(size: int) -> int:
    """How many levels of tiles, full or open, the tree of `size` has."""
    return (size.bit_length() + HEIGHT - 1) // HEIGHT


def tile_path(level: int, n: int, width: int = WIDTH) -> str:
    """The path of a tile. SPEC: tlog-tiles, Merkle Tree."""
    return f"tile/{level}/{_number(n)}{_partial(width)}"


def bundle_path(n: int, width: int = WIDTH) -> str:
    """The path of an entry bundle. SPEC: tlog-tiles, Log Entries."""
    return f"tile/entries/{_number(n)}{_partial(width)}"


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """Join entries, each after its length in two bytes; refuses one over 65,535 bytes (ValueError)."""
    parts: list[bytes] = []
    for entry in entries:
        if len(entry) > MAX_ENTRY_BYTES:
            raise ValueError("an entry is too large for a bundle")
        parts += (len(entry).to_bytes(2), entry)
    return b"".join(parts)


def decode_bundle(data: bytes) -> tuple[bytes, ...]:
    """Split an entry bundle; refuses one that ends within an entry or has more than 256 (MalformedStatement)."""
    entries: list[bytes] = []
    at = 0
    while at < len(data):
        start = at + 2
        end = start + int.from_bytes(data[at:start])
        if end > len(data) or start > len(data):
            raise MalformedStatement("an entry bundle ends within an entry")
        entries.append(data[start:end])
        at = end
    if len(entries) > WIDTH:
        raise MalformedStatement(f"an entry bundle has more than {WIDTH} entries")
    return tuple(entries)


def decode_tile(data: bytes, width: int = WIDTH) -> tuple[bytes, ...]:
    """Split a tile into its hashes; refuses one that is not `width` hashes wide (MalformedStatement)."""
    if len(data) != width * HASH_BYTES:
        raise MalformedStatement(f"a tile is not {width} hashes wide", bytes=len(data))
    return tuple(data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES))


class Tile:
    """The hashes of one tile, up to 256, and those of every perfect subtree within it."""

    __slots__ = ("_layers",)

    def __init__(self, hashes: Iterable[bytes] = ()) -> None:
        self._layers: list[list[bytes]] = [[] for _ in range(HEIGHT + 1)]
        for found in hashes:
            self.append(found)

    @property
    def width(self) -> int:
        """How many hashes the tile has."""
        return len(self._layers[0])

    @property
    def hashes(self) -> Sequence[bytes]:
        """The tile's hashes, left to right; not to be changed."""
        return self._layers[0]

    def append(self, found: bytes) -> None:
        """Add a hash on the right; the tile must not be full."""
        for layer in self._layers:
            layer.append(found)
            if len(layer) & 1:
                return
            found = node_hash(layer[-2], found)

    def node(self, height: int, i: int) -> bytes:
        """The hash of the perfect subtree over hashes i * 2**height to (i + 1) * 2**height."""
        return self._layers[height][i]

    def frontier(self) -> list[bytes]:
        """The roots of the largest perfect subtrees that make up the tile, large to small."""
        width = self.width
        return [self._layers[height][(width >> height) - 1] for height in range(HEIGHT, -1, -1) if width >> height & 1]

    def copy(self) -> Tile:
        """A tile that grows apart from this one."""
        other = Tile.__new__(Tile)
        other._layers = [layer.copy() for layer in self._layers]
        return other


def _number(n: int) -> str:
    """SPEC: tlog-tiles, Parameters: groups of three digits, all but the last with an x."""
    digits = str(n)
    digits = digits.zfill((len(digits) + 2) // 3 * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])


def _partial(width: int) -> str:
    if not 0 < width <= WIDTH:
        raise ValueError("a tile has 1 to 256 hashes")
    return "" if width == WIDTH else f".p/{width}"
