"""The node's match index opened as its configuration says: beside the agency's tables, where it keeps keys alone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from node.config import LoadedConfig, parameters_of
from node.records.atsource import AtSource
from node.records.index import Index
from node.records.mapping import load_mapping
from node.records.source import Source


@asynccontextmanager
async def opened_index(loaded: LoadedConfig, pool: asyncpg.Pool) -> AsyncIterator[Index]:
    """Open the index in `pool` to compare by the parameters in force; ConfigError where it does not fit."""
    parameters = parameters_of(loaded)
    if loaded.config.index.keeps == "values":
        yield await Index.open(pool, loaded.secret_file, parameters)
        return
    source = Source(loaded.config.database.source_dsn, load_mapping(loaded.config.records.mapping_file))
    async with AtSource.open(source) as at_source:
        yield await Index.open(pool, loaded.secret_file, parameters, at_source)
