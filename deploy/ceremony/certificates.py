"""Certificates: a member's own authority, and those it signs for the member's processes and its officers."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from deploy.ceremony.files import read_public
from federation.errors import ConfigError
from federation.keys import read_secret

CA_DAYS: Final = 5 * 365
MEMBER_DAYS: Final = 397
OFFICER_DAYS: Final = 90
_LONGEST_HOST: Final = 253
_BACKDATED: Final = timedelta(minutes=5)  # a peer's clock may be behind the machine that issued
_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DNS_NAME: Final = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
_BOTH: Final = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A certificate and its private key, both PEM."""

    key: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True)
class Authority:
    """A member's own certificate authority, in memory."""

    _key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def from_files(cls, key: Path, certificate: Path) -> Authority:
        """Read a P-256 key of mode 0600 and its certificate; refuses a pair that does not belong together."""
        try:
            private = serialization.load_pem_private_key(read_secret(key), password=None)
            found = x509.load_pem_x509_certificate(read_public(certificate))
        except (ValueError, TypeError) as error:
            raise ConfigError(f"{key} or {certificate} is not PEM of the kind it should be") from error
        if not isinstance(private, ec.EllipticCurvePrivateKey) or private.public_key() != found.public_key():
            raise ConfigError(f"{key} is not the key of {certificate}")
        return cls(private, found)

    def for_member(self, uri: str, hosts: Sequence[str], at: datetime) -> Issued:
        """A certificate with a fresh key for a member's processes, as server and as client, on these hosts."""
        names = [x509.UniformResourceIdentifier(uri), *(_host(host) for host in hosts)]
        return self._issue(names, _BOTH, at, timedelta(days=MEMBER_DAYS))

    def for_officer(self, uri: str, at: datetime) -> Issued:
        """A certificate with a fresh key for an officer, as client only."""
        names = [x509.UniformResourceIdentifier(uri)]
        return self._issue(names, (ExtendedKeyUsageOID.CLIENT_AUTH,), at, timedelta(days=OFFICER_DAYS))

    def _issue(
        self,
        names: Sequence[x509.GeneralName],
        usages: Iterable[x509.ObjectIdentifier],
        at: datetime,
        lifetime: timedelta,
    ) -> Issued:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = (
            _builder(str(names[0].value), self.certificate.subject, key.public_key(), at, lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(ca=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
            .add_extension(x509.SubjectAlternativeName(names), critical=False)
            .add_extension(issuer_id, critical=False)
            .sign(self._key, hashes.SHA256())
        )
        return Issued(key=_pem(key), certificate=certificate.public_bytes(serialization.Encoding.PEM))


def make_authority(uri: str, at: datetime) -> Issued:
    """A member's own certificate authority: P-256, signed by itself, for end certificates and no further authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"CA {uri}")
    certificate = (
        _builder(f"CA {uri}", name, key.public_key(), at, timedelta(days=CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_key_usage(ca=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Issued(key=_pem(key), certificate=certificate.public_bytes(serialization.Encoding.PEM))


def member_uri(federation: str, member: str) -> str:
    """The name by which a member's certificate speaks."""
    return f"simpul://{federation}/{member}"


def officer_uri(federation: str, member: str, officer: str) -> str:
    """The name by which an officer's certificate speaks."""
    return f"{member_uri(federation, member)}/officer/{officer}"


def require_host(host: str) -> None:
    """Refuse what is neither an address nor a name that a certificate can hold (ConfigError)."""
    if len(host) > _LONGEST_HOST or not (_is_address(host) or _DNS_NAME.fullmatch(host)):
        raise ConfigError("a host is an address (10.0.0.5) or a name in ASCII (node.example); write others as xn--")


def require_authority(pem: bytes) -> bytes:
    """The DER of a member's certificate authority; refuses another kind of certificate (ConfigError)."""
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        certificate.verify_directly_issued_by(certificate)
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except (ValueError, TypeError, x509.ExtensionNotFound) as error:
        raise ConfigError("the member's CA is not a certificate in PEM, signed by itself") from error
    except InvalidSignature as error:
        raise ConfigError("the member's CA does not verify under its own key") from error
    if not constraints.ca or not isinstance(certificate.public_key(), ec.EllipticCurvePublicKey):
        raise ConfigError("the member's CA is an end certificate, or its key is not of an elliptic curve")
    return certificate.public_bytes(serialization.Encoding.DER)


def authority_key(certificate: bytes) -> bytes:
    """The public key of a member's CA (DER) as SubjectPublicKeyInfo: what two members may never share."""
    return (
        x509.load_der_x509_certificate(certificate)
        .public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    )


def certificate_digest(certificate: bytes) -> str:
    """Hex SHA-256 of a certificate (DER), as other tools show it."""
    return hashlib.sha256(certificate).hexdigest()


def hosts_of(certificate: bytes) -> tuple[str, ...]:
    """The hosts that a member's certificate (PEM) names, so that its successor can name them too."""
    found = x509.load_pem_x509_certificate(certificate)
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    addresses = [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    return (*addresses, *names.get_values_for_type(x509.DNSName))


def serial_of(certificate: bytes) -> str:
    """The serial number of a certificate (PEM) in hex."""
    return f"{x509.load_pem_x509_certificate(certificate).serial_number:x}"


def _builder(
    name: str, issuer: x509.Name, key: ec.EllipticCurvePublicKey, at: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    start = at.replace(microsecond=0) - _BACKDATED
    return (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])  # RFC 5280: 64 at most


def _host(host: str) -> x509.GeneralName:
    return x509.IPAddress(ipaddress.ip_address(host)) if _is_address(host) else x509.DNSName(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host  # a zone means nothing on another machine


def _key_usage(*, ca: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not ca,
        key_cert_sign=ca,
        crl_sign=ca,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
