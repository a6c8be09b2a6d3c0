"""One attribute of two descriptions compared: how the values relate, the evidence, and its weight in bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Outcome = Literal["agrees", "close", "differs", "unknown"]
Band = Literal["strong", "possible", "none"]

BANDS: Final[tuple[Band, ...]] = ("none", "possible", "strong")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedPart:
    """Two parts of two names that met; `kind` says how (`same`, `variant`, `romanisation`, `typo`, `initial`...)."""

    asked: str
    held: str
    kind: str
    bits: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One attribute compared: `asked` and `held` are the two values as compared, `bits` the weight of evidence.

    Positive bits speak for one person, negative for two; `unknown` always weighs 0. `attribute` is one of `name`,
    `birth`, `document`, `sex`, `nationality`, `national_identifier`. `evidence` is a sentence in plain English.
    """

    attribute: str
    outcome: Outcome
    kind: str
    asked: str = ""
    held: str = ""
    bits: float = 0.0
    evidence: str = ""
    aligned: tuple[AlignedPart, ...] = ()


def better(one: Band, other: Band) -> Band:
    """The stronger of two bands."""
    return one if BANDS.index(one) >= BANDS.index(other) else other
