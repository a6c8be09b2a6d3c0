"""Envelopes as they travel."""

from __future__ import annotations

from typing import Final

from federation.envelope import MAX_ENVELOPE_BYTES, MAX_SIGNATURES, Envelope, Signature
from federation.errors import MalformedStatement
from federation.keys import SIGNATURE_BYTES
from federation.v1.envelope_pb2 import Envelope as EnvelopeMessage
from federation.v1.envelope_pb2 import Signature as SignatureMessage
from federation.wire import scalars

_MAX_DEPTH: Final = 2  # a second officer's credential is an envelope whose signatures carry no further one


def envelope_to_wire(envelope: Envelope) -> EnvelopeMessage:
    """An envelope as its message."""
    return EnvelopeMessage(
        payload=envelope.payload,
        payload_type=envelope.payload_type,
        signatures=[_signature_to_wire(signature) for signature in envelope.signatures],
    )


def envelope_from_wire(message: EnvelopeMessage, depth: int = _MAX_DEPTH) -> Envelope:
    """A message as an envelope; refuses what passes the limits (MalformedStatement). Nothing is verified here."""
    if depth == 0:
        raise MalformedStatement("credentials are nested too deep")
    scalars.at_most(message.signatures, MAX_SIGNATURES, "Envelope.signatures", least=1)
    if len(message.payload) > MAX_ENVELOPE_BYTES or not message.payload:
        raise MalformedStatement("an envelope's payload is empty or larger than 256 KiB", bytes=len(message.payload))
    return Envelope(
        payload=message.payload,
        payload_type=scalars.text(message.payload_type, "Envelope.payload_type", 128),
        signatures=tuple(_signature_from_wire(signature, depth) for signature in message.signatures),
    )


def encode_envelope(envelope: Envelope) -> bytes:
    """An envelope as the bytes that are stored as evidence and in files."""
    return envelope_to_wire(envelope).SerializeToString(deterministic=True)


def decode_envelope(content: bytes) -> Envelope:
    """Stored bytes as an envelope (MalformedStatement)."""
    if len(content) > MAX_ENVELOPE_BYTES:
        raise MalformedStatement("an envelope is larger than 256 KiB", bytes=len(content))
    return envelope_from_wire(scalars.parse(EnvelopeMessage, content))


def _signature_to_wire(signature: Signature) -> SignatureMessage:
    message = SignatureMessage(key_id=signature.key_id, sig=signature.sig)
    if signature.credential is not None:
        message.credential.CopyFrom(envelope_to_wire(signature.credential))
    return message


def _signature_from_wire(message: SignatureMessage, depth: int) -> Signature:
    credential = envelope_from_wire(message.credential, depth - 1) if message.HasField("credential") else None
    return Signature(
        key_id=scalars.text(message.key_id, "Signature.key_id", 64),
        sig=scalars.octets(message.sig, SIGNATURE_BYTES, "Signature.sig"),
        credential=credential,
    )
