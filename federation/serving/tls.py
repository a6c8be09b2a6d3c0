"""Who is calling: the peer's certificate, believed only under the CA that the roster names for that very member."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import grpc
from cryptography import x509
from cryptography.x509 import verification

from federation.calling.channels import TlsIdentity, ca_pem
from federation.errors import CallerUnknown, MemberSuspended
from federation.roster import Roster

_NAME: Final = re.compile(r"simpul://([a-z0-9_.-]+)/([a-z0-9_.-]+)(?:/officer/([a-z0-9_.-]+))?")
_CACHE_SIZE: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A caller: a member's process, or an officer of a member."""

    member: str
    officer: str = ""


class Peers:
    """Recognises callers under one roster; verifies each certificate once, then only its window."""

    def __init__(self, roster: Roster) -> None:
        self._roster = roster
        self._known: dict[bytes, tuple[Peer, datetime, datetime]] = {}

    # REASON for the ignore: the class takes no arguments at run time
    def recognise(self, context: grpc.aio.ServicerContext, at: datetime) -> Peer:  # type: ignore[type-arg]
        """The caller of a method; refuses TLS below 1.3, strangers, and members not in good standing."""
        auth = context.auth_context()
        if list(auth.get("ssl_tls_version", ())) != [b"TLSv1.3"]:
            raise CallerUnknown("this member answers under TLS 1.3 only")
        pem = next(iter(auth.get("x509_pem_cert", ())), b"")
        if not pem:
            raise CallerUnknown("the caller presented no certificate")
        return self.of_certificate(pem, at)

    def of_certificate(self, pem: bytes, at: datetime) -> Peer:
        """The member, or officer, that a certificate speaks for (CallerUnknown, MemberSuspended)."""
        known = self._known.get(pem)
        if known is None:
            known = self._verify(pem, at)
            if len(self._known) >= _CACHE_SIZE:
                self._known.clear()
            self._known[pem] = known
        peer, start, end = known
        if not start <= at <= end:
            raise CallerUnknown("the caller's certificate is outside its window; renew it", member=peer.member)
        if self._roster.by_id[peer.member].standing != "good":
            raise MemberSuspended("the member is suspended", member=peer.member)
        return peer

    def _verify(self, pem: bytes, at: datetime) -> tuple[Peer, datetime, datetime]:
        try:
            certificate = x509.load_pem_x509_certificate(pem)
        except ValueError as error:
            raise CallerUnknown("the caller's certificate cannot be read") from error
        peer = _named(certificate, self._roster.federation)
        member = self._roster.by_id.get(peer.member)
        if member is None:
            raise CallerUnknown("the caller's certificate names no member of this roster")
        store = verification.Store([x509.load_der_x509_certificate(member.tls_ca)])
        verifier = verification.PolicyBuilder().store(store).time(at).build_client_verifier()
        try:
            verifier.verify(certificate, [])
        except verification.VerificationError as error:
            raise CallerUnknown(
                "the caller's certificate was not signed by that member's own CA, or is out of its window",
                member=peer.member,
            ) from error
        return peer, certificate.not_valid_before_utc, certificate.not_valid_after_utc


def server_credentials(identity: TlsIdentity, roster: Roster) -> grpc.ServerCredentials:
    """Credentials that demand a client certificate by the CA of some member; which member is for `Peers` to say."""
    roots = b"".join(ca_pem(der) for der in sorted({m.tls_ca for m in roster.members if m.tls_ca}))
    return grpc.ssl_server_credentials(
        [(identity.key, identity.certificate)], root_certificates=roots, require_client_auth=True
    )


def _named(certificate: x509.Certificate, federation: str) -> Peer:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound as error:
        raise CallerUnknown("the caller's certificate names nobody") from error
    found = [_NAME.fullmatch(uri) for uri in names.get_values_for_type(x509.UniformResourceIdentifier)]
    named = [match for match in found if match is not None and match[1] == federation]
    if len(named) != 1:
        raise CallerUnknown("the caller's certificate must name one member of this federation")
    return Peer(member=named[0][2], officer=named[0][3] or "")
