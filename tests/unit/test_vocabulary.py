"""One word for one concept: no name of ours holds a word that the glossary gives up."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("federation", "matching", "node", "coordinator", "auditor", "deploy")
CONCEPTS: list[dict[str, Any]] = tomllib.loads((ROOT / "tests" / "vocabulary.toml").read_text())["concept"]
BANNED = {word for concept in CONCEPTS for word in concept.get("never", ())}
ALLOWED = {name for concept in CONCEPTS for name in concept.get("allowed", {})}
WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
PROTO_NAME = re.compile(r"^\s*(?:message|enum|service|rpc|oneof)\s+(\w+)|\s(\w+) = \d+;", re.MULTILINE)


def banned_in(name: str) -> list[str]:
    """The banned words, alone or in the plural, that a name holds."""
    words = [word.lower() for word in WORD.findall(name)]
    return [word for word in words if {word, word.removesuffix("s"), word.removesuffix("es")} & BANNED]


def identifiers(source: str) -> Iterator[str]:
    """Names of classes, functions, arguments and fields."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.arg(arg=name) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name


def sources() -> list[Path]:
    return [
        path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if path.parent != ROOT / "federation" / "v1"
    ]


def headings() -> Iterator[tuple[Path, str]]:
    for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "protos" / "README.md"):
        text = re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE)
        for line in re.findall(r"^#+ (.*)$", text, re.MULTILINE):
            yield path.relative_to(ROOT), line


def test_no_identifier_holds_a_banned_word() -> None:
    found = {
        (str(path.relative_to(ROOT)), name)
        for path in sources()
        for name in (*identifiers(path.read_text()), path.stem)
        if banned_in(name) and name not in ALLOWED
    }
    assert not found, "see tests/vocabulary.toml"


def test_no_name_of_the_contract_holds_a_banned_word() -> None:
    found = {
        (path.name, name)
        for path in (ROOT / "protos" / "federation" / "v1").glob("*.proto")
        for pair in PROTO_NAME.findall(path.read_text())
        for name in pair
        if name and banned_in(re.sub(r"(Request|Response)$", "", name)) and name not in ALLOWED
    }
    assert not found


def test_no_heading_of_the_docs_holds_a_banned_word() -> None:
    found = {(str(path), line) for path, line in headings() if banned_in(line.replace("machine readable", ""))}
    assert not found


def test_every_term_id_keeps_to_the_vocabulary() -> None:
    terms = tomllib.loads((ROOT / "federation" / "terms.toml").read_text())
    ids = [name for table in terms.values() if isinstance(table, dict) for name in table]
    assert [name for name in ids if banned_in(name) and name not in ALLOWED] == []


def test_no_word_is_both_said_and_banned() -> None:
    said = {word for concept in CONCEPTS for word in concept["say"]}
    assert said & BANNED == set()


def test_every_exception_and_every_free_word_gives_its_reason() -> None:
    for concept in CONCEPTS:
        for name, why in {**concept.get("allowed", {}), **concept.get("free", {})}.items():
            assert len(why) > 5, name


def test_every_exception_is_still_needed() -> None:
    terms = tomllib.loads((ROOT / "federation" / "terms.toml").read_text())
    names = {name for path in sources() for name in identifiers(path.read_text())}
    names |= {name for table in terms.values() if isinstance(table, dict) for name in table}
    assert ALLOWED - names == set()


def test_the_glossary_of_the_docs_says_no_banned_word() -> None:
    rows = re.findall(r"^\| ([a-z, ]+) \|", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    assert rows
    assert [row for row in rows if banned_in(row)] == []


@pytest.mark.parametrize("name", ["clientName", "find_hit", "TrustedPeers", "timeouts", "HTTPServer"])
def test_a_banned_word_is_found_in_every_spelling(name: str) -> None:
    assert banned_in(name)


@pytest.mark.parametrize("name", ["white", "query_entry", "partyline", "resource"])
def test_a_word_that_only_holds_the_letters_is_not_banned(name: str) -> None:
    assert not banned_in(name)
