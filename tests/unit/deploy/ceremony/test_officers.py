from __future__ import annotations

import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from deploy.ceremony.description import read_description
from deploy.ceremony.files import read_envelope
from deploy.ceremony.founding import Federation, change_roster, create_federation
from deploy.ceremony.members import rotate
from deploy.ceremony.officers import OfficerFile, issue_officer, renew_credential, renew_officer_tls
from deploy.ceremony.rosters import RosterPlan, digest_of
from federation.config import load
from federation.errors import ConfigError, UntrustedSignature
from federation.keys import SigningKey
from federation.pins import load_pins, open_roster_file
from federation.seal import Opener
from tests.unit.deploy.ceremony.plans import AT, officer, plan


@pytest.fixture(name="federation")
def _federation(tmp_path: Path) -> Federation:
    return create_federation(tmp_path / "banten", [plan("imigrasi"), plan("binda")], federation="banten", at=AT)


def test_a_federation_in_one_folder_opens_under_its_pins(federation: Federation) -> None:
    roster = federation.open_roster().statement
    assert [member.id for member in roster.members] == ["binda", "imigrasi"]
    assert len(federation.open_roster().envelope.signatures) == roster.threshold == 2
    for member in ("binda", "imigrasi"):
        place = federation.member(member)
        assert open_roster_file(place.roster, load_pins(place.authorities)).statement == roster
    for path in federation.root.rglob("*.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_a_federation_is_never_made_over_another(federation: Federation) -> None:
    with pytest.raises(ConfigError, match="holds a federation already"):
        create_federation(federation.root, [plan("imigrasi")], federation="banten", at=AT)


def test_an_officers_credential_opens_under_the_roster(federation: Federation, tmp_path: Path) -> None:
    place = issue_officer(tmp_path / "alya", federation.member("imigrasi"), officer(), at=AT)
    found = Opener(federation.open_roster()).credential(read_envelope(place.credential)).statement
    assert (found.member, found.officer, found.purposes) == ("imigrasi", "alya", ("routine_oversight",))
    assert found.public_key == SigningKey.from_file(place.key).public
    assert (found.window.start, found.window.end) == (AT, AT + timedelta(hours=12))
    config = load(place.config, OfficerFile)
    assert (config.federation, config.coordinator) == ("banten", "koordinator")
    pins = load_pins(place.root / config.authorities)
    assert open_roster_file(place.root / config.roster, pins).digest == federation.open_roster().digest
    names = x509.load_pem_x509_certificate(place.tls_certificate.read_bytes()).extensions
    uri = names.get_extension_for_class(x509.SubjectAlternativeName).value
    assert uri.get_values_for_type(x509.UniformResourceIdentifier) == ["simpul://banten/imigrasi/officer/alya"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.root.glob("*.pem")} == {0o600}


def test_an_officer_is_never_made_over_another(federation: Federation, tmp_path: Path) -> None:
    place = issue_officer(tmp_path / "alya", federation.member("imigrasi"), officer(), at=AT)
    key = place.key.read_bytes()
    with pytest.raises(ConfigError, match="holds an officer already"):
        issue_officer(tmp_path / "alya", federation.member("imigrasi"), officer(), at=AT)
    assert place.key.read_bytes() == key


def test_a_renewed_credential_keeps_the_key_and_the_old_one_can_be_revoked(
    federation: Federation, tmp_path: Path
) -> None:
    member, later = federation.member("imigrasi"), AT + timedelta(hours=11)
    place = issue_officer(tmp_path / "alya", member, officer(), at=AT)
    old, key = read_envelope(place.credential), place.key.read_bytes()
    renew_credential(place.root, member, purposes=("lodging_check",), hours=8, at=later)
    assert place.key.read_bytes() == key
    kept = place.root / f"credential-{old.statement_digest.hex()[:16]}.envelope"
    change_roster(federation, RosterPlan(federation="banten", revoke=frozenset({digest_of(kept)})), at=later)
    opener = Opener(federation.open_roster())
    assert opener.credential(read_envelope(place.credential)).statement.window.end == later + timedelta(hours=8)
    with pytest.raises(UntrustedSignature, match="revoked"):
        opener.credential(old)


def test_another_member_renews_nobodys_credential(federation: Federation, tmp_path: Path) -> None:
    place = issue_officer(tmp_path / "alya", federation.member("imigrasi"), officer(), at=AT)
    with pytest.raises(ConfigError, match="another member"):
        renew_credential(place.root, federation.member("binda"), purposes=("lodging_check",), at=AT)


def test_a_renewed_client_certificate_keeps_the_old_pair(federation: Federation, tmp_path: Path) -> None:
    member = federation.member("imigrasi")
    place = issue_officer(tmp_path / "alya", member, officer(), at=AT)
    renew_officer_tls(place.root, member, at=AT)
    assert len(list(place.root.glob("tls*.pem"))) == len(list(place.root.glob("tls*.crt"))) == 2


def test_no_credential_is_issued_that_the_roster_would_not_let_through(federation: Federation, tmp_path: Path) -> None:
    member, later = federation.member("imigrasi"), AT + timedelta(days=1)
    rotate(member.root, "statement", at=later)
    with pytest.raises(ConfigError, match="install the roster"):
        issue_officer(tmp_path / "alya", member, officer(), at=later)
    assert not (tmp_path / "alya").exists()
    described = read_description(member.description)[1]
    change_roster(federation, RosterPlan(federation="banten", members=(described,)), at=later)
    place = issue_officer(tmp_path / "alya", member, officer(), at=later)
    assert Opener(federation.open_roster()).credential(read_envelope(place.credential))


def test_a_suspended_member_vouches_for_nobody(federation: Federation, tmp_path: Path) -> None:
    change_roster(federation, RosterPlan(federation="banten", suspend=frozenset({"imigrasi"})), at=AT)
    with pytest.raises(ConfigError, match="suspended"):
        issue_officer(tmp_path / "alya", federation.member("imigrasi"), officer(), at=AT)


def test_purposes_outside_the_terms_and_long_windows_are_refused() -> None:
    with pytest.raises(ConfigError, match="purposes"):
        replace(officer(), purposes=("curiosity",))
    with pytest.raises(ConfigError, match="hours"):
        officer(hours=10_000)
