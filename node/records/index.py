"""The node's private match index in PostgreSQL, as it is read: keys to candidates, and how common each token is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from functools import lru_cache
from math import log2
from pathlib import Path
from typing import Final

import asyncpg

from federation.errors import ConfigError, RecordsUnavailable
from federation.keys import read_secret
from federation.telemetry import telemetry
from matching.blocking import CAPS, WEIGHTS, Key, blocking_keys
from matching.form import Form
from matching.frequencies import PUBLISHED
from matching.model import Model
from matching.parameters import PRESET, Parameters
from node.records.atsource import AtSource
from node.records.records import Candidate
from node.records.state import Connection, State, read_state, token_digest
from node.slices import Slices

MAX_CANDIDATES: Final = 300
MOST_KEYS: Final = 4_000
FOLLOW_SECONDS: Final = 2.0

# operations.md, code rule 6: one branch a key, so that partitions not concerned are never touched. A key that many
# records share tells less: its weight less the logarithm of how many of them were read.
_CANDIDATES: Final = """
SELECT s.subject, r.type, r.reference, r.as_of, r.form, r.fields
FROM (SELECT DISTINCT subject FROM unnest($1::int4[]) AS subject) AS s
CROSS JOIN LATERAL (
    SELECT k.rec, sum(u.weight - held.less) AS weight
    FROM unnest($1::int4[], $2::int8[], $3::float4[], $4::int4[]) AS u (subject, key, weight, cap)
    CROSS JOIN LATERAL (
        SELECT array_agg(rec) AS recs, ln(greatest(1, count(*))) AS less
        FROM (SELECT rec FROM simpul_index.match_key WHERE key = u.key LIMIT u.cap) AS filed
    ) AS held
    CROSS JOIN LATERAL unnest(held.recs) AS k (rec)
    WHERE u.subject = s.subject
    GROUP BY k.rec
    ORDER BY weight DESC, k.rec
    LIMIT $5
) AS ranked
JOIN simpul_index.match_record AS r ON r.rec = ranked.rec
ORDER BY s.subject, ranked.weight DESC, ranked.rec
"""
_TOKENS: Final = "SELECT token, share FROM simpul_index.match_token"


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
    """The index as one process reads it. What it says of itself is read beside the queries, never on their way."""

    def __init__(
        self, pool: asyncpg.Pool, secret: bytes, state: State, model: Model, at_source: AtSource | None = None
    ) -> None:
        self._pool = pool
        self._at_source = at_source
        self._secret = secret
        self._state = state
        self._model = model
        self._unfit = ""

    @classmethod
    async def open(
        cls,
        pool: asyncpg.Pool,
        secret_file: Path,
        parameters: Parameters = PRESET,
        at_source: AtSource | None = None,
    ) -> Index:
        """Open the index, to compare by `parameters`; `at_source` reads the records of which it keeps keys alone.

        Refuses one that is not built, was under another secret or version, or keeps what it should not (ConfigError).
        """
        secret = read_secret(secret_file)
        state = await read_state(pool, secret)
        _as_it_should(state, at_source)
        return cls(pool, secret, state, Model(await own_frequencies(pool, secret), parameters), at_source)

    @asynccontextmanager
    async def followed(self, every: float = FOLLOW_SECONDS) -> AsyncIterator[None]:
        """Learn, while within, of every refresh and rebuild by others, at most `every` seconds after it."""
        following = asyncio.create_task(self._follow(every))
        try:
            yield
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)

    async def look_again(self) -> None:
        """Learn how far the index is in step now. One that no longer fits this process is looked up in no more."""
        try:
            state = await read_state(self._pool, self._secret)
            _as_it_should(state, self._at_source)
            if state.tokens != self._state.tokens:
                self._model = Model(await own_frequencies(self._pool, self._secret), self._model.parameters)
        except ConfigError as error:
            if not self._unfit:
                telemetry().error("index_unfit", error=type(error).__name__)
            self._unfit = error.message
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            telemetry().warning("index_not_followed", error=type(error).__name__)
        else:
            self._state, self._unfit = state, ""

    async def _follow(self, every: float) -> None:
        while True:
            await asyncio.sleep(every)
            await self.look_again()

    @property
    def population(self) -> int:
        """How many records are indexed, at least 1."""
        return max(1, self._state.records)

    @property
    def model(self) -> Model:
        """How common each name token is among the agency's records, and the parameters in force."""
        return self._model

    @property
    def as_of(self) -> datetime:
        """The instant up to which all of the index was in step with the agency's records, when last looked at."""
        return self._state.as_of

    async def candidates(self, subjects: Sequence[Form]) -> Sequence[Sequence[Candidate]]:
        """Candidates of each subject; RecordsUnavailable where the database does not answer.

        One statement, or several where the keys are so many that even handing them over would hold up the loop.
        """
        if self._unfit:
            raise RecordsUnavailable(self._unfit)
        state = self._state  # before the look-up: what it finds may be newer, and is then said to be older
        found: list[list[Candidate]] = [[] for _ in subjects]
        slices, asked = Slices(), _Asked()
        for place, form in enumerate(subjects):
            asked.add(place, blocking_keys(form, self._secret))
            await slices.between()
            if len(asked.keys) >= MOST_KEYS:
                await self._look_up(asked, state, found)
                slices, asked = Slices(), _Asked()
        if asked.keys:
            await self._look_up(asked, state, found)
        return found if self._at_source is None else await self._at_source.read(found)

    async def whole(self, candidates: Sequence[Candidate]) -> Sequence[Candidate]:
        """Candidates as the index has them, with their forms and fields; without those that are no records any more."""
        return candidates if self._at_source is None else (await self._at_source.read([candidates]))[0]

    async def _look_up(self, asked: _Asked, state: State, found: list[list[Candidate]]) -> None:
        try:
            rows = await self._pool.fetch(
                _CANDIDATES, asked.places, asked.keys, asked.weights, asked.caps, MAX_CANDIDATES
            )
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            raise RecordsUnavailable("the match index does not answer; see the node's telemetry") from error
        slices = Slices()
        for subject, record_type, reference, as_of, form, fields in rows:
            known_as_of = as_of or state.type_as_of.get(record_type, state.as_of)
            found[subject].append(Candidate(record_type, reference, known_as_of, form, fields))
            await slices.between()


def _as_it_should(state: State, at_source: AtSource | None) -> None:
    """Refuse an index that keeps other than the node's configuration says (ConfigError)."""
    wanted = "values" if at_source is None else "keys"
    if state.keeps != wanted:
        raise ConfigError(
            f"the match index keeps {state.keeps} and [index] says {wanted}: run simpul-node index to make it so"
        )


class _Asked:
    """The keys of one look-up, each with its subject's place, its weight and the most records that it may name."""

    def __init__(self) -> None:
        self.places: list[int] = []
        self.keys: list[int] = []
        self.weights: list[float] = []
        self.caps: list[int] = []

    def add(self, place: int, keys: Sequence[Key]) -> None:
        """Add a subject's."""
        for key in keys:
            self.places.append(place)
            self.keys.append(key.value)
            self.weights.append(WEIGHTS[key.family])
            self.caps.append(CAPS[key.family])


async def own_frequencies(pool: Connection | asyncpg.Pool, secret: bytes) -> OwnFrequencies:
    """Read how common each token is in the index that is in use."""
    return OwnFrequencies({found["token"]: found["share"] for found in await pool.fetch(_TOKENS)}, secret)
