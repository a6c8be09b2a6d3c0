"""A log looked at without taking hold of it: checked as at the start of a service, which may be running meanwhile."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import asyncpg

from federation.tlog.anchor import read_anchor
from federation.tlog.check import RequestOf, Stored, check_entries, load, require_promised
from federation.tlog.copies import load_tile
from federation.tlog.note import NoteVerifier
from federation.tlog.session import require_durable
from federation.tlog.tree import TreeReader

HASHED: Final = 100_000


async def look(pool: asyncpg.Pool, verifier: NoteVerifier, anchor: Path, request_of: RequestOf | None = None) -> Stored:
    """Check a log against its signatures, its anchor and, up to 100,000 of them, its entries; writes nothing.

    Refuses what `Log.open` refuses, but for a log that another process holds (ConfigError, CorruptLog). Errors of the
    database pass through.
    """
    promised = read_anchor(anchor, verifier)  # first: a running service commits, and only then promises
    async with pool.acquire() as connection:
        await require_durable(connection)
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            stored = await load(connection, verifier)
            if stored.tree.size <= HASHED:
                await check_entries(connection, stored.tree, request_of)
    await require_promised(promised, stored, TreeReader(partial(load_tile, pool)))
    return stored
