"""What is written reads back; what was not written is refused in a defined way."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from federation.errors import MalformedStatement
from federation.keys import SigningKey
from federation.tlog.checkpoint import MAX_SIZE, Checkpoint, sign_checkpoint, verify_checkpoint
from federation.tlog.merkle import EMPTY_ROOT
from federation.tlog.note import Note, NoteSigner, NoteVerifier, SignatureLine, decode_base64, encode_base64
from federation.tlog.receipt import MAX_PATH, Receipt
from federation.tlog.tiles import decode_bundle, encode_bundle

LOG = NoteSigner("node.example/simpul/log1", SigningKey.from_seed(bytes([1]) * 32))
HASHES = st.binary(min_size=32, max_size=32)
NAMES = st.text(st.characters(exclude_characters="+", exclude_categories=("Cc", "Cs", "Zs", "Zl", "Zp")), min_size=1)
TEXTS = st.text(st.characters(exclude_categories=("Cc", "Cs"), include_characters="\n"), max_size=200)
CHECKPOINTS = st.builds(Checkpoint, origin=NAMES, size=st.integers(1, MAX_SIZE), root=HASHES)
LINES = st.builds(
    SignatureLine, name=NAMES, key_id=st.binary(min_size=4, max_size=4), signature=st.binary(min_size=1, max_size=100)
)
NOTES = st.builds(
    Note,
    text=TEXTS.map(lambda text: (text + "\n").encode()),
    signatures=st.lists(LINES, min_size=1, max_size=16).map(tuple),
)


@given(NOTES)
def test_any_note_reads_back(note: Note) -> None:
    assert Note.parse(note.encode()) == note


@given(CHECKPOINTS)
def test_any_checkpoint_reads_back_and_verifies_under_its_own_origin(checkpoint: Checkpoint) -> None:
    signer = NoteSigner(checkpoint.origin, LOG.signer)
    assert Checkpoint.parse(checkpoint.encode()) == checkpoint
    assert verify_checkpoint(sign_checkpoint(checkpoint, signer), signer.verifier) == checkpoint
    assert NoteVerifier.from_vkey(signer.verifier.vkey) == signer.verifier


@given(st.binary(min_size=1, max_size=500), st.integers(0, MAX_SIZE), st.lists(HASHES, max_size=MAX_PATH))
def test_any_receipt_reads_back(entry: bytes, index: int, path: list[bytes]) -> None:
    note = sign_checkpoint(Checkpoint(origin=LOG.name, size=0, root=EMPTY_ROOT), LOG)
    receipt = Receipt(entry=entry, index=index, path=tuple(path), checkpoint=note)
    assert Receipt.parse(receipt.encode()) == receipt


@given(st.lists(st.binary(max_size=50), max_size=256))
def test_any_bundle_reads_back(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries)) == tuple(entries)


@given(st.binary(max_size=100))
def test_base64_has_one_spelling(raw: bytes) -> None:
    assert decode_base64(encode_base64(raw)) == raw


@given(st.text(max_size=40))
def test_text_that_reads_as_base64_is_what_encoding_gives(text: str) -> None:
    with contextlib.suppress(MalformedStatement):
        assert encode_base64(decode_base64(text)) == text


def _torn(whole: bytes) -> st.SearchStrategy[bytes]:
    """`whole` with one piece replaced by anything."""
    cut = st.tuples(st.integers(0, len(whole)), st.integers(0, len(whole)), st.binary(max_size=8))
    return cut.map(lambda c: whole[: min(c[:2])] + c[2] + whole[max(c[:2]) :])


NOTE = sign_checkpoint(Checkpoint(origin=LOG.name, size=9, root=bytes(32)), LOG)
RECEIPT = Receipt(entry=b"entry", index=4, path=(bytes(32), bytes(32)), checkpoint=NOTE).encode()


@given(st.binary(max_size=300) | _torn(NOTE) | _torn(RECEIPT))
def test_any_bytes_are_read_and_written_back_the_same_or_refused(data: bytes) -> None:
    for read in (Note.parse, Checkpoint.parse, Receipt.parse):
        with contextlib.suppress(MalformedStatement):
            assert read(data).encode() == data
    with contextlib.suppress(MalformedStatement):
        assert encode_bundle(decode_bundle(data)) == data
    with contextlib.suppress(MalformedStatement):
        NoteVerifier.from_vkey(data.decode(errors="replace"))
