from __future__ import annotations

import ipaddress
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError

from deploy.ceremony.certificates import MEMBER_DAYS, Authority, make_authority, require_authority
from federation.errors import ConfigError
from tests.unit.deploy.ceremony.plans import AT

SERVER = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
URI = "simpul://banten/imigrasi"
OFFICER = f"{URI}/officer/alya"


def authority(folder: Path, uri: str = URI) -> Authority:
    made = make_authority(uri, AT)
    folder.mkdir()
    (folder / "ca.pem").touch(mode=0o600)
    (folder / "ca.pem").write_bytes(made.key)
    (folder / "ca.crt").write_bytes(made.certificate)
    return Authority.from_files(folder / "ca.pem", folder / "ca.crt")


def policy(ca: Authority, days: float = 0) -> PolicyBuilder:
    return PolicyBuilder().store(Store([ca.certificate])).time(AT + timedelta(days=days))


def load(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def test_a_members_certificate_is_accepted_as_server_and_as_client(tmp_path: Path) -> None:
    ca = authority(tmp_path / "a")
    leaf = load(ca.for_member(URI, ("127.0.0.1", "localhost"), AT).certificate)
    assert policy(ca).build_server_verifier(SERVER).verify(leaf, []) == [leaf, ca.certificate]
    assert policy(ca).build_server_verifier(x509.DNSName("localhost")).verify(leaf, [])
    client = policy(ca).build_client_verifier().verify(leaf, [])
    assert client.subjects is not None
    assert x509.UniformResourceIdentifier(URI) in client.subjects


def test_an_officers_certificate_is_a_clients_and_never_a_servers(tmp_path: Path) -> None:
    ca = authority(tmp_path / "a")
    leaf = load(ca.for_officer(OFFICER, AT).certificate)
    client = policy(ca).build_client_verifier().verify(leaf, [])
    assert client.subjects == [x509.UniformResourceIdentifier(OFFICER)]
    usages = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    with pytest.raises(VerificationError):
        policy(ca).build_server_verifier(SERVER).verify(leaf, [])


def test_a_certificate_of_another_members_ca_is_refused_though_it_bears_the_name(tmp_path: Path) -> None:
    named, other = authority(tmp_path / "a"), authority(tmp_path / "b", "simpul://banten/binda")
    stolen = load(other.for_member(URI, ("127.0.0.1",), AT).certificate)
    with pytest.raises(VerificationError):
        policy(named).build_client_verifier().verify(stolen, [])
    assert policy(other).build_client_verifier().verify(stolen, [])


def test_a_ca_of_the_same_name_but_another_key_is_refused(tmp_path: Path) -> None:
    named, twin = authority(tmp_path / "a"), authority(tmp_path / "b")
    leaf = load(twin.for_member(URI, ("127.0.0.1",), AT).certificate)
    with pytest.raises(VerificationError):
        policy(named).build_client_verifier().verify(leaf, [])


def test_a_members_certificate_cannot_sign_another(tmp_path: Path) -> None:
    ca = authority(tmp_path / "a")
    issued = ca.for_member(URI, ("127.0.0.1",), AT)
    (tmp_path / "leaf.pem").touch(mode=0o600)
    (tmp_path / "leaf.pem").write_bytes(issued.key)
    (tmp_path / "leaf.crt").write_bytes(issued.certificate)
    forger = Authority.from_files(tmp_path / "leaf.pem", tmp_path / "leaf.crt")
    forged = load(forger.for_officer(OFFICER, AT).certificate)
    with pytest.raises(VerificationError):
        policy(ca).build_client_verifier().verify(forged, [forger.certificate])


@pytest.mark.parametrize("days", [-1, MEMBER_DAYS + 1])
def test_a_certificate_outside_its_days_is_refused(tmp_path: Path, days: float) -> None:
    ca = authority(tmp_path / "a")
    leaf = load(ca.for_member(URI, ("127.0.0.1",), AT).certificate)
    with pytest.raises(VerificationError):
        policy(ca, days).build_client_verifier().verify(leaf, [])


def test_an_end_certificate_is_no_ca_for_the_roster(tmp_path: Path) -> None:
    ca = authority(tmp_path / "a")
    with pytest.raises(ConfigError):
        require_authority(ca.for_member(URI, ("127.0.0.1",), AT).certificate)


def test_a_key_of_another_certificate_is_refused(tmp_path: Path) -> None:
    authority(tmp_path / "a")
    authority(tmp_path / "b")
    with pytest.raises(ConfigError, match="is not the key of"):
        Authority.from_files(tmp_path / "a/ca.pem", tmp_path / "b/ca.crt")
