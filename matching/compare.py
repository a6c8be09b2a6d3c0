"""Two descriptions compared, attribute by attribute, each with its evidence and its weight."""

from __future__ import annotations

from federation.comparison import Comparison
from matching.form import Form
from matching.frequencies import PUBLISHED, Frequencies

__all__ = ["PUBLISHED", "Frequencies", "compare"]


def compare(asked: Form, held: Form, frequencies: Frequencies = PUBLISHED) -> tuple[Comparison, ...]:
    """Compare two persons: one Comparison per attribute, in the order of `score.ATTRIBUTES`."""
    raise NotImplementedError
