"""Signed notes: a text that a person can read, and the lines of those who signed it (c2sp.org/signed-note 1.0.0)."""

from __future__ import annotations

import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from federation.errors import MalformedStatement, UntrustedSignature
from federation.keys import Signer, VerifyingKey

ED25519: Final = 0x01
MAX_NOTE_BYTES: Final = 65_536
MAX_SIGNATURES: Final = 64
_KEY_ID_BYTES: Final = 4
_NO_NAME: Final = re.compile(r"[+\s\x00-\x1f\ud800-\udfff]")
_CONTROL: Final = re.compile(rb"[\x00-\x09\x0b-\x1f]")
_MARK: Final = "— "  # SPEC: signed-note, Format: em dash (U+2014), space


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureLine:
    """Who signed: a name, the 4-byte id of one of its keys, and the signature's bytes."""

    name: str
    key_id: bytes
    signature: bytes

    @classmethod
    def parse(cls, line: str) -> SignatureLine:
        """Read a line without its newline; refuses any other form (MalformedStatement)."""
        name, _, encoded = line.removeprefix(_MARK).partition(" ")
        if not line.startswith(_MARK):
            raise MalformedStatement("a note's signature line does not begin with an em dash and a space")
        require_name(name)
        raw = decode_base64(encoded)
        if len(raw) <= _KEY_ID_BYTES:
            raise MalformedStatement("a note's signature line holds no signature")
        return cls(name=name, key_id=raw[:_KEY_ID_BYTES], signature=raw[_KEY_ID_BYTES:])

    def encode(self) -> bytes:
        """The line with its newline."""
        return f"{_MARK}{self.name} {encode_base64(self.key_id + self.signature)}\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text, which ends in a newline, and its signature lines."""

    text: bytes
    signatures: tuple[SignatureLine, ...]

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """Read a note; refuses what is too large or of any other form (MalformedStatement). Nothing is verified."""
        return _parse(data)

    def encode(self) -> bytes:
        """The note's bytes."""
        return b"".join((self.text, b"\n", *(line.encode() for line in self.signatures)))


@lru_cache(maxsize=64)
def _parse(data: bytes) -> Note:
    """A note once parsed is remembered: that of a checkpoint comes with every receipt under it."""
    if len(data) > MAX_NOTE_BYTES:
        raise MalformedStatement(f"a note has more than {MAX_NOTE_BYTES} bytes", size=len(data))
    require_plain(data)
    if not data.endswith(b"\n"):
        raise MalformedStatement("a note does not end in a newline")
    # SPEC: signed-note, Format: the text is separated from the signatures by the last empty line
    blank = data.rfind(b"\n\n")
    lines = data[blank + 2 :].decode().split("\n")[:-1] if blank >= 0 else []
    if not 0 < len(lines) <= MAX_SIGNATURES:
        raise MalformedStatement(f"a note has no signature lines, or more than {MAX_SIGNATURES}")
    return Note(text=data[: blank + 1], signatures=tuple(SignatureLine.parse(line) for line in lines))


@dataclass(frozen=True, slots=True)
class NoteVerifier:
    """A name and the Ed25519 key that signs for it."""

    name: str
    key: VerifyingKey
    key_id: bytes = field(init=False)

    def __post_init__(self) -> None:
        require_name(self.name)
        object.__setattr__(self, "key_id", key_id(self.name, ED25519, self.key.raw))

    @classmethod
    def from_vkey(cls, vkey: str) -> NoteVerifier:
        """Read `name+hex8+base64`; refuses another form, kind of key or key id (MalformedStatement)."""
        name, _, rest = vkey.partition("+")
        claimed, _, encoded = rest.partition("+")
        raw = decode_base64(encoded)
        if raw[:1] != bytes((ED25519,)):
            raise MalformedStatement("a verifier key is not of the type 01, Ed25519")
        verifier = cls(name, VerifyingKey(raw[1:]))
        if claimed != verifier.key_id.hex():
            raise MalformedStatement("a verifier key's id is not that of its name and key")
        return verifier

    @property
    def vkey(self) -> str:
        """The verifier key as a roster pins it."""
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(bytes((ED25519,)) + self.key.raw)}"


@dataclass(frozen=True, slots=True)
class NoteSigner:
    """A name, and what signs for it."""

    name: str
    signer: Signer
    verifier: NoteVerifier = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "verifier", NoteVerifier(self.name, self.signer.public))

    def sign(self, text: bytes) -> bytes:
        """Return the note of `text`, which must end in a newline, under this one signature."""
        line = SignatureLine(name=self.name, key_id=self.verifier.key_id, signature=self.signer.sign(text))
        return Note(text=text, signatures=(line,)).encode()


def verify_note(data: bytes, verifiers: Sequence[NoteVerifier]) -> bytes:
    """Return the text of a note that at least one of `verifiers` signed.

    Lines of other names or keys are ignored. Refuses a note where a line of a known name and key id does not verify,
    and one that nobody known signed (UntrustedSignature). SPEC: signed-note, Signatures.
    """
    note = Note.parse(data)
    known = {(verifier.name, verifier.key_id): verifier for verifier in verifiers}
    verified = False
    for line in note.signatures:
        verifier = known.get((line.name, line.key_id))
        if verifier is not None:
            verifier.key.verify(line.signature, note.text)
            verified = True
    if not verified:
        raise UntrustedSignature("a note bears no signature of a known key")
    return note.text


def key_id(name: str, kind: int, public: bytes) -> bytes:
    """The 4-byte id of a key of a name. SPEC: signed-note, Signatures."""
    return hashlib.sha256(name.encode() + b"\n" + bytes((kind,)) + public).digest()[:_KEY_ID_BYTES]


def require_name(name: str) -> None:
    """Refuse a key name that is empty, or holds a space, a plus, a control or half a character (MalformedStatement)."""
    if not name or _NO_NAME.search(name) is not None:
        raise MalformedStatement("a key name is empty or holds a space, a plus or a control character")


def require_plain(data: bytes) -> None:
    """Refuse bytes that are no UTF-8 or hold a control byte other than a newline (MalformedStatement)."""
    try:
        data.decode()
    except UnicodeDecodeError as error:
        raise MalformedStatement("a note is not UTF-8") from error
    if _CONTROL.search(data) is not None:
        raise MalformedStatement("a note holds a control byte")


def encode_base64(raw: bytes) -> str:
    """Standard base64, RFC 4648 section 4."""
    return binascii.b2a_base64(raw, newline=False).decode()


def decode_base64(text: str) -> bytes:
    """Read standard base64; refuses any spelling but the one that encoding gives (MalformedStatement)."""
    try:
        raw = binascii.a2b_base64(text, strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedStatement("not base64") from error
    if binascii.b2a_base64(raw, newline=False) != text.encode():
        raise MalformedStatement("base64 in a spelling that encoding does not give")
    return raw
