from __future__ import annotations

import contextlib
import json
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from deploy.ceremony.cli.main import main
from deploy.ceremony.cli.roster import roster
from deploy.ceremony.files import read_envelope
from deploy.ceremony.officers import OfficerFolder
from federation.errors import UntrustedSignature
from federation.pins import load_pins, open_roster_file
from federation.seal import Opener

PAGE = Path(__file__).resolve().parents[2] / "docs" / "operating" / "ceremony.md"
PREFIX = "python -m deploy.ceremony "
MEMBER = "member binda --id binda --federation banten --name-id B --name-en B --role node --host 127.0.0.1"


def run(line: str, answer: str = "") -> Result:
    return CliRunner().invoke(main, shlex.split(line), input=answer)


def done(line: str, answer: str = "") -> Result:
    result = run(line, answer)
    assert result.exit_code == 0, f"{line}\n{result.output}"
    return result


@pytest.fixture(autouse=True)
def _here(tmp_path: Path) -> Iterator[None]:
    with contextlib.chdir(tmp_path):
        yield


@pytest.fixture(name="signed_once")
def _signed_once() -> None:
    for name in "abc":
        done(f"authority {name} --id {name}")
    publics = "--authority a/a.pub --authority b/b.pub --authority c/c.pub --threshold 2"
    done(f"authorities {publics}")
    done(MEMBER)
    done(f"roster draft --member binda/member.toml {publics}")
    done("roster sign roster.draft --key a/a.pem --out roster.envelope --yes")


def commands_of_the_page() -> list[str]:
    lines = PAGE.read_text().splitlines()
    return [line.removeprefix(PREFIX) for line in lines if line.startswith(PREFIX)]


def test_every_command_of_the_page_does_what_the_page_says() -> None:
    lines = commands_of_the_page()
    assert {line.split()[0] for line in lines} == set(main.commands)
    for line in lines:
        done(line, "y\n")
    pins = load_pins(Path("imigrasi/authorities.toml"))
    held = open_roster_file(Path("imigrasi/roster.envelope"), pins)
    assert held.statement.version == 2
    assert held.statement.member("inspektorat").standing == "suspended"
    place = OfficerFolder(Path("alya"))
    opener = Opener(held)
    assert opener.credential(read_envelope(place.credential)).statement.officer == "alya"
    kept = [path for path in place.root.glob("credential-*.envelope") if _is_revoked(opener, path)]
    assert len(kept) == 1


def _is_revoked(opener: Opener, path: Path) -> bool:
    try:
        opener.credential(read_envelope(path))
    except UntrustedSignature:
        return True
    return False


@pytest.mark.usefixtures("signed_once")
def test_a_roster_that_one_of_two_signed_is_refused_with_code_1() -> None:
    result = run("roster verify roster.envelope --authorities authorities.toml")
    assert result.exit_code == 1
    assert "too few authority signatures (has 1, needs 2)" in result.stderr
    assert run("roster install roster.envelope binda --authorities authorities.toml").exit_code == 1
    assert not Path("binda/roster.envelope").exists()
    assert not Path("binda/authorities.toml").exists()


@pytest.mark.usefixtures("signed_once")
def test_what_is_signed_is_shown_first_and_a_no_signs_nothing() -> None:
    before = Path("roster.envelope").read_bytes()
    result = run("roster sign roster.envelope --key b/b.pem", "n\n")
    assert result.exit_code == 1
    assert "You are about to sign" in result.output
    assert "binda" in result.output
    assert Path("roster.envelope").read_bytes() == before


@pytest.mark.usefixtures("signed_once")
def test_json_is_all_that_a_program_reads() -> None:
    signed = json.loads(done("roster sign roster.envelope --key b/b.pem --yes --json").stdout)
    assert signed["signatures_still_needed"] == 0
    shown = json.loads(done("roster verify roster.envelope --authorities authorities.toml --json").stdout)
    assert [member["id"] for member in shown["members"]] == ["binda"]
    assert json.loads(done("describe binda/member.toml --json").stdout)["id"] == "binda"
    assert run("roster sign roster.envelope --key c/c.pem --json").exit_code == 2


@pytest.mark.usefixtures("signed_once")
def test_a_later_version_is_signed_only_beside_the_one_it_changes() -> None:
    done("roster sign roster.envelope --key b/b.pem --yes")
    known = "--previous roster.envelope --authorities authorities.toml"
    done(f"roster draft {known} --suspend binda --out next.draft")
    assert run("roster sign next.draft --key a/a.pem --yes").exit_code == 2
    assert run("roster sign next.draft --key a/a.pem --previous roster.envelope --yes").exit_code == 2
    result = done(f"roster sign next.draft --key a/a.pem {known}", "y\n")
    assert "binda: standing was good, becomes suspended" in result.output
    assert "signatures still needed" in result.output


@pytest.mark.usefixtures("signed_once")
def test_a_version_that_follows_another_is_not_signed() -> None:
    done("roster sign roster.envelope --key b/b.pem --yes")
    known = "--previous roster.envelope --authorities authorities.toml"
    done(f"roster draft {known} --out two.draft")
    for name in "ab":
        done(f"roster sign two.draft --key {name}/{name}.pem --yes {known}")
    done("roster draft --previous two.draft --authorities authorities.toml --out three.draft")
    result = run(f"roster sign three.draft --key a/a.pem --yes {known}")
    assert result.exit_code == 1
    assert "does not directly follow" in result.stderr


def test_a_key_is_never_overwritten_and_the_code_is_3() -> None:
    done("authority a --id a")
    done(MEMBER)
    keys = {path: path.read_bytes() for path in Path().rglob("*.pem")}
    for line in ("authority a --id a", MEMBER):
        result = run(line)
        assert result.exit_code == 3
        assert "never overwritten" in result.stderr
    assert {path: path.read_bytes() for path in Path().rglob("*.pem")} == keys


def test_a_key_that_others_could_read_is_refused_with_code_3() -> None:
    done(MEMBER)
    Path("binda/keys/ca.pem").chmod(0o644)
    result = run("tls binda")
    assert result.exit_code == 3
    assert "chmod 600" in result.stderr


@pytest.mark.parametrize(
    "line",
    ["authority a", "member binda --id binda", f"{MEMBER} --endpoint node", "rotate binda --use tls", "roster draw"],
)
def test_a_wrong_command_line_has_code_2(line: str) -> None:
    assert run(line).exit_code == 2


@pytest.mark.parametrize(
    "line", [*sorted(set(main.commands) - {"roster"}), *(f"roster {name}" for name in sorted(roster.commands))]
)
def test_every_command_explains_itself(line: str) -> None:
    assert f"  python -m deploy.ceremony {line} " in done(f"{line} --help").output


def test_the_exit_codes_are_told() -> None:
    output = done("--help").output
    assert all(f"    {code}  " in output for code in range(4))
