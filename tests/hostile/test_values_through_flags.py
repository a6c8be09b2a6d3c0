"""Hostile values as flags and arguments: a sentence and an exit code that is documented, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from auditor.cli.main import main as auditor
from coordinator.cli.asking import Wish, make_query, sign
from coordinator.cli.main import main as coordinator
from coordinator.cli.officer import Officer
from deploy.ceremony import founding
from deploy.ceremony.cli.main import main as ceremony
from deploy.ceremony.members import MemberPlan
from deploy.ceremony.officers import OfficerPlan, issue_officer
from federation.errors import MalformedStatement
from matching.describe import describe
from node.cli.main import main as node
from tests.hostile.values import OWN, Vectors, acting, naughty

SINGLE = ("--name", "--born", "--nationality", "--sex", "--document", "--case")
CHOSEN = ("--purpose", "--basis", "--class", "--audience", "--deadline", "--resume", "--lang", "--officer")
TYPED = {name: value for name, value in OWN.items() if name != "half of a character"}  # as bytes it cannot be typed
NUMBERS = ("nan", "inf", "-inf", "-1", "0", "1e400", "1e308", "0x10", "1_0", "١٠", "99999999999999999999")


@dataclass(frozen=True, slots=True)
class Folders:
    """A federation on disk of which nobody runs, and an officer's folder."""

    root: Path
    officer: Path


@pytest.fixture(scope="module", name="folders")
def _folders(tmp_path_factory: pytest.TempPathFactory) -> Folders:
    root = tmp_path_factory.mktemp("flags")
    plans = [
        MemberPlan(
            id=name,
            name_indonesian=name,
            name_english=name,
            roles=frozenset({role, "requester"}),
            endpoints={role: "127.0.0.1:1"},
        )
        for name, role in (("imigrasi", "node"), ("koordinator", "coordinator"))
    ]
    at = datetime.now(UTC)
    place = founding.create_federation(root / "federation", plans, federation="uji", at=at)
    plan = OfficerPlan(id="alya", office="Wasdak", purposes=("routine_oversight",), coordinator="koordinator")
    officer = issue_officer(root / "alya", place.member("imigrasi"), plan, at=at)
    return Folders(root=root, officer=officer.root)


def run(main: click.Command, *arguments: str) -> Result:
    """Run a command in this process and hold its end and its words to what every command promises."""
    result = CliRunner().invoke(main, list(arguments), input="n\n")
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert acting(result.output) == [], result.output
    assert "Traceback" not in result.output
    if result.exit_code:
        assert result.stderr.strip() or "Aborted" in result.output
    return result


def ask(folders: Folders, *arguments: str) -> Result:
    """Ask as the officer, with flags that are right but for those given; the coordinator is not there."""
    right = {
        "--purpose": "routine_oversight",
        "--case": "IMI-0001",
        "--name": "CHEN LI",
        "--officer": str(folders.officer),
    }
    filled = [part for flag, value in right.items() if flag not in arguments for part in (flag, value)]
    return run(coordinator, "ask", *filled, *arguments)


@pytest.mark.parametrize("value", OWN.values(), ids=OWN)
@pytest.mark.parametrize("flag", SINGLE)
def test_a_value_about_a_person_is_asked_about_or_refused_by_its_name(folders: Folders, flag: str, value: str) -> None:
    result = ask(folders, flag, value)
    asked = "Unreachable" in result.stderr and "--resume" in result.stderr
    refused = "MalformedStatement" in result.stderr and "[field " in result.stderr
    needed = result.exit_code == 2 and "is needed" in result.stderr
    assert asked or refused or needed, result.output
    assert result.exit_code == (2 if needed else 1)


@pytest.mark.parametrize("value", TYPED.values(), ids=TYPED)
@pytest.mark.parametrize("flag", CHOSEN)
def test_a_value_of_a_closed_list_is_refused_and_what_is_allowed_is_told(
    folders: Folders, flag: str, value: str
) -> None:
    result = ask(folders, flag, value)
    empty = flag in ("--basis", "--resume", "--officer") and value in ("", " ")
    assert result.exit_code in ({1, 2, 3} if empty else {2, 3}), result.output


@pytest.mark.parametrize("number", NUMBERS)
def test_a_deadline_that_is_no_time_is_refused(folders: Folders, number: str) -> None:
    result = ask(folders, "--deadline", number)
    if number in ("1_0", "١٠"):  # ten, as Python reads it
        assert result.exit_code == 1
    else:
        assert result.exit_code == 2, result.output
        assert "--deadline" in result.stderr


def test_the_published_naughty_strings_are_signed_or_refused(folders: Folders, vectors: Vectors) -> None:
    officer = Officer.from_folder(folders.officer)
    signed = 0
    for value in naughty(vectors):
        for described in ({"names": [value]}, {"born": value}, {"documents": [value]}, {"nationality": value}):
            try:
                wish = Wish(
                    purpose="routine_oversight",
                    case_reference=value[:128],
                    disclosure_class="fields",
                    subjects=(describe(**described),),  # type: ignore[arg-type]
                )
                query = make_query(wish, officer, datetime.now(UTC))
                officer.opener().query(sign(query, officer), countersigned=False)
                signed += 1
            except MalformedStatement as refused:
                assert "field" in refused.facts, value
    assert signed > 100


@pytest.mark.parametrize("value", TYPED.values(), ids=TYPED)
def test_a_flag_that_does_not_exist_is_told_without_acting(value: str) -> None:
    for main in (coordinator, node, auditor, ceremony):
        assert run(main, f"--{value}" if value.strip() else "--nothing").exit_code in (0, 2)
        assert run(main, value or "nothing").exit_code in (0, 2)


