"""Published vectors, read by our code: RFC 6962 proofs, tlog-tiles logs, signed notes and checkpoints."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from federation.errors import CorruptLog, FederationError, MalformedStatement, UntrustedSignature
from federation.tlog.checkpoint import Checkpoint, verify_checkpoint
from federation.tlog.merkle import fold, leaf_hash, subtrees, verify_consistency, verify_inclusion
from federation.tlog.note import Note, NoteVerifier, verify_note
from federation.tlog.receipt import Receipt
from federation.tlog.tiles import HEIGHT, Tile, decode_bundle, decode_tile, full_tiles, open_width, tile_path
from federation.tlog.tree import Tree

Vectors = Callable[[str], Path]


def hashes(encoded: list[str] | None) -> list[bytes]:
    return [base64.b64decode(one) for one in encoded or []]


def proofs(folder: Path) -> list[dict[str, Any]]:
    found = [json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))]
    assert len(found) == 98
    return found


def test_every_inclusion_proof_of_transparency_dev_gets_its_verdict(vectors: Vectors) -> None:
    for case in proofs(vectors("merkle/inclusion")):
        root, leaf = hashes([case["root"] or "", case["leafHash"] or ""])

        def verify(case: dict[str, Any] = case, root: bytes = root, leaf: bytes = leaf) -> None:
            path = hashes(case["proof"])
            verify_inclusion(index=case["leafIdx"], size=case["treeSize"], leaf=leaf, path=path, root=root)

        expect(verify, refused=case["wantErr"])


def test_every_consistency_proof_of_transparency_dev_gets_its_verdict(vectors: Vectors) -> None:
    for case in proofs(vectors("merkle/consistency")):
        old_root, new_root = hashes([case["root1"] or "", case["root2"] or ""])
        # that package also accepts an empty proof from size 0, and roots of any length if sizes and roots are equal
        refused = case["wantErr"] or case["size1"] == 0 or len(old_root) != 32

        def verify(case: dict[str, Any] = case, old_root: bytes = old_root, new_root: bytes = new_root) -> None:
            path = hashes(case["proof"])
            verify_consistency(old=case["size1"], old_root=old_root, new=case["size2"], new_root=new_root, path=path)

        expect(verify, refused=refused)


def expect(verify: Callable[[], None], *, refused: bool) -> None:
    if refused:
        with pytest.raises(CorruptLog):
            verify()
    else:
        verify()


def test_a_log_written_by_tessera_is_read_at_every_size(vectors: Vectors) -> None:
    key, log = json.loads(vectors("tessera/key.json").read_text()), vectors("tessera/log")
    verifier, tree = NoteVerifier.from_vkey(key["verifier_key"]), Tree()
    for size in range(16):
        checkpoint = verify_checkpoint((log / f"checkpoint.{size}").read_bytes(), verifier)
        assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (key["origin"], size, tree.root())
        if size:
            bundle = decode_bundle((log / f"tile/entries/000.p/{size}").read_bytes())
            assert bundle == tuple(entry.encode() for entry in key["entries"][:size])
            assert decode_tile((log / tile_path(0, 0, size)).read_bytes(), size) == tree.edge
        if size < 15:
            tree.append(leaf_hash(key["entries"][size].encode()))


def test_a_tree_written_by_sunlight_folds_through_two_levels_to_its_root(vectors: Vectors) -> None:
    (folder,) = vectors("sunlight/witness/mirror").glob("0*")
    checkpoint = Checkpoint.parse(Note.parse((folder / "checkpoint").read_bytes()).text)
    assert [(full_tiles(level, 300), open_width(level, 300)) for level in (0, 1)] == [(1, 44), (0, 1)]
    full = Tile(decode_tile((folder / tile_path(0, 0)).read_bytes()))
    edge = Tile(decode_tile((folder / tile_path(0, 1, 44)).read_bytes(), 44))
    assert decode_tile((folder / tile_path(1, 0, 1)).read_bytes(), 1) == (full.node(HEIGHT, 0),)
    assert [height for height, _ in subtrees(0, 300)] == [8, 5, 3, 2]
    assert fold([full.node(HEIGHT, 0), *edge.frontier()]) == checkpoint.root


def test_the_example_note_of_c2sp_verifies_under_its_key(vectors: Vectors) -> None:
    vkey = vectors("c2sp/signed-note_vkey.txt").read_text().strip()
    note = vectors("c2sp/signed-note_example.txt").read_bytes()
    assert verify_note(note, (NoteVerifier.from_vkey(vkey),)) == b"This is an example message.\n"
    with pytest.raises(UntrustedSignature):
        verify_note(note.replace(b"example message", b"another message"), (NoteVerifier.from_vkey(vkey),))


def test_the_example_note_with_a_blank_line_of_c2sp_is_split_at_the_last_one(vectors: Vectors) -> None:
    data = vectors("c2sp/signed-note_text-with-empty-line.txt").read_bytes()
    note = Note.parse(data)
    assert note.text.count(b"\n\n") == 1
    assert [line.name for line in note.signatures] == ["quasimodo.example/salvatore"]
    assert note.encode() == data


def test_the_example_checkpoints_of_c2sp_read_back(vectors: Vectors) -> None:
    for name in ("tlog-checkpoint_example", "tlog-cosignature_checkpoint"):
        note = Note.parse(vectors(f"c2sp/{name}.txt").read_bytes())
        checkpoint = Checkpoint.parse(note.text)
        assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
        assert checkpoint.encode() == note.text


def test_checkpoints_that_transparency_dev_refuses_are_refused_and_a_strict_reader_refuses_more(
    vectors: Vectors,
) -> None:
    cases = json.loads(vectors("formats/checkpoint.json").read_text())
    texts = [case["text"] for case in cases["cases"]]
    # none of its roots is a SHA-256 hash, so that a strict reader refuses also those which that package accepts
    for text in (*texts, cases["with_extension_lines"]["text"]):
        with pytest.raises(MalformedStatement):
            Checkpoint.parse(text.encode())


def test_verifier_keys_of_other_kinds_and_false_ones_are_refused(vectors: Vectors) -> None:
    cases = json.loads(vectors("formats/cosignature.json").read_text())["verifier_keys"]
    for case in cases:
        if case["name"] == "works: convert from algEd25519":
            assert NoteVerifier.from_vkey(case["vkey"]).vkey == case["vkey"]
        else:
            with pytest.raises(MalformedStatement):
                NoteVerifier.from_vkey(case["vkey"])


def test_proofs_of_transparency_dev_have_our_layout_or_are_refused(vectors: Vectors) -> None:
    """Its checkpoints are stand-ins, so each is given a signed one; the rest of the text stays."""
    note = vectors("c2sp/tlog-checkpoint_example.txt").read_text()
    cases = json.loads(vectors("formats/tlog_proof.json").read_text())
    for case in cases["accepted"]:
        text = case["text"].replace("\n\n" + case["checkpoint"], "\n\n" + note).encode()
        entry = None if case["extra"] else b"an entry"
        receipt = Receipt.parse(text, entry=entry)
        assert (receipt.index, list(receipt.path)) == (case["index"], hashes(case["hashes"]))
        assert receipt.entry == (case["extra"] or "an entry").encode()
    for case in cases["refused"]:
        head = case["text"].rpartition("\n\n")[0]
        with pytest.raises(FederationError):
            Receipt.parse(f"{head}\n\n{note}".encode(), entry=b"an entry")


def test_tile_values_of_c2sp_are_ours(vectors: Vectors) -> None:
    values = json.loads(vectors("c2sp/tlog-tiles_values.json").read_text())
    for case in values["index_paths"]:
        assert tile_path(0, case["index"]) == "tile/0/" + case["path"]
    for tree in values["tiles_of_tree"]:
        for level in tree["levels"]:
            assert full_tiles(level["level"], tree["size"]) == level["full"]
            assert open_width(level["level"], tree["size"]) == level["partial_width"]
