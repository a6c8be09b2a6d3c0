"""Queries already received and the replies given: the same bytes get the same reply, other bytes under one id none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from federation.append import MemberLog
from federation.envelope import Envelope
from federation.errors import QueryIdReused
from federation.query import Query
from federation.seal import Verified
from federation.tlog.rows import Appended
from federation.wire.entry import decode_entry

_KNOWN: Final = """
SELECT r.query_digest, r.query_id, p.reply_index, e.leaf
FROM simpul.received AS r
LEFT JOIN simpul.replay AS p ON p.query_digest = r.query_digest
LEFT JOIN simpul.log_entry AS e ON e.index = p.reply_index
WHERE r.query_id = ANY($1::bytea[])
"""
_RECEIVE: Final = "INSERT INTO simpul.received (query_id, query_digest) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_HELD: Final = "SELECT query_id, query_digest FROM simpul.received WHERE query_id = ANY($1::bytea[])"
_REPLY: Final = "INSERT INTO simpul.replay (query_digest, reply_index) VALUES ($1, $2) ON CONFLICT DO NOTHING"


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A query id seen before: the digest it came with, and the reply's place in the log if one was given."""

    query_digest: bytes
    reply: Appended | None


class Replay:
    """What this node has received and replied, kept beside its log."""

    def __init__(self, pool: asyncpg.Pool, log: MemberLog) -> None:
        self._pool = pool
        self._log = log

    async def known(self, queries: Sequence[Verified[Query]]) -> Mapping[bytes, Known]:
        """Those of the queries' ids that were seen before, by id; one statement for all."""
        rows = await self._pool.fetch(_KNOWN, [query.statement.query_id for query in queries])
        return {
            row["query_id"]: Known(
                query_digest=row["query_digest"],
                reply=None
                if row["reply_index"] is None
                else Appended(index=row["reply_index"], entry=row["leaf"], fresh=False),
            )
            for row in rows
        }

    async def envelope(self, reply: Appended) -> Envelope:
        """The reply itself, opened from its evidence; QueryExpired once that is erased."""
        return await self._log.envelope_of(decode_entry(reply.entry))


async def receive(connection: asyncpg.Connection, queries: Sequence[Verified[Query]]) -> None:
    """Note queries as received, within the transaction that logs them; refuses an id held with other bytes."""
    ids = [query.statement.query_id for query in queries]
    await connection.executemany(_RECEIVE, [(q.statement.query_id, q.digest) for q in queries])
    held = {row["query_id"]: row["query_digest"] for row in await connection.fetch(_HELD, ids)}
    for query in queries:
        if held.get(query.statement.query_id) != query.digest:
            raise QueryIdReused("this query id was used for another query", query_id=query.statement.query_id.hex())


async def reply_given(connection: asyncpg.Connection, replies: Sequence[tuple[bytes, int]]) -> None:
    """Note (query digest, index of the reply's entry), within the transaction that logs the replies."""
    await connection.executemany(_REPLY, list(replies))
