from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from deploy.ceremony.certificates import Authority, member_uri
from deploy.ceremony.founding import Federation, create_federation
from deploy.ceremony.officers import issue_officer
from federation.errors import CallerUnknown
from federation.serving.tls import Peer, Peers
from tests.unit.deploy.ceremony.plans import AT, officer, plan


@pytest.fixture(name="federation")
def _federation(tmp_path: Path) -> Federation:
    return create_federation(tmp_path / "banten", [plan("imigrasi"), plan("binda")], federation="banten", at=AT)


def test_members_and_officers_are_recognised_by_the_certificates_made_for_them(federation: Federation) -> None:
    member = federation.member("imigrasi")
    place = issue_officer(member.root / "officers" / "alya", member, officer(), at=AT)
    peers = Peers(federation.open_roster().statement)
    assert peers.of_certificate(member.tls_certificate.read_bytes(), AT) == Peer(member="imigrasi")
    assert peers.of_certificate(place.tls_certificate.read_bytes(), AT) == Peer(member="imigrasi", officer="alya")


def test_a_member_that_signs_itself_anothers_name_is_not_recognised(federation: Federation) -> None:
    binda = federation.member("binda")
    authority = Authority.from_files(binda.ca_key, binda.ca_certificate)
    stolen = authority.for_member(member_uri("banten", "imigrasi"), ("127.0.0.1",), AT).certificate
    peers = Peers(federation.open_roster().statement)
    with pytest.raises(CallerUnknown, match="own CA"):
        peers.of_certificate(stolen, AT)
    taken_over = replace(federation.open_roster().statement.member("imigrasi"), tls_ca=_ca(federation, "binda"))
    roster = replace(federation.open_roster().statement, members=(taken_over,))
    assert Peers(roster).of_certificate(stolen, AT) == Peer(member="imigrasi")


def _ca(federation: Federation, member: str) -> bytes:
    return federation.open_roster().statement.member(member).tls_ca
