"""Building the match index from the command line, with progress and time left."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import asyncpg
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from federation.errors import ConfigError
from node.config import LoadedConfig
from node.records.build import Builder, secret_of
from node.records.mapping import load_mapping
from node.records.source import Source


async def index_records(loaded: LoadedConfig, at: datetime, *, show: bool) -> dict[str, Any]:
    """Build the index; returns records, seconds, and how many values of each column were not understood."""
    began = time.monotonic()
    source = Source(loaded.config.database.source_dsn, load_mapping(loaded.config.records.mapping_file))
    problems = await source.check()
    if problems:
        raise ConfigError("the mapping does not fit the agency's database: " + "; ".join(problems))
    total = await source.count()
    secret = secret_of(loaded.secret_file)
    connection = await asyncpg.connect(loaded.config.index_dsn)
    try:
        with _progress(show) as progress:
            task = progress.add_task("records", total=total)
            builder = Builder(connection, secret)
            records = await builder.build(source, at, lambda done: progress.update(task, completed=done))
    finally:
        await connection.close()
    return {
        "records": records,
        "seconds": time.monotonic() - began,
        "not_understood": dict(sorted(source.faults.items())),
    }


def _progress(show: bool) -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True, disable=not (show and console.is_terminal))
