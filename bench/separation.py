"""How well scores tell pairs of one person from pairs of two: AUC, best F1, recall at a precision or at false pairs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

Labelled = tuple[float, bool]


class Step(NamedTuple):
    """What a threshold lets pass: pairs of one person, and pairs of two."""

    threshold: float
    true: int
    false: int


def steps(scores: Iterable[Labelled]) -> Iterator[Step]:
    """Every threshold that the scores allow, the highest first; equal scores pass together."""
    true = false = 0
    for threshold, group in groupby(sorted(scores, key=lambda each: -each[0]), key=lambda each: each[0]):
        for _, same in group:
            true, false = true + same, false + (not same)
        yield Step(threshold, true, false)


def auc(scores: Sequence[Labelled]) -> float:
    """The share of (one person, two persons) pairs of pairs that are ordered rightly, ties counting half."""
    area = 0.0
    true = false = 0
    for step in steps(scores):
        area += (step.false - false) * (true + step.true) / 2
        true, false = step.true, step.false
    return area / (true * false) if true and false else float("nan")


def positives_of(scores: Sequence[Labelled]) -> int:
    """How many of the pairs are of one person."""
    return sum(same for _, same in scores)


def best_f1(scores: Sequence[Labelled], positives: int | None = None) -> tuple[float, float]:
    """The best F1 over all thresholds, and the threshold that gives it.

    `positives` counts the pairs of one person, those among them that no score was given to; without it, all have one.
    """
    positives = positives_of(scores) if positives is None else positives
    found = [(2 * step.true / (step.true + step.false + positives), step.threshold) for step in steps(scores)]
    return max(found, default=(float("nan"), float("nan")))


def recall_at_precision(scores: Sequence[Labelled], precision: float, positives: int | None = None) -> float:
    """The greatest recall at which the precision is still at least `precision` (0..1); `positives` as in `best_f1`."""
    positives = positives_of(scores) if positives is None else positives
    kept = [step.true for step in steps(scores) if step.true >= precision * (step.true + step.false)]
    return max(kept, default=0) / positives if positives else float("nan")


def recall_at_false(scores: Sequence[Labelled], share: float) -> float:
    """The recall of the lowest threshold that lets no more than `share` (0..1) of the pairs of two persons pass."""
    positives = positives_of(scores)
    allowed = share * (len(scores) - positives)
    kept = [step.true for step in steps(scores) if step.false <= allowed]
    return max(kept, default=0) / positives if positives else float("nan")
