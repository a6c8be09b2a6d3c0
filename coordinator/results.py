"""Results given, kept for their requester for a while, and then forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import asyncpg

from federation.append import MemberLog
from federation.envelope import Envelope
from federation.errors import NotInLog
from federation.query import Query
from federation.seal import Verified
from federation.serving.tls import Peer
from federation.tlog.rows import Appended
from federation.wire.entry import decode_entry

_KEEP: Final = """
INSERT INTO simpul.result_kept (query_id, requester, officers, result_index, until) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (query_id) DO UPDATE SET result_index = excluded.result_index, until = excluded.until
"""
_FORGET: Final = "DELETE FROM simpul.result_kept WHERE until < $1"
_FIND: Final = """
SELECT k.requester, k.officers, e.index, e.leaf FROM simpul.result_kept AS k
JOIN simpul.log_entry AS e ON e.index = k.result_index
WHERE k.query_id = $1 AND k.until >= $2
"""
_HOLD: Final = "INSERT INTO simpul.asked (query_id, query_digest) VALUES ($1, $2) ON CONFLICT DO NOTHING"
_HELD: Final = "SELECT query_digest FROM simpul.asked WHERE query_id = $1"


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

    async def keep(self, connection: asyncpg.Connection, query: Verified[Query], index: int, at: datetime) -> None:
        """Note the place of a result, within the transaction that logs it."""
        officers = [officer.statement.officer for officer in query.officers]
        requester = query.officers[0].statement.member
        await connection.execute(_KEEP, query.statement.query_id, requester, officers, index, at + self._kept)

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


async def hold(connection: asyncpg.Connection, query_id: bytes, digest: bytes) -> bytes:
    """Hold a query id to one digest, within the transaction that logs the query; returns the digest held."""
    await connection.execute(_HOLD, query_id, digest)
    held: bytes = await connection.fetchval(_HELD, query_id)
    return held
