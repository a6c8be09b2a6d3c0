"""Channels to other members: mutual TLS, in which only the member's own CA may vouch for it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import grpc
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from federation.errors import ConfigError, Unreachable
from federation.keys import read_secret
from federation.roster import Member

MAX_FRAME_BYTES: Final = 1024 * 1024
MAX_PAGE_BYTES: Final = 16 * 1024 * 1024

OPTIONS: Final = (
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_receive_message_length", MAX_PAGE_BYTES),
    ("grpc.max_send_message_length", MAX_PAGE_BYTES),
    ("grpc.enable_retries", 0),
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5_000),
    ("grpc.use_local_subchannel_pool", 1),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsIdentity:
    """The certificate and private key (PEM) that this process presents."""

    certificate: bytes
    key: bytes

    @classmethod
    def from_files(cls, certificate: Path, key: Path) -> TlsIdentity:
        """Read both files; refuses a key of wider mode than 0600, and what is no key or certificate (ConfigError)."""
        try:
            found = cls(certificate=certificate.read_bytes(), key=read_secret(key))
        except OSError as error:
            raise ConfigError(f"cannot read {certificate}: {error.strerror}") from error
        found._require_readable(certificate, key)
        return found

    def _require_readable(self, certificate: Path, key: Path) -> None:
        """Given what is no certificate or key, gRPC ends the whole process."""
        try:
            x509.load_pem_x509_certificate(self.certificate)
            load_pem_private_key(self.key, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise ConfigError(f"{certificate} or {key} is not what it should be in PEM; issue both anew") from error


def open_channel(member: Member, kind: str, identity: TlsIdentity) -> grpc.aio.Channel:
    """A channel to a member's endpoint of a kind; refuses a member that names none (Unreachable)."""
    target = member.endpoints.get(kind)
    if not target:
        raise Unreachable(f"the roster names no endpoint {kind} of this member", member=member.id)
    credentials = grpc.ssl_channel_credentials(
        root_certificates=ca_pem(member.tls_ca), private_key=identity.key, certificate_chain=identity.certificate
    )
    return grpc.aio.secure_channel(target, credentials, options=OPTIONS)


def ca_pem(der: bytes) -> bytes:
    """A CA certificate of the roster as PEM."""
    return x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM)
