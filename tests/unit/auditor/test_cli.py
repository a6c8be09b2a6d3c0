"""The command: its files, its exit codes, and an audit of copies without a network."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from auditor.cli.main import main
from auditor.config import load_settings
from auditor.copies import save
from deploy.ceremony.certificates import make_authority
from federation.errors import ConfigError
from federation.instant import Window
from federation.keys import SigningKey, write_secret
from federation.wire.envelope import encode_envelope
from tests.unit.auditor.invented import Invented

CONFIG = """
[member]
federation = "indonesia"
id = "ombudsman"
keys = "keys"
roster_file = "roster.envelope"
authorities_file = "authorities.toml"

[audit]
reason = "yearly audit"
case_reference = "OMB/2025/1"
"""


def founded(folder: Path, *, days: int = 100, config: str = CONFIG) -> Invented:
    """A federation whose roster is in force now, and the auditor's files in a folder."""
    world = Invented()
    now = datetime.now(UTC)
    window = Window(now - timedelta(days=200), now + timedelta(days=days))
    members = tuple(
        replace(member, keys=tuple(replace(key, window=window) for key in member.keys))
        for member in map(world.member, world.keys)
    )
    world.verified = world.found(replace(world.roster(), members=members, window=window))
    for name in world.logs:
        world.logs[name] = world.new_log(name)
        world.accept_roster(name, world.verified.envelope)
    keys = world.keys["ombudsman"]
    (folder / "keys").mkdir()
    write_secret(folder / "keys" / "statement.pem", keys.statement.pem())
    write_secret(folder / "keys" / "evidence.pem", keys.evidence.pem())
    issued = make_authority("simpul://contoh/ombudsman", now)
    write_secret(folder / "keys" / "tls.pem", issued.key)
    (folder / "keys" / "tls.crt").write_bytes(issued.certificate)
    (folder / "roster.envelope").write_bytes(encode_envelope(world.verified.envelope))
    (folder / "authorities.toml").write_text(f'threshold = 1\nkeys = ["{world.authority.public.spki.hex()}"]\n')
    (folder / "auditor.toml").write_text(config)
    return world


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [arguments[0], "--config", str(folder / "auditor.toml"), *arguments[1:]])


def test_copies_of_an_honest_federation_exit_with_0(tmp_path: Path) -> None:
    save(founded(tmp_path).copies(), tmp_path / "copies")
    done = run(tmp_path, "audit", "--copies", str(tmp_path / "copies"), "--lang", "en")
    assert (done.exit_code, "Clean" in done.stdout) == (0, True)


def test_findings_exit_with_1_and_stand_in_the_json(tmp_path: Path) -> None:
    copies = founded(tmp_path).copies()
    copies["polri"] = replace(copies["polri"], evidence=())
    save(copies, tmp_path / "copies")
    done = run(tmp_path, "audit", "--copies", str(tmp_path / "copies"), "--json")
    assert done.exit_code == 1
    assert [f["kind"] for f in json.loads(done.stdout)["findings"]] == ["evidence_missing"]


def test_a_member_without_a_copy_exits_with_3(tmp_path: Path) -> None:
    copies = founded(tmp_path).copies()
    del copies["polri"]
    save(copies, tmp_path / "copies")
    assert run(tmp_path, "audit", "--copies", str(tmp_path / "copies")).exit_code == 3


def test_a_member_whose_endpoint_the_roster_does_not_name_exits_with_3(tmp_path: Path) -> None:
    founded(tmp_path)
    done = run(tmp_path, "audit", "--json")
    assert done.exit_code == 3
    assert {f["kind"] for f in json.loads(done.stdout)["findings"]} == {"not_copied"}


def test_check_config_prints_what_is_in_force(tmp_path: Path) -> None:
    founded(tmp_path)
    done = run(tmp_path, "check-config")
    assert done.exit_code == 0
    assert "member = ombudsman" in done.stdout
    assert "roster version = 1" in done.stdout


def test_a_roster_that_has_expired_exits_with_2(tmp_path: Path) -> None:
    founded(tmp_path, days=-1)
    done = run(tmp_path, "check-config")
    assert (done.exit_code, "expired" in done.stderr) == (2, True)


def test_a_key_that_the_roster_does_not_name_exits_with_2(tmp_path: Path) -> None:
    founded(tmp_path)
    (tmp_path / "keys" / "statement.pem").unlink()
    write_secret(tmp_path / "keys" / "statement.pem", SigningKey.generate().pem())
    done = run(tmp_path, "check-config")
    assert (done.exit_code, "does not name the key" in done.stderr) == (2, True)


def test_a_member_that_is_no_auditor_exits_with_2(tmp_path: Path) -> None:
    founded(tmp_path, config=CONFIG.replace('"ombudsman"', '"polri"'))
    done = run(tmp_path, "audit")
    assert (done.exit_code, "no auditor polri" in done.stderr) == (2, True)


def test_a_missing_configuration_exits_with_2(tmp_path: Path) -> None:
    done = run(tmp_path, "audit")
    assert (done.exit_code, "cannot read" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('reason = "yearly audit"', 'reason = " "', "reason is empty"),
        ('reason = "yearly audit"', "reason = 5", "Expected `str`"),
        ("case_reference", "case_number", "unknown field `case_number`"),
        ('id = "ombudsman"', "", "required field `id`"),
    ],
)
def test_a_configuration_that_is_not_understood_is_refused(tmp_path: Path, old: str, new: str, said: str) -> None:
    path = tmp_path / "auditor.toml"
    path.write_text(CONFIG.replace(old, new))
    with pytest.raises(ConfigError, match=said):
        load_settings(path)


def test_help_tells_the_exit_codes_and_examples() -> None:
    done = CliRunner().invoke(main, ["audit", "--help"])
    assert "Exit codes" in done.stdout
    assert "simpul-auditor audit" in done.stdout


def test_the_configuration_in_the_operating_page_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "operating" / "auditor.md").read_text(encoding="utf-8")
    (tmp_path / "auditor.toml").write_text(page.partition("```toml\n")[2].partition("```")[0], encoding="utf-8")
    assert load_settings(tmp_path / "auditor.toml").case_reference == "OMB/2026/1"
