"""Hostile values and bytes in every file that a command reads: the file and key named, and never a traceback."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from auditor.cli.main import main as auditor
from coordinator.cli.main import main as coordinator
from deploy.ceremony import founding
from deploy.ceremony.cli.main import main as ceremony
from deploy.ceremony.members import MemberPlan
from deploy.ceremony.officers import OfficerPlan, issue_officer
from federation.errors import ConfigError, FederationError
from federation.terms import terms
from node.cli.main import main as node
from node.records.mapping import load_mapping
from node.rules import load_policy
from tests import agencies
from tests.hostile.values import NUL, OWN, Vectors, acting, naughty

BROKEN = "an undecodable byte"
# no message holds half of a character, and no TOML either
VALUES = {
    name: value for name, value in {**OWN, "NUL": NUL}.items() if "half" not in name and "undecodable" not in name
}
CONTENTS = {
    "nothing": b"",
    "NUL bytes": bytes(100),
    "no UTF-8": b'member = "\xff\xfe"\n',
    "UTF-16": '[member]\nid = "a"\n'.encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf[member]\n",
    "nested too deep": b"a = " + b"[" * 100_000,
    "tables nested too deep": b"[" + b".".join([b"a"] * 5_000) + b"]\n",
    "a number without end": b"a = " + b"9" * 10_000 + b"\n",
    "an impossible date": b"a = 2024-02-30\n",
    "the year 0": b"a = 0000-00-00T00:00:00Z\n",
    "the year 10000": b"a = 10000-01-01\n",
    "a key twice": b"a = 1\na = 2\n",
    "keys of escapes": b'"\\u001b[2J\\u202e" = 1\n',
    "a value of another kind": b"member = 1\n",
    "infinity": b"[inquiry]\ndeadline_seconds = inf\n",
    "a megabyte": b"a = '" + b"x" * 1_000_000 + b"'\n",
    "JSON": b'{"member": {}}',
    "a private key": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
}
NODE = """[member]
federation = "uji"
id = "imigrasi"
keys = "keys"
roster_file = "roster.envelope"
authorities_file = "authorities.toml"
[listen]
address = "127.0.0.1:1"
[database]
source_dsn = "postgresql://a@/b?host=/nowhere"
log_dsn = "postgresql://a@/b?host=/nowhere"
owner_dsn = "postgresql://a@/b?host=/nowhere"
index_dsn = "postgresql://a@/b?host=/nowhere"
[log]
anchor_file = "anchor"
[telemetry]
level = "info"
[metrics]
listen = "127.0.0.1:1"
[records]
mapping_file = "mapping.toml"
[policy]
policy_file = "policy.toml"
"""
AUDITOR = """[member]
federation = "uji"
id = "inspektorat"
keys = "keys"
roster_file = "roster.envelope"
authorities_file = "authorities.toml"
[audit]
reason = "r"
case_reference = "c"
"""


@pytest.fixture(scope="module", name="made")
def _made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A federation on disk of which nobody runs."""
    root = tmp_path_factory.mktemp("files")
    roles = {"imigrasi": "node", "koordinator": "coordinator", "inspektorat": "auditor"}
    plans = [
        MemberPlan(
            id=name,
            name_indonesian=name,
            name_english=name,
            roles=frozenset({role, "requester"}),
            endpoints={} if role == "auditor" else {role: "127.0.0.1:1"},
        )
        for name, role in roles.items()
    ]
    at = datetime.now(UTC)
    place = founding.create_federation(root / "federation", plans, federation="uji", at=at)
    plan = OfficerPlan(id="alya", office="W", purposes=("routine_oversight",), coordinator="koordinator")
    issue_officer(root / "alya", place.member("imigrasi"), plan, at=at)
    home = place.member("imigrasi").root
    (home / "node.toml").write_text(NODE)
    (home / "mapping.toml").write_text(agencies.mapping("imigrasi"))
    (home / "policy.toml").write_text(agencies.policy("imigrasi"))
    (place.member("inspektorat").root / "auditor.toml").write_text(AUDITOR)
    return root


@pytest.fixture(name="home")
def _home(made: Path, tmp_path: Path) -> Path:
    """A copy of it, for one test to spoil."""
    return Path(shutil.copytree(made, tmp_path / "made"))


def run(main: click.Command, *arguments: str) -> Result:
    """Run a command in this process and hold its end and its words to what every command promises."""
    result = CliRunner().invoke(main, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), repr(result.exception)
    assert acting(result.output) == [], result.output
    assert result.exit_code == 0 or result.stderr.strip()
    return result


