"""Results given, kept for their requester for a while, and then forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import asyncpg

from federation.append import MemberLog, id_reused
from federation.entry import Entry, request_digest
from federation.envelope import Envelope
from federation.errors import NotInLog
from federation.instant import from_micros, micros
from federation.query import Query
from federation.seal import Verified
from federation.serving.tls import Peer
from federation.tlog.log import Appended, Beside, BesideInsert
from federation.wire.entry import decode_entry

# officers are one or two and an array of arrays has one width: they go as text; retries may come side by side
_KEEP: Final = BesideInsert(
    """
INSERT INTO simpul.result_kept (query_id, requester, officers, result_index, until)
SELECT DISTINCT ON (u.query_id) u.query_id, u.requester, string_to_array(u.officers, ','), u.index, u.until
FROM held, unnest($1::bytea[], $2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
    AS u (query_id, requester, officers, index, until)
ORDER BY u.query_id, u.index DESC
ON CONFLICT (query_id) DO UPDATE SET result_index = excluded.result_index, until = excluded.until""",
    parameters=5,
)
_FORGET: Final = "DELETE FROM simpul.result_kept WHERE until < $1"
_FIND: Final = """
SELECT k.requester, k.officers, e.index, e.leaf FROM simpul.result_kept AS k
JOIN simpul.log_entry AS e ON e.index = k.result_index
WHERE k.query_id = $1 AND k.until >= $2
"""
# the same bytes again add nothing; another digest under an id that is held violates the primary key
_HOLD: Final = BesideInsert(
    """
INSERT INTO simpul.asked (query_id, query_digest)
SELECT u.* FROM held, unnest($1::bytea[], $2::bytea[]) AS u
ON CONFLICT ON CONSTRAINT asked_query_digest_key DO NOTHING""",
    parameters=2,
)
_HELD: Final = "SELECT query_digest FROM simpul.asked WHERE query_id = $1"
# A query id begins with the milliseconds at which it was made; while its result is kept, it is not open.
_OPEN: Final = """
SELECT a.query_digest FROM simpul.asked AS a LEFT JOIN simpul.result_kept AS k USING (query_id)
WHERE a.query_id >= $1 AND k.query_id IS NULL ORDER BY a.query_id LIMIT $2"""
_SKEWED: Final = timedelta(minutes=1)


class Results:
    """The coordinator's memory of what it gave to whom."""

    def __init__(self, pool: asyncpg.Pool, log: MemberLog, kept: timedelta) -> None:
        self._pool = pool
        self._log = log
        self._kept = kept

    async def digest_asked(self, query_id: bytes) -> bytes | None:
        """The digest that a query id was asked with before, if it was."""
        found: bytes | None = await self._pool.fetchval(_HELD, query_id)
        return found

    async def open(self, at: datetime, limit: int, back: timedelta = timedelta.max) -> list[bytes]:
        """The digests of queries made within `back` that came to no result: those that a crash may have left.

        Only as far back as results are kept: before that nobody could tell.
        """
        since = max(0, micros(at - min(back, self._kept - _SKEWED)) // 1000)
        rows = await self._pool.fetch(_OPEN, since.to_bytes(6, "big") + bytes(10), limit)
        return [row["query_digest"] for row in rows]

    async def asked(self, query_digest: bytes) -> tuple[Envelope, Appended]:
        """A query as it was sent, with its place in the log; NotInLog where it was never asked, or QueryExpired."""
        entry = Entry(
            kind="query_asked", instant=from_micros(0), statement_digest=query_digest, query_digest=query_digest
        )
        appended = await self._log.log.find(request_digest(entry))
        if appended is None:
            raise NotInLog("no such query was asked")
        return await self._log.envelope_of(decode_entry(appended.entry)), appended

    def kept(self, query: Verified[Query], at: datetime) -> Beside:
        """The row by which the result that is appended with it is found again."""
        officers = ",".join(officer.statement.officer for officer in query.officers)
        requester = query.officers[0].statement.member
        return Beside(
            insert=_KEEP,
            columns=lambda appended: (
                [query.statement.query_id],
                [requester],
                [officers],
                [appended[0].index],
                [at + self._kept],
            ),
        )

    async def given(self, query_id: bytes, caller: Peer, at: datetime) -> tuple[Envelope, Appended]:
        """A result for the officer who asked, or for their member's process; NotInLog for anybody else."""
        await self._pool.execute(_FORGET, at)
        row = await self._pool.fetchrow(_FIND, query_id, at)
        if row is None or not _may_have(caller, row["requester"], row["officers"]):
            raise NotInLog("no such result is kept for this caller", query_id=query_id.hex())
        appended = Appended(index=row["index"], entry=row["leaf"], fresh=False)
        return await self._log.envelope_of(decode_entry(appended.entry)), appended


def _may_have(caller: Peer, requester: str, officers: list[str]) -> bool:
    return caller.member == requester and (not caller.officer or caller.officer in officers)


def held(query: Verified[Query]) -> Beside:
    """The row that holds a query id to one digest; it clashes with an id held to another (QueryIdReused)."""
    return Beside(insert=_HOLD, columns=lambda _: ([query.statement.query_id], [query.digest]), clash=id_reused(query))
