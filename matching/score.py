"""From comparisons to a score and a band, by a table that a reviewer reads as policy."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import log2
from typing import Final, Protocol

import msgspec

from federation.comparison import Band
from matching import features
from matching.features import ATTRIBUTES, BY_KIND, FEATURES, Feature, eighths

__all__ = ["ATTRIBUTES", "FEATURES", "Score", "prior_bits", "score"]

_NUMBERS: Final = ("document", "national_identifier")
_SHOWN_ANYWAY: Final = frozenset(
    {("document", "same"), ("document", "same_number"), ("document", "shared"), ("national_identifier", "same")}
)
_MOST_BITS: Final = 200.0


class Weight(Protocol):
    """What scoring needs of a comparison: its attribute, its kind (a row of FEATURES) and its bits."""

    @property
    def attribute(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def bits(self) -> float: ...


class Score(msgspec.Struct, frozen=True):
    """`bits` is the total, prior included; `score` = 1 / (1 + 2^-bits); `band` what an officer is told."""

    bits: float
    prior: float
    score: float
    band: Band


@lru_cache(maxsize=16)
def prior_bits(population: int) -> float:
    """What is known before comparing: that the person asked about is held at all (0.6), among `population` records."""
    return eighths(log2(features.HELD_AT_ALL / max(1, population)))


def score(comparisons: Sequence[Weight], population: int) -> Score:
    """Weigh `comparisons` of one candidate among `population` records (fewer than 1 counts as 1).

    Strong needs a score of 0.99, two independent attributes that agree, no conflict, and, where no number agrees, a
    name that is not a common one. The same document number is never less than possible, so that a document with two
    holders is seen.
    """
    prior = prior_bits(population)
    bits = prior + sum(comparison.bits for comparison in comparisons)
    value = 1 / (1 + 2 ** -max(-_MOST_BITS, min(_MOST_BITS, bits)))
    return Score(bits=bits, prior=prior, score=value, band=_band(comparisons, value))


def _band(comparisons: Sequence[Weight], value: float) -> Band:
    if value >= features.STRONG_SCORE and _may_be_strong(comparisons):
        return "strong"
    if value >= features.POSSIBLE_SCORE or any(shown_anyway(comparison) for comparison in comparisons):
        return "possible"
    return "none"


def shown_anyway(comparison: Weight) -> bool:
    """Whether the comparison alone makes a candidate possible."""
    return (comparison.attribute, comparison.kind) in _SHOWN_ANYWAY


def _may_be_strong(comparisons: Sequence[Weight]) -> bool:
    found = [(comparison, _row(comparison)) for comparison in comparisons]
    if any(row and row.conflict for _, row in found):
        return False
    supports = {comparison.attribute: comparison.bits for comparison, row in found if row and row.supports}
    if len(supports) < features.STRONG_SUPPORTS:
        return False
    rare = supports.get("name", 0.0) >= features.STRONG_NAME_WITHOUT_A_NUMBER
    return rare or any(number in supports for number in _NUMBERS)


def _row(comparison: Weight) -> Feature | None:
    return BY_KIND.get((comparison.attribute, comparison.kind))
