"""The node's private match index in PostgreSQL, as it is read: keys to candidates, and how common each token is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from math import log2
from pathlib import Path
from typing import Final

import asyncpg

from federation.errors import ConfigError, RecordsUnavailable
from federation.keys import read_secret
from matching.blocking import CAPS, WEIGHTS, blocking_keys
from matching.form import VERSION, Form
from matching.frequencies import PUBLISHED, Frequencies
from node.records.records import Candidate

MAX_CANDIDATES: Final = 300
SECRET_BYTES: Final = 32

# operations.md, code rule 6: one branch a key, so that partitions not concerned are never touched.
_CANDIDATES: Final = """
WITH ranked AS (
    SELECT u.subject, k.rec, sum(u.weight) AS weight,
           row_number() OVER (PARTITION BY u.subject ORDER BY sum(u.weight) DESC, k.rec) AS place
    FROM unnest($1::int4[], $2::int8[], $3::float4[], $4::int4[]) AS u (subject, key, weight, cap)
    CROSS JOIN LATERAL (SELECT rec FROM simpul_index.match_key WHERE key = u.key LIMIT u.cap) AS k
    GROUP BY u.subject, k.rec
)
SELECT ranked.subject, r.type, r.reference, r.as_of, r.form, r.fields
FROM ranked JOIN simpul_index.match_record AS r ON r.rec = ranked.rec
WHERE ranked.place <= $5
ORDER BY ranked.subject, ranked.place
"""
_STATE: Final = "SELECT records, as_of, form_version, secret_sha256 FROM simpul_index.match_state"
_TOKENS: Final = "SELECT token, share FROM simpul_index.match_token"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """What an index was built from."""

    records: int
    as_of: datetime


class OwnFrequencies:
    """How common tokens are in the agency's own records, held as keyed digests; unseen ones as published."""

    def __init__(self, shares: dict[int, float], secret: bytes) -> None:
        self._bits = {token: -log2(share) for token, share in shares.items()}
        self._secret = secret
        self.bits = lru_cache(maxsize=65_536)(self._look_up)

    def _look_up(self, token: str) -> float:
        found = self._bits.get(token_digest(token, self._secret))
        return PUBLISHED.bits(token) if found is None else found


class Index:
    """The index as one process reads it."""

    def __init__(self, pool: asyncpg.Pool, secret: bytes, state: State, frequencies: Frequencies) -> None:
        self._pool = pool
        self._secret = secret
        self._state = state
        self._frequencies = frequencies

    @classmethod
    async def open(cls, pool: asyncpg.Pool, secret_file: Path) -> Index:
        """Open the index; refuses one that is not built, or was under another secret or version (ConfigError)."""
        secret = read_secret(secret_file)
        try:
            row = await pool.fetchrow(_STATE)
        except asyncpg.UndefinedTableError:
            row = None
        if row is None:
            raise ConfigError("the match index is not built: run simpul-node index")
        if row["secret_sha256"] != secret_digest(secret):
            raise ConfigError("the match index was built under another secret: run simpul-node index")
        if row["form_version"] != VERSION:
            raise ConfigError("the match index was built by another version of this program: run simpul-node index")
        shares = {found["token"]: found["share"] for found in await pool.fetch(_TOKENS)}
        return cls(pool, secret, State(records=row["records"], as_of=row["as_of"]), OwnFrequencies(shares, secret))

    @property
    def population(self) -> int:
        """How many records are indexed, at least 1."""
        return max(1, self._state.records)

    @property
    def frequencies(self) -> Frequencies:
        """How common each name token is among the agency's records."""
        return self._frequencies

    @property
    def as_of(self) -> datetime:
        """When the index was built from the agency's records."""
        return self._state.as_of

    async def candidates(self, subjects: Sequence[Form]) -> Sequence[Sequence[Candidate]]:
        """Candidates of each subject in one statement; RecordsUnavailable where the database does not answer."""
        found: list[list[Candidate]] = [[] for _ in subjects]
        places, keys, weights, caps = self._keys(subjects)
        try:
            rows = await self._pool.fetch(_CANDIDATES, places, keys, weights, caps, MAX_CANDIDATES)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise RecordsUnavailable("the match index does not answer; see the node's telemetry") from error
        for row in rows:
            found[row["subject"]].append(
                Candidate(
                    record_type=row["type"],
                    reference=row["reference"],
                    as_of=row["as_of"],
                    encoded_form=row["form"],
                    encoded_fields=row["fields"],
                )
            )
        return found

    def _keys(self, subjects: Sequence[Form]) -> tuple[list[int], list[int], list[float], list[int]]:
        places: list[int] = []
        keys: list[int] = []
        weights: list[float] = []
        caps: list[int] = []
        for place, form in enumerate(subjects):
            for key in blocking_keys(form, self._secret):
                places.append(place)
                keys.append(key.value)
                weights.append(WEIGHTS[key.family])
                caps.append(CAPS[key.family])
        return places, keys, weights, caps


def token_digest(token: str, secret: bytes) -> int:
    """A token as the index stores it: 64 bits under the node's secret, signed."""
    return int.from_bytes(blake2b(token.encode(), digest_size=8, key=secret).digest(), "big", signed=True)


def secret_digest(secret: bytes) -> bytes:
    """By which an index tells under which secret it was built."""
    return blake2b(b"simpul-index-secret", digest_size=32, key=secret).digest()
