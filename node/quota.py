"""How often a member may ask: subjects counted by member and hour, before any record is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

import asyncpg

from federation.tlog.log import Appended, Beside, BesideInsert, Placed

_COUNT: Final = BesideInsert(
    """
INSERT INTO simpul.quota (requester, hour, subjects)
SELECT u.requester, date_trunc('hour', u.at), sum(u.subjects)
FROM held, unnest($1::text[], $2::timestamptz[], $3::int[]) AS u (requester, at, subjects)
GROUP BY u.requester, date_trunc('hour', u.at)
ON CONFLICT (requester, hour) DO UPDATE SET subjects = quota.subjects + excluded.subjects
RETURNING requester AS key, subjects AS number""",
    parameters=3,
    returns=True,
)


_SO_FAR: Final = "SELECT subjects FROM simpul.quota WHERE requester = $1 AND hour = date_trunc('hour', $2::timestamptz)"


def counted(asked: Sequence[tuple[str, int]], at: datetime) -> Beside:
    """Rows that count (requester, subjects) of queries to this hour, where a query is logged for the first time."""

    def columns(appended: Sequence[Appended]) -> Sequence[Sequence[object]]:
        fresh = [one for one, place in zip(asked, appended, strict=True) if place.fresh]
        return [requester for requester, _ in fresh], [at] * len(fresh), [subjects for _, subjects in fresh]

    return Beside(insert=_COUNT, columns=columns)


def counts(placed: Placed) -> Mapping[str, int]:
    """This hour's counts after an append, by requester; none where a requester asked nothing new."""
    return placed.returned.get(_COUNT, {})


async def so_far(pool: asyncpg.Pool, requester: str, at: datetime) -> int:
    """This hour's count of a requester, adding nothing to it."""
    return await pool.fetchval(_SO_FAR, requester, at) or 0


def until_next_hour(at: datetime) -> timedelta:
    """How long until the counts begin anew."""
    return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1) - at
