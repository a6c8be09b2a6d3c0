"""Bytes as a signed note, a checkpoint, a receipt and a verifier key."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from federation.append import query_entry
from federation.errors import FederationError
from federation.tlog.checkpoint import verify_checkpoint
from federation.tlog.note import Note, NoteSigner, NoteVerifier
from federation.tlog.receipt import Receipt, verify
from federation.wire.entry import decode_entry, encode_entry
from tests.paper import PaperLog
from tests.vectors import cast

_SIGNER = NoteSigner(cast.origin(cast.NODE), cast.LOG_KEYS[cast.NODE])


def seeds() -> Iterator[bytes]:
    """Good notes, receipts, entries and keys."""
    log = PaperLog(_SIGNER)
    query = cast.opener().query(cast.countersigned(cast.signed_query()), countersigned=True)
    for _ in range(5):
        log.append(encode_entry(query_entry("query_asked", query, cast.AT)))
    yield log.note
    yield log.receipt(3).encode()
    yield encode_entry(query_entry("query_asked", query, cast.AT))
    yield _SIGNER.verifier.vkey.encode()


def run(data: bytes) -> None:
    """Read it as each of them."""
    for read in _WAYS:
        try:
            read(data)
        except FederationError:
            continue


def _receipt(data: bytes) -> None:
    receipt = Receipt.parse(data)
    if Receipt.parse(receipt.encode()) != receipt:
        raise AssertionError("a receipt does not read back as it was")
    verify(receipt, _SIGNER.verifier)


def _note(data: bytes) -> None:
    if Note.parse(data).encode() != data:
        raise AssertionError("a note does not read back as it was")


_WAYS: tuple[Callable[[bytes], object], ...] = (
    _note,
    _receipt,
    lambda data: verify_checkpoint(data, _SIGNER.verifier),
    decode_entry,
    lambda data: NoteVerifier.from_vkey(data.decode("utf-8", "surrogateescape")),
)
