"""A growing tree in memory, its root computed two ways, and the paths read out of its tiles."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from federation.errors import CorruptLog
from federation.tlog.merkle import Frontier, Node, consistency_nodes, fold, inclusion_nodes, subtrees
from federation.tlog.rows import TileRow
from federation.tlog.tiles import HEIGHT, WIDTH, Tile, decode_tile, full_tiles, levels, open_width

CACHED_TILES: Final = 128  # about 5 MB
LoadTile = Callable[[int, int], Awaitable[bytes]]


class Tree:
    """The open tile of every level, and beside them the frontier: two ways to the same root."""

    __slots__ = ("_frontier", "_open")

    def __init__(self, frontier: Frontier | None = None, tiles: Sequence[Tile] = ()) -> None:
        """Take up a tree; refuses open tiles that are not as wide as its size says (CorruptLog)."""
        self._frontier = frontier or Frontier()
        self._open = list(tiles) or [Tile()]
        size = self._frontier.size
        if [tile.width for tile in self._open] != [open_width(level, size) for level in range(max(1, levels(size)))]:
            raise CorruptLog("the open tiles are not as wide as the size of the log says", size=size)

    @property
    def size(self) -> int:
        """How many entries the tree has."""
        return self._frontier.size

    @property
    def frontier(self) -> tuple[bytes, ...]:
        """The roots of the perfect subtrees, large to small."""
        return self._frontier.hashes

    @property
    def edge(self) -> tuple[bytes, ...]:
        """The leaf hashes of the open tile of level 0."""
        return tuple(self._open[0].hashes)

    def append(self, leaf: bytes) -> list[TileRow]:
        """Add a leaf hash; return the tiles that it filled."""
        self._frontier.append(leaf)
        filled: list[TileRow] = []
        level = 0
        while True:
            tile = self._open[level]
            tile.append(leaf)
            if tile.width < WIDTH:
                return filled
            n = full_tiles(level, self.size) - 1
            filled.append(TileRow(level=level, n=n, hashes=b"".join(tile.hashes)))
            leaf = tile.node(HEIGHT, 0)
            self._open[level] = Tile()
            level += 1
            if level == len(self._open):
                self._open.append(Tile())

    def root(self) -> bytes:
        """The root; refuses to name one if frontier and tiles disagree (CorruptLog)."""
        if self.folded() != self.frontier:
            raise CorruptLog("the tiles in memory do not fold to the frontier in memory; restart", size=self.size)
        return self._frontier.root()

    def folded(self) -> tuple[bytes, ...]:
        """The frontier as the open tiles give it."""
        return tuple(found for tile in reversed(self._open) for found in tile.frontier())

    def open_tile(self, level: int) -> Tile:
        """The open tile of a level."""
        return self._open[level]

    def copy(self) -> Tree:
        """A tree that grows apart from this one."""
        other = Tree.__new__(Tree)
        other._frontier = self._frontier.copy()
        other._open = [tile.copy() for tile in self._open]
        return other


class TreeReader:
    """Reads nodes and paths of a tree at any size up to its own: full tiles from a store, open ones from memory."""

    def __init__(self, load: LoadTile) -> None:
        """`load(level, n)` returns a full tile's 8192 bytes, or raises."""
        self._load = load
        self._cache: OrderedDict[tuple[int, int], Tile] = OrderedDict()
        self._loading: dict[tuple[int, int], asyncio.Task[Tile]] = {}

    async def inclusion(self, tree: Tree, index: int, size: int) -> tuple[bytes, ...]:
        """The inclusion path of `index` in the tree of `size`."""
        return await self._path(tree, inclusion_nodes(index, size))

    async def consistency(self, tree: Tree, old: int, new: int) -> tuple[bytes, ...]:
        """The consistency path from `old` to `new`."""
        return await self._path(tree, consistency_nodes(old, new))

    async def root(self, tree: Tree, size: int) -> bytes:
        """The root of the tree when it had `size` entries."""
        return fold([await self._node(tree, *node) for node in subtrees(0, size)])

    async def _path(self, tree: Tree, nodes: tuple[tuple[Node, ...], ...]) -> tuple[bytes, ...]:
        return tuple([fold([await self._node(tree, *node) for node in group]) for group in nodes])

    async def _node(self, tree: Tree, height: int, i: int) -> bytes:
        level, within = divmod(height, HEIGHT)
        n, at = divmod(i << within, WIDTH)
        tile = await self._tile(tree, level, n) if n < full_tiles(level, tree.size) else tree.open_tile(level)
        return tile.node(within, at >> within)

    async def _tile(self, tree: Tree, level: int, n: int) -> Tile:
        cached = self._cache.get((level, n))
        if cached is not None:
            self._cache.move_to_end((level, n))
            return cached
        loading = self._loading.get((level, n))
        if loading is None:
            loading = self._loading[(level, n)] = asyncio.create_task(self._fetch(tree, level, n))
        return await asyncio.shield(loading)

    async def _fetch(self, tree: Tree, level: int, n: int) -> Tile:
        """Load a full tile once for all who ask; refuses one that does not fold to its parent (CorruptLog)."""
        try:
            tile = Tile(decode_tile(await self._load(level, n)))
            if tile.node(HEIGHT, 0) != await self._node(tree, HEIGHT * (level + 1), n):
                raise CorruptLog(f"simpul.log_tile, level {level}, n {n}: the row does not fold to its parent")
        finally:
            del self._loading[(level, n)]
        self._cache[(level, n)] = tile
        if len(self._cache) > CACHED_TILES:
            self._cache.popitem(last=False)
        return tile
