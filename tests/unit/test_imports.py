"""Who may import whom: the contracts of .importlinter hold, and what they cannot see is looked at here."""

from __future__ import annotations

import configparser
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ROLES = ("node", "coordinator", "auditor")
PACKAGES = ("federation", "matching", *ROLES, "deploy")
EDGE = {"calling", "serving", "v1", "wire"}
LIGHT = ("asyncpg", "psycopg", "federation.serving", "federation.schema", "yoyo")


@pytest.fixture(scope="module")
def contracts() -> configparser.ConfigParser:
    found = configparser.ConfigParser()
    found.read(ROOT / ".importlinter")
    return found


def listed(contracts: configparser.ConfigParser, contract: str, key: str) -> list[str]:
    return contracts[f"importlinter:contract:{contract}"][key].split()


def loaded_by(module: str) -> set[str]:
    """What a fresh interpreter has loaded once it imported `module`."""
    script = f"import sys, {module}; print(*sys.modules)"
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(found.stdout.split())


def test_every_contract_is_kept() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout + found.stderr


def test_the_contracts_look_at_every_package_of_the_product(contracts: configparser.ConfigParser) -> None:
    assert set(contracts["importlinter"]["root_packages"].split()) == set(PACKAGES)


def test_where_a_part_has_layers_no_file_of_it_is_left_out(contracts: configparser.ConfigParser) -> None:
    for section in contracts.sections():
        if contracts[section].get("type") == "layers" and "containers" in contracts[section]:
            assert contracts[section]["exhaustive"] == "true", section


def test_protobuf_is_kept_from_every_part_of_federation_but_its_edge(contracts: configparser.ConfigParser) -> None:
    parts = {path.stem for path in (ROOT / "federation").iterdir() if path.suffix == ".py" or path.is_dir()}
    kept = {name.removeprefix("federation.") for name in listed(contracts, "protobuf", "source_modules")}
    assert parts - kept - EDGE == {"__init__"} | ({"__pycache__"} & parts)


def test_an_auditor_has_no_database_and_no_server_loaded() -> None:
    loaded = loaded_by("auditor.cli.main")
    assert [name for name in LIGHT if name in loaded] == []


@pytest.mark.parametrize("role", ROLES)
def test_a_role_loads_no_other_role(role: str) -> None:
    loaded = loaded_by(f"{role}.cli.main")
    assert [other for other in ROLES if other != role and other in loaded] == []


@pytest.mark.parametrize("role", ["node", "coordinator"])
def test_a_service_does_not_load_what_migrates(role: str) -> None:
    loaded = loaded_by(f"{role}.serve")
    assert [name for name in ("federation.serving.migrating", "yoyo", "psycopg") if name in loaded] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_file_is_empty(package: str) -> None:
    filled = [str(path) for path in (ROOT / package).rglob("__init__.py") if path.read_bytes()]
    assert filled == []
