"""Who a certificate speaks for: the member it names, if that member's own CA signed it, and nobody else."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from deploy.ceremony.certificates import Authority, make_authority, member_uri, officer_uri
from federation.errors import CallerUnknown, MemberSuspended
from federation.keys import write_secret
from federation.roster import Roster
from federation.serving.tls import Peer, Peers
from tests.vectors import cast

AT = cast.AT + timedelta(hours=1)


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Authority]:
    """The CA of every member."""
    folder = tmp_path_factory.mktemp("authorities")
    found = {}
    for member in cast.roster().members:
        issued = make_authority(member_uri(cast.FEDERATION, member.id), cast.AT)
        key, certificate = folder / f"{member.id}.key", folder / f"{member.id}.crt"
        write_secret(key, issued.key)
        certificate.write_bytes(issued.certificate)
        found[member.id] = Authority.from_files(Path(key), Path(certificate))
    return found


@pytest.fixture(scope="module")
def roster(authorities: dict[str, Authority]) -> Roster:
    """The roster with every member's CA."""
    members = tuple(
        replace(member, tls_ca=authorities[member.id].certificate.public_bytes(Encoding.DER))
        for member in cast.roster().members
    )
    return replace(cast.roster(), members=members)


def issued(authority: Authority, uri: str) -> bytes:
    return authority.for_member(uri, ["localhost"], cast.AT).certificate


def own(authorities: dict[str, Authority], member: str = cast.NODE) -> bytes:
    return issued(authorities[member], member_uri(cast.FEDERATION, member))


def test_a_member_is_known_by_its_own_ca(roster: Roster, authorities: dict[str, Authority]) -> None:
    for member in authorities:
        assert Peers(roster).of_certificate(own(authorities, member), AT) == Peer(member=member)


def test_an_officer_is_known_by_the_members_ca(roster: Roster, authorities: dict[str, Authority]) -> None:
    uri = officer_uri(cast.FEDERATION, cast.REQUESTER, "sari")
    pem = authorities[cast.REQUESTER].for_officer(uri, cast.AT).certificate
    assert Peers(roster).of_certificate(pem, AT) == Peer(member=cast.REQUESTER, officer="sari")


def test_another_members_ca_does_not_speak_for_it(roster: Roster, authorities: dict[str, Authority]) -> None:
    pem = issued(authorities[cast.REQUESTER], member_uri(cast.FEDERATION, cast.NODE))
    with pytest.raises(CallerUnknown, match="own CA"):
        Peers(roster).of_certificate(pem, AT)


@pytest.mark.parametrize(
    "uri",
    [
        "simpul://lain/polri",
        "simpul://contoh/nobody",
        "simpul://contoh/",
        "simpul://contoh/polri/",
        "simpul://contoh/polri/officer/",
        "simpul://contoh/polri/officer/x/y",
        "spiffe://contoh/polri",
        "simpul://contoh/POLRI",
        "xsimpul://contoh/polri",
    ],
)
def test_a_certificate_of_another_name_is_nobodys(roster: Roster, authorities: dict[str, Authority], uri: str) -> None:
    with pytest.raises(CallerUnknown):
        Peers(roster).of_certificate(issued(authorities[cast.NODE], uri), AT)


def test_a_certificate_is_good_in_its_window_alone_and_that_is_looked_at_each_time(
    roster: Roster, authorities: dict[str, Authority]
) -> None:
    pem, peers = own(authorities), Peers(roster)
    certificate = x509.load_pem_x509_certificate(pem)
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    second = timedelta(seconds=1)
    for at in (start, AT, end):
        assert peers.of_certificate(pem, at).member == cast.NODE
    for at in (start - second, end + second):
        with pytest.raises(CallerUnknown, match="outside its window"):
            peers.of_certificate(pem, at)
        with pytest.raises(CallerUnknown):
            Peers(roster).of_certificate(pem, at)


def test_a_suspended_member_is_told_so(roster: Roster, authorities: dict[str, Authority]) -> None:
    members = tuple(replace(m, standing="suspended") if m.id == cast.NODE else m for m in roster.members)
    with pytest.raises(MemberSuspended):
        Peers(replace(roster, members=members)).of_certificate(own(authorities), AT)


@pytest.mark.parametrize("pem", [b"", b"not a certificate", b"-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_bytes_that_are_no_certificate_are_nobodys(roster: Roster, pem: bytes) -> None:
    with pytest.raises(CallerUnknown, match="cannot be read"):
        Peers(roster).of_certificate(pem, AT)
