"""Building the match index from the command line, with progress and time left."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

import asyncpg

from federation.errors import ConfigError
from node.config import LoadedConfig
from node.records.build import Builder, Progress, secret_of
from node.records.mapping import load_mapping
from node.records.source import Source

_OBJECTS_BEFORE_COLLECTING: Final = 100_000  # records are many small objects, none of which refers to itself


async def index_records(loaded: LoadedConfig, at: datetime, *, show: bool, anew: bool = False) -> dict[str, Any]:
    """Build the index, going on from a build that was stopped unless `anew`.

    Returns records, how many of them a stopped build had left, seconds, and how many values of each column were not
    understood.
    """
    began = time.monotonic()
    source = Source(loaded.config.database.source_dsn, load_mapping(loaded.config.records.mapping_file))
    problems = await source.check()
    if problems:
        raise ConfigError("the mapping does not fit the agency's database: " + "; ".join(problems))
    if loaded.config.index.keeps == "keys":
        source.looks()  # refuses, before anything is read, what such an index cannot be made of
    total = await source.count()
    secret = secret_of(loaded.secret_file)
    gc.set_threshold(_OBJECTS_BEFORE_COLLECTING)
    connection = await asyncpg.connect(loaded.config.index_dsn)
    try:
        with _progress(total, show=show and sys.stderr.isatty()) as progress:
            builder = Builder(connection, secret, keeps=loaded.config.index.keeps)
            records = await builder.build(source, at, progress, anew=anew)
    finally:
        await connection.close()
    return {
        "records": records,
        "kept": builder.kept,
        "seconds": time.monotonic() - began,
        "not_understood": dict(sorted(source.faults.items())),
        "unread": source.unread,
    }


@contextmanager
def _progress(total: int, *, show: bool) -> Iterator[Progress]:
    """Show how far the build is, and how long it will take, while the caller tells it what is done."""
    if not show:
        yield lambda done: None
        return
    from rich.console import Console  # REASON: a build that nobody watches need not load what draws
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("records", total=total)
        yield lambda done: bar.update(task, completed=done)
