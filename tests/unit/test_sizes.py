"""What a person can read: no file too long, no function too long, and none called by a name that says nothing."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("federation", "matching", "node", "coordinator", "auditor", "deploy", "bench", "tests")
FILE_LINES = 400
FUNCTION_LINES = 40
LONGER = {("node/serve.py", "running")}  # REASON: a node's parts opened in one order, that reads best in one piece
NAMELESS = {"util", "utils", "common", "helper", "helpers", "manager", "managers", "misc", "core"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources() -> list[Path]:
    """Every file that people write; federation/v1 is generated."""
    return [
        path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if path.parent != ROOT / "federation" / "v1"
    ]


def length(function: Function) -> int:
    """Lines of a function, its docstring aside."""
    lines = (function.end_lineno or function.lineno) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None and len(function.body) > 1:
        lines -= (first.end_lineno or first.lineno) - first.lineno + 1
    return lines


def test_there_are_files_to_look_at() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in sources()} >= {"federation", "node", "coordinator", "auditor"}


def test_no_file_is_longer_than_400_lines() -> None:
    assert [str(path) for path in sources() if path.read_text().count("\n") > FILE_LINES] == []


def test_no_function_is_longer_than_40_lines() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {node.name} has {length(node)} lines"
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, Function) and length(node) > FUNCTION_LINES
        if (str(path.relative_to(ROOT)), node.name) not in LONGER
    ]
    assert found == []


def test_no_file_or_folder_has_a_name_that_says_nothing() -> None:
    named = {part for path in sources() for part in path.relative_to(ROOT).with_suffix("").parts}
    assert named & NAMELESS == set()


def test_every_file_of_the_product_begins_with_its_one_sentence() -> None:
    for path in sources():
        if "tests" in path.relative_to(ROOT).parts or not path.read_text().strip():
            continue
        docstring = ast.get_docstring(ast.parse(path.read_text()))
        assert docstring, f"{path} does not say what it is"
        assert not docstring.startswith("This module"), path


def test_a_file_that_says_to_do_something_later_names_where() -> None:
    mark = "TO" + "DO"
    assert [str(path) for path in sources() if mark in path.read_text() and path != Path(__file__)] == []
