"""Shell completion: what the documented line sets up, and what it then offers."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SHELLS = ("bash", "zsh", "fish")
COMMANDS = {
    "simpul-node": {
        "calibrate",
        "check-config",
        "compare",
        "create-log",
        "doctor",
        "index",
        "inspect",
        "migrate",
        "profile",
        "refresh",
        "serve",
        "trigger",
    },
    "simpul-coordinator": {"ask", "check-config", "create-log", "doctor", "migrate", "serve"},
    "simpul-auditor": {"audit", "check-config", "doctor"},
}


def completed(command: str, instruction: str, **environment: str) -> str:
    """What an installed command writes when a shell asks it to complete."""
    variable = f"_{command.replace('-', '_').upper()}_COMPLETE"
    found = subprocess.run(
        [str(Path(sys.executable).with_name(command))],
        env={**os.environ, variable: instruction, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return found.stdout


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_writes_its_completion_for_every_shell(command: str, shell: str) -> None:
    script = completed(command, f"{shell}_source")
    assert f"{shell}_complete" in script
    assert command in script


@pytest.mark.parametrize("command", COMMANDS)
def test_the_completion_offers_every_subcommand(command: str) -> None:
    offered = completed(command, "bash_complete", COMP_WORDS=f"{command} ", COMP_CWORD="1").splitlines()
    assert {line.partition(",")[2] for line in offered} >= COMMANDS[command]


def test_the_completion_offers_options_and_their_values() -> None:
    words = "simpul-coordinator ask --class "
    offered = completed("simpul-coordinator", "bash_complete", COMP_WORDS=words, COMP_CWORD="3").splitlines()
    assert "plain,comparison" in offered
    offered = completed("simpul-node", "bash_complete", COMP_WORDS="simpul-node doctor --", COMP_CWORD="2").splitlines()
    assert {"plain,--config", "plain,--json"} <= set(offered)
