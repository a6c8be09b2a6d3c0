"""Envelopes: signed bytes, what is signed of them, and the digest by which a statement is known."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Final

from federation.keys import Signer

MAX_ENVELOPE_BYTES: Final = 256 * 1024
MAX_SIGNATURES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One signature; `key_id` is hex SHA-256 of the SubjectPublicKeyInfo; a second officer's carries a credential."""

    key_id: str
    sig: bytes
    credential: Envelope | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A statement as its maker serialised it, and its signatures (DSSE)."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...] = ()

    @property
    def signing_input(self) -> bytes:
        """The bytes that are signed."""
        return pre_authentication_encoding(self.payload_type, self.payload)

    @property
    def statement_digest(self) -> bytes:
        """The 32 bytes by which this statement is known; further signatures do not change it."""
        return hashlib.sha256(self.signing_input).digest()

    def signed_by(self, signer: Signer, credential: Envelope | None = None) -> Envelope:
        """This envelope with one more signature."""
        added = Signature(key_id=signer.public.key_id, sig=signer.sign(self.signing_input), credential=credential)
        return replace(self, signatures=(*self.signatures, added))


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """DSSE v1 PAE: what binds a payload to its type."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
