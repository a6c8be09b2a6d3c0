"""Which policy is in force, as the node's own log tells it: an entry for every change."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

import asyncpg

from federation.append import Draft, MemberLog
from federation.entry import Entry
from federation.instant import micros
from federation.tlog.log import Beside, BesideInsert

_IN_FORCE: Final = "SELECT sha256 FROM simpul.policy_in_force"
_CHANGE: Final = BesideInsert(
    """
INSERT INTO simpul.policy_in_force (sha256) SELECT u.sha256 FROM held, unnest($1::bytea[]) AS u (sha256)
ON CONFLICT (single) DO UPDATE SET sha256 = excluded.sha256""",
    parameters=1,
)


async def log_policy(log: MemberLog, pool: asyncpg.Pool, content: bytes, at: datetime) -> None:
    """Log that the policy file `content` is in force, unless it was at the last start.

    SPEC: 05-querylog 4: a statement without an envelope is digested with its instant; `detail` is the file's SHA-256.
    """
    own = hashlib.sha256(content).digest()
    if await pool.fetchval(_IN_FORCE) == own:
        return
    digest = hashlib.sha256(b"simpul-policy-v1\n" + micros(at).to_bytes(8, "big") + content).digest()
    entry = Entry(kind="policy_changed", instant=at, statement_digest=digest, detail=own.hex())
    await log.append([Draft(entry=entry)], beside=[Beside(insert=_CHANGE, columns=lambda _: [[own]])])