def leaves(table: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """The places of every text in a TOML table."""
    pairs = table.items() if isinstance(table, dict) else enumerate(table)
    for key, value in pairs:
        if isinstance(value, dict | list):
            yield from leaves(value, (*place, key))
        elif isinstance(value, str):
            yield (*place, key)


def toml(value: Any) -> str:
    """A value as inline TOML, every text escaped."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(k)} = {toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value).replace("\x7f", "\\u007f")
    return "true" if value is True else "false" if value is False else str(value)


def with_value(content: str, place: tuple[str | int, ...], value: str) -> str:
    """A TOML file in which one text is another."""
    table = tomllib.loads(content)
    inner: Any = table
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    text = "".join(f"{json.dumps(key)} = {toml(part)}\n" for key, part in table.items())
    # what is outside the first plane is written as TOML writes it, and not as two halves
    return text.encode().decode().replace("\\ud83d", "").replace("\\udb40", "").replace("\\udc41", "")


def read(kind: Callable[[Path], object], path: Path) -> str:
    """What a reader says of a file: nothing, or its error."""
    try:
        kind(path)
    except FederationError as error:
        assert path.name in error.message, error.message
        return error.message
    return ""


def policy(path: Path) -> object:
    """A policy read as a node does."""
    return load_policy(path, terms(), frozenset(agencies.TYPES["imigrasi"]))


READERS = {"mapping": (agencies.mapping("imigrasi"), load_mapping), "policy": (agencies.policy("imigrasi"), policy)}


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("name", READERS)
def test_a_value_in_a_mapping_or_policy_is_taken_or_refused_by_its_key(tmp_path: Path, name: str, value: str) -> None:
    content, kind = READERS[name]
    path = tmp_path / f"{name}.toml"
    for place in leaves(tomllib.loads(content)):
        path.write_text(with_value(content, place, value))
        read(kind, path)


@pytest.mark.parametrize("name", READERS)
def test_the_published_naughty_strings_in_a_mapping_or_policy_are_taken_or_refused(
    tmp_path: Path, name: str, vectors: Vectors
) -> None:
    content, kind = READERS[name]
    path = tmp_path / f"{name}.toml"
    places = list(leaves(tomllib.loads(content)))
    for at, value in enumerate(naughty(vectors)):
        for place in places[at % 5 :: 5]:
            path.write_text(with_value(content, place, value.replace("\udcff", "")))
            read(kind, path)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("name", READERS)
def test_a_mapping_or_policy_of_any_bytes_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / f"{name}.toml"
    path.write_bytes(content)
    assert read(READERS[name][1], path)


TEXTS_THAT_TRAVEL = (
    ("policy", ("desk", "indonesian")),
    ("policy", ("desk", "telephone")),
    ("policy", ("notice", "english")),
)


@pytest.mark.parametrize("value", ["a\x1bb", "a\x00b", "a\x9bb", "A" * 1025], ids=["escape", "NUL", "C1", "too long"])
@pytest.mark.parametrize(("name", "place"), TEXTS_THAT_TRAVEL, ids=str)
def test_a_text_that_no_reader_would_take_is_refused_where_it_is_written(
    tmp_path: Path, name: str, place: tuple[str | int, ...], value: str
) -> None:
    content, kind = READERS[name]
    path = tmp_path / f"{name}.toml"
    path.write_text(with_value(content, place, value))
    assert read(kind, path)


COLUMNS = (("record", 0, "table"), ("record", 0, "key"), ("record", 0, "person", "names", 0, "column"))


@pytest.mark.parametrize("value", ["a\x00b", ""], ids=["NUL", "empty"])
@pytest.mark.parametrize("place", COLUMNS, ids=str)
def test_a_name_that_no_database_can_have_is_refused(tmp_path: Path, place: tuple[str | int, ...], value: str) -> None:
    path = tmp_path / "mapping.toml"
    path.write_text(with_value(agencies.mapping("imigrasi"), place, value))
    assert read(load_mapping, path)


@pytest.mark.parametrize("zone", ["WIB", "+7", "+99:00", "", "Asia/Jakarta"])
def test_a_zone_that_is_none_is_refused(tmp_path: Path, zone: str) -> None:
    path = tmp_path / "mapping.toml"
    head = '[mapping]\nmember = "imigrasi"\nversion = "1"\n'
    path.write_text(agencies.mapping("imigrasi").replace(head, f"{head}zone = {toml(zone)}\n"))
    told = read(load_mapping, path)
    assert "zone" in told


@pytest.mark.parametrize("pattern", ["(", "[", "a{99999999999}", "(" * 10_000, "\\", "(?P<x", "*"])
def test_a_pattern_of_a_policy_that_is_none_is_refused(tmp_path: Path, pattern: str) -> None:
    path = tmp_path / "policy.toml"
    path.write_text(agencies.policy("imigrasi").replace(r"'IMI-\d{4}'", toml(pattern)))
    assert "pattern" in read(policy, path)


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_in_a_configuration_is_taken_or_refused(home: Path, value: str) -> None:
    where = home / "federation" / "members"
    for main, path, content in (
        (node, where / "imigrasi" / "node.toml", NODE),
        (auditor, where / "inspektorat" / "auditor.toml", AUDITOR),
    ):
        for place in leaves(tomllib.loads(content)):
            path.write_text(with_value(content, place, value))
            result = run(main, "check-config", f"--config={path}")
            assert result.exit_code in (0, 1, 2, 3), (place, result.output)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_any_bytes_as_a_file_of_a_process_are_refused(home: Path, content: bytes) -> None:
    where = home / "federation" / "members"
    for main, folder, config in ((node, "imigrasi", "node.toml"), (auditor, "inspektorat", "auditor.toml")):
        files = [config, "roster.envelope", "authorities.toml", "keys/statement.pem", "keys/evidence.pem"]
        if main is node:
            files += ["mapping.toml", "policy.toml", "keys/log.pem"]
        for name in files:
            path = where / folder / name
            kept = path.read_bytes()
            path.write_bytes(content)
            result = run(main, "check-config", f"--config={where / folder / config}")
            assert result.exit_code in (1, 2, 3), (name, result.output)
            path.write_bytes(kept)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_any_bytes_as_a_file_of_an_officer_are_refused(home: Path, content: bytes) -> None:
    officer = home / "alya"
    ask = ["ask", f"--officer={officer}", "--purpose=routine_oversight", "--case=IMI-0001", "--document=E12345678"]
    files = ("officer.toml", "credential.envelope", "officer.pem", "roster.envelope", "authorities.toml")
    for name in (*files, "tls.pem", "tls.crt"):
        path = officer / name
        kept = path.read_bytes()
        path.write_bytes(content)
        result = run(coordinator, *ask)
        assert result.exit_code in (1, 3), (name, result.output)
        path.write_bytes(kept)
    spoilt = officer / "kept.envelope"
    spoilt.write_bytes(content)
    spoilt.chmod(0o600)
    assert run(coordinator, "ask", f"--officer={officer}", f"--resume={spoilt}").exit_code in (1, 3)


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_any_bytes_as_a_file_of_a_ceremony_are_refused(home: Path, content: bytes) -> None:
    federation = home / "federation"
    good = federation / "members" / "imigrasi"
    spoilt = home / "spoilt"
    spoilt.write_bytes(content)
    spoilt.chmod(0o600)
    pins = str(federation / "authorities.toml")
    roster = str(federation / "roster.envelope")
    for line in (
        ["describe", str(spoilt)],
        ["authorities", f"--authority={spoilt}", "--threshold=1", f"--out={home / 'pins'}"],
        ["roster", "show", str(spoilt)],
        ["roster", "verify", str(spoilt), f"--authorities={pins}"],
        ["roster", "verify", roster, f"--authorities={spoilt}"],
        ["roster", "draft", f"--member={spoilt}"],
        ["roster", "draft", f"--previous={roster}", f"--authorities={pins}", f"--revoke={spoilt}"],
        ["roster", "sign", roster, f"--key={spoilt}", "--yes"],
        ["roster", "install", str(spoilt), str(good)],
    ):
        assert run(ceremony, *line).exit_code in (1, 3), line


def key_lines(key: dict[str, Any]) -> str:
    """A key of a description as TOML."""
    return "[[keys]]\n" + "".join(
        f"{name} = {value.isoformat() if isinstance(value, datetime) else toml(value)}\n" for name, value in key.items()
    )


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_a_value_in_a_members_description_is_shown_or_refused(home: Path, value: str) -> None:
    path = home / "federation" / "members" / "imigrasi" / "member.toml"
    content = path.read_text()
    for place in leaves({k: v for k, v in tomllib.loads(content).items() if k != "keys"}):
        table = tomllib.loads(content)
        keys = table.pop("keys")
        text = with_value("".join(f"{json.dumps(k)} = {toml(v)}\n" for k, v in table.items()), place, value)
        path.write_text(text + "".join(map(key_lines, keys)))
        assert run(ceremony, "describe", str(path)).exit_code in (0, 3)
        assert run(ceremony, "describe", str(path), "--json").exit_code in (0, 3)


def test_a_roster_whose_texts_hold_marks_of_direction_is_shown_without_them(home: Path) -> None:
    member = home / "federation" / "members" / "imigrasi" / "member.toml"
    member.write_text(member.read_text().replace('name_english = "imigrasi"', 'name_english = "\\u202e[bold]x[/y]"'))
    public = next((home / "federation" / "authorities").glob("*.pub"))
    draft = ["--member", str(member), "--authority", str(public), "--threshold", "1", "--out", str(home / "draft")]
    assert "<U+202E>[bold]x[/y]" in run(ceremony, "roster", "draft", *draft).output.replace("\n", "")
    shown = json.loads(run(ceremony, "roster", "show", str(home / "draft"), "--json").stdout)
    assert shown["members"][0]["name_english"] == "\u202e[bold]x[/y]"


def test_a_file_that_is_a_folder_or_may_not_be_read_is_told(home: Path) -> None:
    with pytest.raises(ConfigError):
        load_mapping(home)
    assert run(auditor, "check-config", f"--config={home}").exit_code == 2
