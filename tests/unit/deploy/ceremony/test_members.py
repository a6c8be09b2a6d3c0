from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from deploy.ceremony.certificates import hosts_of
from deploy.ceremony.description import key_id, read_description
from deploy.ceremony.members import MemberFolder, MemberPlan, create_member, renew_tls, rotate
from federation.errors import ConfigError, MalformedStatement
from federation.evidence import EvidenceKey
from federation.keys import SigningKey
from federation.tlog.note import NoteVerifier
from tests.unit.deploy.ceremony.plans import AT, plan


def made(folder: Path) -> MemberFolder:
    return create_member(folder / "binda", plan("binda"), federation="banten", at=AT)


def test_the_description_says_what_the_private_files_hold(tmp_path: Path) -> None:
    place = made(tmp_path)
    federation, member = read_description(place.description)
    assert (federation, member.id, member.roles) == ("banten", "binda", frozenset({"node", "requester"}))
    assert {key.use: key_id(key) for key in member.keys} == {
        "statement": SigningKey.from_file(place.statement_key).public.key_id,
        "log": SigningKey.from_file(place.log_key).public.key_id,
        "evidence": EvidenceKey.from_file(place.evidence_key).public.key_id,
    }
    assert NoteVerifier.from_vkey(member.log_vkey).name == member.log_origin == "binda.banten.simpul/log1"
    assert all(AT in key.window for key in member.keys)


def test_names_with_quotes_and_other_scripts_come_back_as_they_were(tmp_path: Path) -> None:
    odd = MemberPlan(
        id="odd", name_indonesian='Kantor "Utama" \\ 𝒮', name_english="Office\x09One", roles=frozenset({"requester"})
    )
    _, member = read_description(create_member(tmp_path / "odd", odd, federation="banten", at=AT).description)
    assert (member.name_indonesian, member.name_english) == (odd.name_indonesian, odd.name_english)


def test_private_files_are_their_owners_alone(tmp_path: Path) -> None:
    place = made(tmp_path / "new" / "folders")
    for path in place.keys.glob("*.pem"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    for folder in (place.keys, place.root, place.root.parent, place.root.parent.parent):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700, folder


def test_a_member_is_never_made_over_another(tmp_path: Path) -> None:
    place = made(tmp_path)
    before = {path: path.read_bytes() for path in place.keys.iterdir()}
    with pytest.raises(ConfigError, match="never overwritten"):
        made(tmp_path)
    assert {path: path.read_bytes() for path in place.keys.iterdir()} == before


@pytest.mark.parametrize("use", ["statement", "evidence"])
def test_a_new_key_lies_beside_the_old_one_while_their_windows_overlap(tmp_path: Path, use: str) -> None:
    place = made(tmp_path)
    later = AT + timedelta(days=100)
    _, before = read_description(place.description)
    old = next(before.keys_for(use, AT))
    new_id = rotate(place.root, use, at=later, overlap=timedelta(days=30))
    _, after = read_description(place.description)
    assert [key_id(key) for key in after.keys_for(use, later)] == [key_id(old), new_id]
    assert [key_id(key) for key in after.keys_for(use, later + timedelta(days=31))] == [new_id]
    assert [key_id(key) for key in after.keys_for(use, AT)] == [key_id(old)]
    kept = place.keys / f"{use}-{key_id(old)[:16]}.pem"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert after.log_vkey == before.log_vkey


def test_a_new_log_key_begins_a_new_log(tmp_path: Path) -> None:
    place = made(tmp_path)
    rotate(place.root, "log", at=AT + timedelta(days=1))
    _, member = read_description(place.description)
    assert member.log_origin == "binda.banten.simpul/log2"
    assert NoteVerifier.from_vkey(member.log_vkey).key == SigningKey.from_file(place.log_key).public


def test_a_renewed_certificate_names_the_same_hosts_and_the_old_pair_is_kept(tmp_path: Path) -> None:
    place = made(tmp_path)
    old = place.tls_certificate.read_bytes()
    renew_tls(place.root, at=AT + timedelta(days=300))
    new = place.tls_certificate.read_bytes()
    assert new != old
    assert hosts_of(new) == hosts_of(old) == ("127.0.0.1", "localhost")
    serial = f"{x509.load_pem_x509_certificate(old).serial_number:x}"
    assert (place.keys / f"tls-{serial}.crt").read_bytes() == old
    assert (place.keys / f"tls-{serial}.pem").exists()


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('roles = ["node"', 'roles = ["king"', "roles"),
        ('id = "binda"', 'id = "Binda"', "lower-case"),
        ('name_english = "Office', 'name_english = "\\u001b[2J', "control character"),
        ("log_vkey = ", 'log_name = "x"\nlog_vkey = ', "log_name"),
        ('use = "evidence"', 'use = "statement"', "statement key|Ed25519"),
        ("/log1+", "/log2+", "verifier key"),
    ],
)
def test_a_description_that_was_tampered_with_is_refused(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    place = made(tmp_path)
    text = place.description.read_text()
    assert old in text
    place.description.write_text(text.replace(old, new, 1))
    with pytest.raises(ConfigError, match=complaint):
        read_description(place.description)


def test_a_plan_of_an_unknown_role_or_a_bad_id_is_refused() -> None:
    with pytest.raises(ConfigError, match="roles"):
        plan("binda", "king")
    with pytest.raises(MalformedStatement, match="lower-case"):
        plan("Binda Banten")
