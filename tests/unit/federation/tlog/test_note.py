"""Signed notes: their bytes, their signers, and every way to get them wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from federation.errors import MalformedStatement, UntrustedSignature
from federation.keys import SigningKey
from federation.tlog.note import (
    ED25519,
    MAX_NOTE_BYTES,
    Note,
    NoteSigner,
    NoteVerifier,
    SignatureLine,
    decode_base64,
    encode_base64,
    key_id,
    verify_note,
)

FAULTS = sorted((Path(__file__).parent / "faults" / "note").iterdir())
NAME = "node.example/simpul/log1"
LOG = NoteSigner(NAME, SigningKey.from_seed(bytes([1]) * 32))
OTHER = NoteSigner("other.example", SigningKey.from_seed(bytes([2]) * 32))
TEXT = b"a text\n\nwith a blank line\n"


@pytest.mark.parametrize("file", FAULTS, ids=lambda file: file.stem)
def test_a_note_with_a_fault_is_refused(file: Path) -> None:
    with pytest.raises(MalformedStatement):
        Note.parse(file.read_bytes())


def test_a_note_is_split_at_its_last_blank_line() -> None:
    note = Note.parse(LOG.sign(TEXT))
    assert note.text == TEXT
    assert note.encode() == LOG.sign(TEXT)
    assert verify_note(LOG.sign(TEXT), (LOG.verifier,)) == TEXT


def test_at_least_sixteen_signatures_are_accepted() -> None:
    strangers = tuple(SignatureLine(name=f"w{n}.example", key_id=bytes(4), signature=bytes(2420)) for n in range(16))
    note = Note.parse(LOG.sign(TEXT))
    crowded = Note(text=note.text, signatures=(*strangers, *note.signatures)).encode()
    assert len(crowded) < MAX_NOTE_BYTES
    assert verify_note(crowded, (LOG.verifier,)) == TEXT


def test_a_line_of_an_unknown_name_or_key_is_ignored() -> None:
    note = Note.parse(LOG.sign(TEXT))
    (line,) = note.signatures
    same_name = SignatureLine(name=line.name, key_id=b"none", signature=b"forged")
    same_id = SignatureLine(name="another.example", key_id=line.key_id, signature=b"forged")
    mixed = Note(text=TEXT, signatures=(same_name, line, same_id)).encode()
    assert verify_note(mixed, (LOG.verifier,)) == TEXT


def test_a_bad_line_of_a_known_key_refuses_the_whole_note() -> None:
    (good,) = Note.parse(LOG.sign(TEXT)).signatures
    bad = SignatureLine(name=good.name, key_id=good.key_id, signature=bytes(64))
    short = SignatureLine(name=good.name, key_id=good.key_id, signature=b"short")
    for lines in ((good, bad), (bad, good), (good, short), (bad,)):
        with pytest.raises(UntrustedSignature):
            verify_note(Note(text=TEXT, signatures=lines).encode(), (LOG.verifier,))


def test_a_note_that_nobody_known_signed_is_refused() -> None:
    with pytest.raises(UntrustedSignature, match="no signature of a known key"):
        verify_note(LOG.sign(TEXT), (OTHER.verifier,))
    with pytest.raises(UntrustedSignature):
        verify_note(LOG.sign(TEXT), ())


def test_a_changed_text_is_refused() -> None:
    with pytest.raises(UntrustedSignature):
        verify_note(LOG.sign(TEXT).replace(b"a text", b"another text"), (LOG.verifier,))


def test_a_verifier_key_reads_back_and_names_its_key() -> None:
    vkey = LOG.verifier.vkey
    assert NoteVerifier.from_vkey(vkey) == LOG.verifier
    assert vkey.startswith(f"{NAME}+{LOG.verifier.key_id.hex()}+AY")
    assert LOG.verifier.key_id == key_id(NAME, ED25519, LOG.signer.public.raw)


def test_a_verifier_key_with_a_fault_is_refused() -> None:
    name, claimed, encoded = LOG.verifier.vkey.split("+", 2)
    raw = decode_base64(encoded)
    faults = {
        "no parts": "node.example",
        "two parts": f"{name}+{claimed}",
        "another id": f"{name}+00000000+{encoded}",
        "id in capitals": f"{name}+{claimed.upper()}+{encoded}",
        "another name": f"x{name}+{claimed}+{encoded}",
        "empty name": f"+{claimed}+{encoded}",
        "a cosignature key": f"{name}+{claimed}+{encode_base64(bytes([4]) + raw[1:])}",
        "key too short": f"{name}+{claimed}+{encode_base64(raw[:-1])}",
        "no key": f"{name}+{claimed}+",
        "no base64": f"{name}+{claimed}+!{encoded[1:]}",
    }
    for fault in faults.values():
        with pytest.raises(MalformedStatement):
            NoteVerifier.from_vkey(fault)


def test_a_verifier_key_of_small_order_is_refused() -> None:
    weak = bytes([1]) + bytes(31)
    vkey = f"{NAME}+{key_id(NAME, ED25519, weak).hex()}+{encode_base64(bytes([ED25519]) + weak)}"
    with pytest.raises(MalformedStatement, match="small order"):
        NoteVerifier.from_vkey(vkey)


def test_a_name_that_no_line_can_hold_is_refused_to_sign() -> None:
    for name in ("", "two words", "a+b", "tab\t", "line\n", "no\u00a0break"):
        with pytest.raises(MalformedStatement):
            NoteSigner(name, LOG.signer)
