"""How often a member may ask: subjects counted by member and hour, before any record is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import asyncpg

_COUNT: Final = """
INSERT INTO simpul.quota (requester, hour, subjects)
SELECT u.requester, date_trunc('hour', $3::timestamptz), u.subjects
FROM unnest($1::text[], $2::int[]) AS u (requester, subjects)
ON CONFLICT (requester, hour) DO UPDATE SET subjects = quota.subjects + excluded.subjects
RETURNING requester, subjects
"""


async def count(pool: asyncpg.Pool, asked: Mapping[str, int], at: datetime) -> Mapping[str, int]:
    """Add subjects asked about, by requester, to this hour's counts; returns the counts so far."""
    rows = await pool.fetch(_COUNT, list(asked), list(asked.values()), at)
    return {row["requester"]: row["subjects"] for row in rows}


def until_next_hour(at: datetime) -> timedelta:
    """How long until the counts begin anew."""
    return at.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1) - at
