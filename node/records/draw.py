"""Pairs of records drawn from the match index: some that share a key, and some by chance; for estimates alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random
from typing import Final

import asyncpg

from federation.errors import ConfigError
from matching.blocking import key_values
from matching.estimate import Drawn
from matching.form import Form, decode
from node.records.state import read_state

_KEYS: Final = 2**64
_LOWEST: Final = -(2**63)
_LARGEST_BLOCK: Final = 20  # greater blocks are of common dates and names, and hold next to no one person twice
_RECORDS_A_PART: Final = 100_000
_FETCHED: Final = 2_000

_BLOCKS: Final = """
SELECT array_agg(rec ORDER BY rec) FROM simpul_index.match_key WHERE key BETWEEN $1 AND $2
GROUP BY key HAVING count(*) BETWEEN 2 AND $3 ORDER BY key
"""
_FORMS: Final = "SELECT rec, form FROM simpul_index.match_record WHERE rec = ANY($1::bigint[])"
_NEXT: Final = "SELECT next_rec FROM simpul_index.match_state"


@dataclass(frozen=True, slots=True)
class Draw:
    """Pairs that share a key, pairs by chance, and how many records there are."""

    sharing: Sequence[Drawn]
    by_chance: Sequence[tuple[Form, Form]]
    records: int

    @property
    def all_pairs(self) -> float:
        """How many pairs the records make."""
        return max(1.0, self.records * (self.records - 1) / 2)


async def draw(connection: asyncpg.Connection, secret: bytes, pairs: int, seed: int) -> Draw:
    """Draw at most `pairs` pairs of either sort. Refuses an index that does not fit (ConfigError).

    Keys are keyed digests, so that a range of them is a draw of blocks by chance: of a large index a part is read.
    """
    state = await read_state(connection, secret)
    if state.keeps == "keys":
        raise ConfigError(
            "an index that keeps keys alone holds nothing to estimate from; estimate from one that keeps values"
        )
    chance = Random(seed)  # noqa: S311 - REASON: a draw for statistics, which is to be the same when it is made again
    part = min(1.0, _RECORDS_A_PART / max(1, state.records))
    blocks = await connection.fetch(_BLOCKS, _LOWEST, min(-_LOWEST - 1, _LOWEST + int(part * _KEYS)), _LARGEST_BLOCK)
    found = sorted({pair for (block,) in blocks for pair in combinations(block, 2)})
    kept = chance.sample(found, min(pairs, len(found)))
    forms = await _forms(connection, {rec for pair in kept for rec in pair})
    share = len(kept) / max(1, len(found))
    sharing = [_drawn(forms[a], forms[b], secret, part, share) for a, b in kept if a in forms and b in forms]
    return Draw(sharing, await _by_chance(connection, pairs, chance), state.records)


def _drawn(one: Form, other: Form, secret: bytes, part: float, share: float) -> Drawn:
    """A pair, and how many it stands for: it was the likelier to be drawn the more keys it shares."""
    common = len(set(key_values(one, secret)) & set(key_values(other, secret)))
    return Drawn(one, other, 1 / (share * (1 - (1 - part) ** max(1, common))))


async def _by_chance(connection: asyncpg.Connection, pairs: int, chance: Random) -> list[tuple[Form, Form]]:
    highest = await connection.fetchval(_NEXT)
    wanted = {chance.randrange(max(1, highest)) for _ in range(min(pairs, 2 * highest))}
    forms = sorted((await _forms(connection, wanted)).items())
    if len(forms) < 2:
        return []
    drawn = [chance.sample(forms, 2) for _ in range(pairs)]
    return [(one[1], other[1]) for one, other in drawn]


async def _forms(connection: asyncpg.Connection, recs: Iterable[int]) -> dict[int, Form]:
    ordered, found = sorted(recs), {}
    for at in range(0, len(ordered), _FETCHED):
        for rec, form in await connection.fetch(_FORMS, ordered[at : at + _FETCHED]):
            found[rec] = decode(form)
    return found
