"""Envelopes: the bytes that are signed, and the digest by which a statement is known."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from federation.envelope import Envelope, Signature, pre_authentication_encoding
from federation.errors import MalformedStatement, UntrustedSignature
from federation.wire.envelope import decode_envelope, encode_envelope
from tests.vectors import cast


def test_the_encoding_names_both_lengths_in_bytes_not_characters() -> None:
    assert pre_authentication_encoding("http://a/ö", "ಠ".encode()) == b"DSSEv1 11 http://a/\xc3\xb6 3 \xe0\xb2\xa0"


def test_a_payload_cannot_be_taken_for_another_type() -> None:
    assert pre_authentication_encoding("a", b"b 1 c") != pre_authentication_encoding("a 5 b", b"1 c")


def test_the_digest_is_of_the_signing_input_and_further_signatures_do_not_change_it() -> None:
    envelope = cast.sole_query()
    assert envelope.statement_digest == hashlib.sha256(envelope.signing_input).digest()
    assert cast.countersigned(envelope).statement_digest == envelope.statement_digest
    assert cast.countersigned(envelope) != envelope


def test_another_type_is_another_statement() -> None:
    envelope = cast.sole_query()
    assert replace(envelope, payload_type=envelope.payload_type + "x").statement_digest != envelope.statement_digest


def test_each_signature_is_over_the_signing_input_by_the_key_it_names() -> None:
    envelope = cast.sole_query()
    key = cast.OFFICERS["sari"].public
    assert envelope.signatures[0].key_id == key.key_id
    key.verify(envelope.signatures[0].sig, envelope.signing_input)
    with pytest.raises(UntrustedSignature):
        key.verify(envelope.signatures[0].sig, envelope.payload)


def test_an_envelope_reads_back_as_it_was() -> None:
    envelope = cast.countersigned(cast.signed_query())
    assert decode_envelope(encode_envelope(envelope)) == envelope


def signed(**changes: object) -> Envelope:
    return replace(cast.sole_query(), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "envelope",
    [
        pytest.param(signed(signatures=()), id="no signature"),
        pytest.param(signed(signatures=cast.sole_query().signatures * 17), id="seventeen signatures"),
        pytest.param(signed(payload=b""), id="no payload"),
        pytest.param(signed(payload=bytes(256 * 1024 + 1)), id="a payload beyond 256 KiB"),
        pytest.param(signed(payload_type="x" * 129), id="a type beyond 128 characters"),
        pytest.param(signed(payload_type="a\x00b"), id="a control character in the type"),
        pytest.param(signed(signatures=(Signature(key_id="a" * 65, sig=bytes(64)),)), id="a key id beyond 64"),
        pytest.param(signed(signatures=(Signature(key_id="a" * 64, sig=bytes(63)),)), id="a signature of 63 bytes"),
    ],
)
def test_an_envelope_beyond_its_limits_is_refused(envelope: Envelope) -> None:
    with pytest.raises(MalformedStatement):
        decode_envelope(encode_envelope(envelope))


def test_stored_bytes_beyond_256_kib_are_refused_before_they_are_parsed() -> None:
    with pytest.raises(MalformedStatement, match="larger than 256 KiB"):
        decode_envelope(b"\xff" * (256 * 1024 + 1))


def test_a_credential_within_a_credential_is_refused() -> None:
    inner = cast.credential_envelope()
    nested = replace(inner, signatures=(replace(inner.signatures[0], credential=inner),))
    envelope = signed(signatures=(replace(cast.sole_query().signatures[0], credential=nested),))
    with pytest.raises(MalformedStatement, match="nested too deep"):
        decode_envelope(encode_envelope(envelope))


def test_bytes_that_are_no_envelope_are_refused() -> None:
    with pytest.raises(MalformedStatement):
        decode_envelope(b"\x0a\xff")
