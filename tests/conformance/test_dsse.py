"""DSSE: its published encodings by our code, and our envelopes by another's library."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from securesystemslib.dsse import Envelope as ForeignEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import Key as ForeignKey  # type: ignore[attr-defined]  # REASON: public, not listed
from securesystemslib.signer import Signature as ForeignSignature  # type: ignore[attr-defined]  # REASON: as above
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined]  # REASON: as above

from federation.envelope import Envelope, pre_authentication_encoding
from federation.keys import SigningKey, VerifyingKey
from federation.seal import seal
from tests.vectors import cast
from tests.vectors.build import answer, refusal, result

Vectors = Callable[[str], Path]
ENVELOPES: dict[str, tuple[Envelope, tuple[SigningKey, ...]]] = {
    "query": (
        cast.countersigned(cast.signed_query()),
        (*cast.OFFICERS.values(), cast.STATEMENT_KEYS[cast.COORDINATOR]),
    ),
    "credential": (cast.credential_envelope(), (cast.STATEMENT_KEYS[cast.REQUESTER],)),
    "roster": (cast.roster_envelope(), cast.AUTHORITIES[:2]),
    "answer": (seal(answer(), cast.STATEMENT_KEYS[cast.NODE]), (cast.STATEMENT_KEYS[cast.NODE],)),
    "refusal": (seal(refusal(), cast.STATEMENT_KEYS[cast.NODE]), (cast.STATEMENT_KEYS[cast.NODE],)),
    "result": (seal(result(), cast.STATEMENT_KEYS[cast.COORDINATOR]), (cast.STATEMENT_KEYS[cast.COORDINATOR],)),
}


def foreign(envelope: Envelope) -> ForeignEnvelope:
    """Our envelope as securesystemslib holds one; what it signs it encodes itself."""
    signatures = {found.key_id: ForeignSignature(found.key_id, found.sig.hex()) for found in envelope.signatures}
    return ForeignEnvelope(envelope.payload, envelope.payload_type, signatures)


def foreign_key(key: VerifyingKey) -> ForeignKey:
    return SSlibKey(key.key_id, "ed25519", "ed25519", {"public": key.raw.hex()})


def test_every_published_encoding_comes_out(vectors: Vectors) -> None:
    cases = json.loads(vectors("dsse/pae.json").read_text())["cases"]
    cases.append(json.loads(vectors("dsse/protocol.json").read_text()))
    assert len(cases) == 4
    for case in cases:
        assert pre_authentication_encoding(case["payload_type"], case["payload"].encode()) == case["pae"].encode()


@pytest.mark.parametrize("name", ENVELOPES)
def test_another_library_verifies_our_envelope_with_every_key_that_signed(name: str) -> None:
    envelope, signers = ENVELOPES[name]
    keys = [foreign_key(signer.public) for signer in signers]
    assert set(foreign(envelope).verify(keys, len(keys))) == {signer.public.key_id for signer in signers}


@pytest.mark.parametrize("name", ENVELOPES)
def test_another_library_refuses_our_envelope_once_it_is_altered(name: str) -> None:
    envelope, signers = ENVELOPES[name]
    keys = [foreign_key(signer.public) for signer in signers]
    for altered in (
        Envelope(payload=envelope.payload + b"\0", payload_type=envelope.payload_type, signatures=envelope.signatures),
        Envelope(payload=envelope.payload, payload_type=envelope.payload_type + "x", signatures=envelope.signatures),
    ):
        with pytest.raises(VerificationError):
            foreign(altered).verify(keys, len(keys))


def test_both_encode_alike_what_is_signed() -> None:
    for envelope, _ in ENVELOPES.values():
        assert foreign(envelope).pae() == envelope.signing_input
