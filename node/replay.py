"""Queries already received and the replies given: the same bytes get the same reply, other bytes under one id none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from federation.append import MemberLog, id_reused
from federation.envelope import Envelope
from federation.query import Query
from federation.seal import Verified
from federation.tlog.log import Appended, Beside, BesideInsert
from federation.wire.entry import decode_entry

_KNOWN: Final = """
SELECT r.query_digest, r.query_id, p.reply_index, e.leaf
FROM simpul.received AS r
LEFT JOIN simpul.replay AS p ON p.query_digest = r.query_digest
LEFT JOIN simpul.log_entry AS e ON e.index = p.reply_index
WHERE r.query_id = ANY($1::bytea[])
"""
# the same bytes again add nothing; another digest under an id that is held violates the primary key
_RECEIVE: Final = BesideInsert(
    """
INSERT INTO simpul.received (query_id, query_digest)
SELECT u.* FROM held, unnest($1::bytea[], $2::bytea[]) AS u
ON CONFLICT ON CONSTRAINT received_query_digest_key DO NOTHING""",
    parameters=2,
)
_REPLY: Final = BesideInsert(
    """
INSERT INTO simpul.replay (query_digest, reply_index)
SELECT u.* FROM held, unnest($1::bytea[], $2::bigint[]) AS u ON CONFLICT DO NOTHING""",
    parameters=2,
)


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


def received(queries: Sequence[Verified[Query]]) -> Beside:
    """Rows that note queries as received; they clash with an id held with other bytes (QueryIdReused)."""
    ids, digests = [query.statement.query_id for query in queries], [query.digest for query in queries]
    return Beside(
        insert=_RECEIVE,
        columns=lambda _: (ids, digests),
        clash=id_reused(queries[0]),
    )


def replied(queries: Sequence[Verified[Query]]) -> Beside:
    """Rows by which a retry finds the replies that are appended with them, in the order of their queries."""
    digests = [query.digest for query in queries]
    return Beside(insert=_REPLY, columns=lambda appended: (digests, [place.index for place in appended]))
