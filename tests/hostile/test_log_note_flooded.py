"""A note is flooded with lines: of strangers up to a limit, of our own name never a false one."""

from __future__ import annotations

import pytest

from federation.errors import MalformedStatement, UntrustedSignature
from federation.keys import SigningKey
from federation.tlog.note import MAX_NOTE_BYTES, MAX_SIGNATURES, Note, NoteSigner, SignatureLine, verify_note

LOG = NoteSigner("node.example/simpul/log1", SigningKey.from_seed(bytes([1]) * 32))
NOTE = Note.parse(LOG.sign(b"a text\n"))


def stranger(n: int, size: int = 64) -> SignatureLine:
    return SignatureLine(name=f"w{n}.example", key_id=n.to_bytes(4), signature=bytes(size))


def flooded(count: int, size: int = 64) -> bytes:
    lines = tuple(stranger(n, size) for n in range(count))
    return Note(text=NOTE.text, signatures=(*lines, *NOTE.signatures)).encode()


def test_strangers_up_to_the_limit_are_ignored_and_more_are_refused() -> None:
    assert verify_note(flooded(MAX_SIGNATURES - 1), (LOG.verifier,)) == b"a text\n"
    with pytest.raises(MalformedStatement, match="more than 64"):
        verify_note(flooded(MAX_SIGNATURES), (LOG.verifier,))


def test_a_note_beyond_64_kib_is_refused_before_it_is_read() -> None:
    with pytest.raises(MalformedStatement, match=f"more than {MAX_NOTE_BYTES} bytes"):
        verify_note(flooded(40, 1500), (LOG.verifier,))


def test_a_forged_line_of_our_name_is_ignored_under_another_id_and_fatal_under_ours() -> None:
    other_id = SignatureLine(name=LOG.name, key_id=bytes(4), signature=bytes(64))
    our_id = SignatureLine(name=LOG.name, key_id=LOG.verifier.key_id, signature=bytes(64))
    ignored = Note(text=NOTE.text, signatures=(other_id, *NOTE.signatures))
    assert verify_note(ignored.encode(), (LOG.verifier,)) == b"a text\n"
    fatal = Note(text=NOTE.text, signatures=(*NOTE.signatures, our_id))
    with pytest.raises(UntrustedSignature):
        verify_note(fatal.encode(), (LOG.verifier,))
