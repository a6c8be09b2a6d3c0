"""The committed stubs are what the .proto files make, and the .proto files keep buf's rules."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STUBS = ROOT / "federation" / "v1"
BUF = Path(sys.executable).with_name("buf")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stubs made anew."""
    folder = tmp_path_factory.mktemp("stubs")
    script = ROOT / "protos" / "generate.sh"
    subprocess.run(
        ["sh", script, folder],
        check=True,
        capture_output=True,
        env={"PYTHON": sys.executable, "PATH": "/usr/bin:/bin"},
    )
    return folder / "federation" / "v1"


def test_the_stubs_are_byte_for_byte_what_the_protos_make(made: Path) -> None:
    fresh = {path.name: path.read_bytes() for path in made.iterdir()}
    committed = {
        path.name: path.read_bytes()
        for path in STUBS.iterdir()
        if path.suffix in {".py", ".pyi"} and path.name != "__init__.py"
    }
    assert sorted(fresh) == sorted(committed)
    for name, content in fresh.items():
        assert content == committed[name], f"{name} is stale: run make stubs"


def test_every_proto_has_its_stub(made: Path) -> None:
    protos = {path.stem for path in (ROOT / "protos" / "federation" / "v1").glob("*.proto")}
    assert {f"{name}_pb2.py" for name in protos} <= {path.name for path in made.iterdir()}


def test_the_protos_keep_the_rules_of_buf_lint() -> None:
    found = subprocess.run([BUF, "lint"], cwd=ROOT / "protos", capture_output=True, text=True, check=False)
    assert (found.returncode, found.stdout) == (0, ""), found.stdout + found.stderr
