"""What the commands of a node have in common."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg
import click

from federation.errors import ConfigError
from federation.serving.command import run

T = TypeVar("T")

CONFIG: Final = click.option(
    "--config",
    "config_path",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    required=True,
    help="The node's TOML file.",
)
JSON: Final = click.option("--json", "as_json", is_flag=True, help="Print JSON for a program to read.")


def run_on_databases(work: Coroutine[Any, Any, T]) -> T:
    """Run what needs databases; one that fails is told in a sentence (ConfigError)."""
    try:
        return run(work)
    except (OSError, asyncpg.PostgresError) as error:
        kind = type(error).__name__
        raise ConfigError(
            f"the source or the index database failed ({kind}); check the DSNs and the mapping"
        ) from error
