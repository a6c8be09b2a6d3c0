"""Keys: files that only their owner reads, and public keys under which no forgery verifies."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, x25519

from federation.errors import ConfigError, MalformedStatement, UntrustedSignature
from federation.evidence import EvidenceKey
from federation.keys import SigningKey, VerifyingKey, read_secret, write_secret

P = 2**255 - 19
# The eight points of small order (RFC 7748 6.1 lists their u; these are edwards25519's), canonically encoded.
SMALL_ORDER = (
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
)
NOT_CANONICAL = (
    (P).to_bytes(32, "little").hex(),
    (P + 1).to_bytes(32, "little").hex(),
    (2**255 - 1).to_bytes(32, "little").hex(),
    "01" + "00" * 30 + "80",  # x = 0 with sign 1
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
)
NO_POINT = ("02" + "00" * 31,)


def pem_of(key: ec.EllipticCurvePrivateKey | x25519.X25519PrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.mark.parametrize("raw", [*SMALL_ORDER, *NOT_CANONICAL, *NO_POINT])
def test_a_weak_public_key_is_refused(raw: str) -> None:
    with pytest.raises(MalformedStatement, match="not canonical or is of small order"):
        VerifyingKey(bytes.fromhex(raw))


@pytest.mark.parametrize("raw", [b"", bytes(31), bytes(33)])
def test_a_public_key_of_another_length_is_refused(raw: bytes) -> None:
    with pytest.raises(MalformedStatement):
        VerifyingKey(raw)


def test_a_key_id_is_the_digest_of_the_whole_public_key_info() -> None:
    key = SigningKey.from_seed(bytes(32)).public
    assert key.key_id == hashlib.sha256(key.spki).hexdigest()
    assert VerifyingKey.from_spki(key.spki) == key


@pytest.mark.parametrize("change", [lambda spki: spki[:-1], lambda spki: spki + b"\0", lambda spki: b"\x31" + spki[1:]])
def test_a_public_key_info_of_another_form_is_refused(change: object) -> None:
    spki = SigningKey.from_seed(bytes(32)).public.spki
    assert callable(change)
    with pytest.raises(MalformedStatement, match="SubjectPublicKeyInfo"):
        VerifyingKey.from_spki(change(spki))


def test_a_signature_by_another_key_or_over_other_bytes_is_refused() -> None:
    one, other = SigningKey.from_seed(bytes(32)), SigningKey.from_seed(bytes([1]) * 32)
    signature = one.sign(b"data")
    one.public.verify(signature, b"data")
    for key, sig, data in ((other, signature, b"data"), (one, signature, b"dat"), (one, bytes(64), b"data")):
        with pytest.raises(UntrustedSignature):
            key.public.verify(sig, data)


def test_a_private_key_shows_nothing_of_itself() -> None:
    shown = repr(SigningKey.from_seed(bytes([7]) * 32)) + repr(EvidenceKey.generate())
    assert "Private" not in shown
    assert ("07" * 32) not in shown


def test_a_secret_is_written_for_its_owner_alone_and_never_over_another(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    write_secret(path, SigningKey.from_seed(bytes(32)).pem())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert SigningKey.from_file(path).public == SigningKey.from_seed(bytes(32)).public
    with pytest.raises(FileExistsError):
        write_secret(path, b"another")


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644, 0o601])
def test_a_secret_that_others_could_touch_is_refused_with_the_command_that_mends_it(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key.pem"
    write_secret(path, b"secret")
    path.chmod(mode)
    with pytest.raises(ConfigError, match=f"has mode {mode:04o}.*chmod 600"):
        read_secret(path)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot read .*absent\.pem"):
        read_secret(tmp_path / "absent.pem")


def test_a_key_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    write_secret(path, pem_of(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(ConfigError, match="not Ed25519"):
        SigningKey.from_file(path)


def test_a_key_file_that_is_no_pem_is_refused_and_its_content_not_repeated(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    write_secret(path, b"hunter2")
    with pytest.raises(ConfigError) as refused:
        SigningKey.from_file(path)
    assert "hunter2" not in str(refused.value)


def test_an_evidence_key_reads_back_from_its_two_blocks(tmp_path: Path) -> None:
    key, path = EvidenceKey.generate(), tmp_path / "evidence.pem"
    write_secret(path, key.pem())
    assert EvidenceKey.from_file(path).public == key.public


@pytest.mark.parametrize("form", ["one block", "swapped", "not pem"])
def test_an_evidence_key_file_of_another_form_is_refused(tmp_path: Path, form: str) -> None:
    mark = b"-----END PRIVATE KEY-----\n"
    one, two = (block + mark for block in EvidenceKey.generate().pem().split(mark)[:2])
    path = tmp_path / "evidence.pem"
    write_secret(path, {"one block": one, "swapped": two + one, "not pem": b"x" + mark + b"y" + mark}[form])
    with pytest.raises(ConfigError):
        EvidenceKey.from_file(path)
