"""One candidate judged: compared no further than needed, scored, and put in a band."""

from __future__ import annotations

import msgspec

from federation.comparison import Band, Comparison
from matching.form import Form
from matching.frequencies import PUBLISHED, Frequencies


class Judgement(msgspec.Struct, frozen=True):
    """A candidate's band, score (0..1), total bits, and the evidence; no evidence where the band is `none`."""

    band: Band
    score: float
    bits: float
    prior: float
    comparisons: tuple[Comparison, ...] = ()


def judge(asked: Form, held: Form, frequencies: Frequencies = PUBLISHED, population: int = 1_000_000) -> Judgement:
    """Compare and score one candidate among `population` records; stop as soon as no band can be reached."""
    raise NotImplementedError