@pytest.mark.parametrize("value", TYPED.values(), ids=TYPED)
@pytest.mark.parametrize("main", [node, auditor], ids=["node", "auditor"])
def test_a_path_that_is_none_is_told_without_acting(main: click.Command, value: str) -> None:
    assert run(main, "check-config", f"--config={value}").exit_code in (2, 3)


@pytest.mark.parametrize("value", TYPED.values(), ids=TYPED)
@pytest.mark.parametrize("flag", ["--id", "--federation", "--name-id", "--name-en", "--host", "--endpoint", "--role"])
def test_a_member_of_hostile_values_is_made_whole_or_not_at_all(tmp_path: Path, flag: str, value: str) -> None:
    right = {
        "--id": "binda",
        "--federation": "uji",
        "--name-id": "B",
        "--name-en": "B",
        "--host": "127.0.0.1",
        "--endpoint": "node=127.0.0.1:1",
        "--role": "node",
    }
    given = [f"{name}={value if name == flag else text}" for name, text in right.items()]
    if flag == "--endpoint":
        given[-2] = f"--endpoint=node={value}"
    result = run(ceremony, "member", str(tmp_path / "m"), *given)
    made = tmp_path / "m" / "member.toml"
    if result.exit_code == 0:
        assert run(ceremony, "describe", str(made)).exit_code == 0
        assert run(ceremony, "describe", str(made), "--json").exit_code == 0
        described = run(ceremony, "roster", "draft", "--member", str(made), "--authority", str(made))
        assert described.exit_code == 3  # the description is read; what is no authority is told
        assert "public key in PEM" in described.stderr
    else:
        assert result.exit_code in (1, 2, 3)
        assert not (tmp_path / "m").exists(), sorted((tmp_path / "m").rglob("*"))


@pytest.mark.parametrize("value", TYPED.values(), ids=TYPED)
@pytest.mark.parametrize("flag", ["--id", "--office", "--purpose", "--coordinator"])
def test_an_officer_of_hostile_values_is_made_whole_or_not_at_all(
    folders: Folders, tmp_path: Path, flag: str, value: str
) -> None:
    right = {"--id": "budi", "--office": "W", "--purpose": "routine_oversight", "--coordinator": "koordinator"}
    given = [f"{name}={value if name == flag else text}" for name, text in right.items()]
    member = folders.root / "federation" / "members" / "imigrasi"
    result = run(ceremony, "officer", str(tmp_path / "o"), f"--member={member}", *given)
    if result.exit_code == 0:
        assert ask(folders, "--officer", str(tmp_path / "o")).exit_code == 1  # its folder is read, its query signed
    else:
        assert result.exit_code in (1, 2, 3)
        assert not (tmp_path / "o").exists()


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize(
    "command",
    ["officer o --hours", "rotate m --use log --overlap-days", "roster draft --days", "roster draft --threshold",
     "roster draft --witness-quorum", "authorities --threshold"],
)  # fmt: skip
def test_a_number_that_cannot_be_is_refused(folders: Folders, tmp_path: Path, command: str, number: str) -> None:
    federation = folders.root / "federation"
    member = federation / "members" / "imigrasi"
    public = next((federation / "authorities").glob("*.pub"))
    more = {
        "officer": ["--id=o", "--office=W", "--purpose=routine_oversight", "--coordinator=koordinator"],
        "rotate": [],
        "roster": [f"--member={member / 'member.toml'}", f"--authority={public}", f"--out={tmp_path / 'draft'}"],
        "authorities": [f"--authority={public}", f"--out={tmp_path / 'pins'}"],
    }
    words = command.split()
    name = words[0]
    if name == "officer":
        words[1:2] = [str(tmp_path / "o"), f"--member={member}"]
    elif name == "rotate":
        words[1:2] = [str(tmp_path / "nobody")]
    if "--threshold" not in command and name == "roster":
        more[name].append("--threshold=1")
    result = run(ceremony, *words[:-1], f"{words[-1]}={number}", *more[name])
    assert result.exit_code in (0, 2, 3), result.output
    if number in ("99999999999999999999", "nan", "inf", "-1"):
        assert result.exit_code in (2, 3), result.output


def test_arguments_of_bytes_that_are_no_text_end_in_a_sentence(folders: Folders) -> None:
    for value in (b"CHEN \xff\xfe LI", b"\x1b[31mCHEN\x9b", "\u202eCHEN".encode(), b"\xed\xa0\x80"):
        command: list[bytes | str] = [sys.executable, "-m", "coordinator.cli", "ask", "--purpose=routine_oversight"]
        command += [f"--officer={folders.officer}", "--case=IMI-0001", b"--name=" + value]
        found = subprocess.run(command, capture_output=True, check=False, env=os.environ | {"LC_ALL": "C.UTF-8"})
        assert found.returncode == 1, found.stderr
        told = found.stderr.decode() + found.stdout.decode()
        assert acting(told) == []
        assert "Traceback" not in told


def test_a_terminal_that_lacks_characters_is_shown_escapes(folders: Folders) -> None:
    command = [sys.executable, "-m", "deploy.ceremony", "describe"]
    file = folders.root / "federation" / "members" / "imigrasi" / "member.toml"
    other = folders.root / "other.toml"
    other.write_text(file.read_text().replace('name_english = "imigrasi"', 'name_english = "入国管理"'))
    environment = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    found = subprocess.run([*command, str(other)], capture_output=True, check=False, env=environment)
    assert found.returncode == 0, found.stderr
    assert found.stdout.isascii()


def test_nothing_that_was_typed_was_run() -> None:
    assert not Path("/tmp/simpul-was-here").exists()  # noqa: S108  # REASON: the name stands in the value itself
