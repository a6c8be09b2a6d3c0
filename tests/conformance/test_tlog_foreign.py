"""Programs of others, run on our bytes: they must accept what our log writes, and refuse what was changed."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.exceptions import InvalidSignature
from pymerkle import InmemoryTree  # type: ignore[import-untyped]  # REASON: it brings no types
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint as ForeignCheckpoint
from tlog_scales.tlog import ConsistencyProof, InclusionProof, InclusionProofInvalid

from federation.tlog.log import Leaf, Log
from federation.tlog.merkle import leaf_hash
from federation.tlog.note import Note
from federation.tlog.tiles import bundle_path, encode_bundle, full_tiles, levels, open_width, tile_path
from tests.logs import LogSetting

SIZE = 700
ENTRIES = [f"entry {n}".encode() for n in range(SIZE)]


async def fill(log: Log) -> dict[int, bytes]:
    """Append in steps; return the root of every checkpoint, by size."""
    roots = {}
    for start in range(0, SIZE, 100):
        await log.append(
            [Leaf(request=hashlib.sha256(entry).digest(), entry=entry) for entry in ENTRIES[start : start + 100]]
        )
        roots[log.size] = log.checkpoint[0].root
    return roots


async def export(log: Log, folder: Path) -> None:
    """Write the log as tlog-tiles lays it out, open tiles and bundles too."""
    entries = await log.entries(0, SIZE)
    tiles = {tile_path(tile.level, tile.n): tile.hashes for tile in await log.tiles((0, -1), 100)}
    if open_width(0, SIZE):
        tiles[tile_path(0, full_tiles(0, SIZE), open_width(0, SIZE))] = b"".join(log.edge)
    assert levels(SIZE) == 2
    roots = [await log_tile_root(log, n) for n in range(full_tiles(0, SIZE))]
    tiles[tile_path(1, 0, open_width(1, SIZE))] = b"".join(roots)
    for n in range(0, SIZE, 256):
        chunk = [row.entry for row in entries[n : n + 256]]
        tiles[bundle_path(n // 256, len(chunk))] = encode_bundle(chunk)
    for path, data in {**tiles, "checkpoint": log.checkpoint[1]}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)


async def log_tile_root(log: Log, n: int) -> bytes:
    """The root of a full tile, by pymerkle rather than by us."""
    return bytes(tree_of(ENTRIES[n * 256 : (n + 1) * 256]).get_root())


def tree_of(entries: list[bytes]) -> InmemoryTree:
    return InmemoryTree.init_from_entries(entries)


async def test_pymerkle_reaches_the_same_roots_and_paths(log: Log) -> None:
    roots = await fill(log)
    tree = tree_of(ENTRIES)
    for size, root in roots.items():
        assert tree.get_root(size) == root
    for index in (0, 1, 255, 256, 511, 512, 698, 699):
        theirs = tree.prove_inclusion(index + 1, SIZE).path
        assert (leaf_hash(ENTRIES[index]), *await log.inclusion(index, SIZE)) == tuple(theirs)


async def test_tlog_scales_verifies_our_checkpoint_receipts_and_consistency(log: Log, log_setting: LogSetting) -> None:
    roots = await fill(log)
    checkpoint = ForeignCheckpoint.from_text(log.checkpoint[1].decode())
    checkpoint.verify(Vkey.from_string(log_setting.verifier.vkey))
    for index in (0, 255, 256, 699):
        path = list(await log.inclusion(index, SIZE))
        InclusionProof(index, SIZE, path).check(leaf_hash(ENTRIES[index]), checkpoint.root_hash)
        with pytest.raises(InclusionProofInvalid):
            InclusionProof(index, SIZE, path).check(leaf_hash(b"another"), checkpoint.root_hash)
    for old in list(roots)[:-1]:
        proof = ConsistencyProof(old, SIZE, list(await log.consistency(old, SIZE)))
        proof.check(roots[old], roots[SIZE])


async def test_tlog_scales_reads_our_tiles_and_makes_our_proofs_from_them(log: Log, tmp_path: Path) -> None:
    await fill(log)
    await export(log, tmp_path)
    reader = TilesReader(LocalBackend(tmp_path))
    checkpoint = reader.get_checkpoint()
    assert reader.calculate_root_hash() == checkpoint.root_hash == log.checkpoint[0].root
    for index in (0, 256, 699):
        assert reader.get_entry(index) == ENTRIES[index]
        assert tuple(reader.get_inclusion_proof(index, SIZE).node_hashes) == await log.inclusion(index, SIZE)
    assert tuple(reader.get_consistency_proof(300, SIZE).node_hashes) == await log.consistency(300, SIZE)


async def test_tlog_scales_refuses_our_checkpoint_once_changed(log: Log, log_setting: LogSetting) -> None:
    await fill(log)
    note = Note.parse(log.checkpoint[1])
    changed = Note(text=note.text.replace(b"\n700\n", b"\n701\n"), signatures=note.signatures).encode()
    with pytest.raises(InvalidSignature):
        ForeignCheckpoint.from_text(changed.decode()).verify(Vkey.from_string(log_setting.verifier.vkey))
