"""From comparisons to a score and a band, by a table that a reviewer reads as policy."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from federation.comparison import Band, Comparison


class Score(msgspec.Struct, frozen=True):
    """`bits` is the total, prior included; `score` = 1 / (1 + 2^-bits); `band` what an officer is told."""

    bits: float
    prior: float
    score: float
    band: Band


def score(comparisons: Sequence[Comparison], population: int) -> Score:
    """Weigh `comparisons` of one candidate among `population` records (at least 1)."""
    raise NotImplementedError
