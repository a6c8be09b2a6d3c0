"""What one comparison weighs by: how common each part of a name is, and the parameters in force."""

from __future__ import annotations

from typing import Final

from matching.frequencies import PUBLISHED, Frequencies
from matching.parameters import PRESET, Parameters

_MOST_SHARE: Final = 0.95


class Model:
    """Frequencies and parameters together, laid out for speed."""

    __slots__ = ("_scales", "bits", "contradiction", "missing", "parameters", "rows")

    def __init__(self, frequencies: Frequencies = PUBLISHED, parameters: Parameters = PRESET) -> None:
        self.parameters: Final = parameters
        self.bits: Final = frequencies.bits  # of a part of a name: -log2 of the share of people who bear it
        self.rows: Final = dict(parameters.rows)
        self.contradiction: Final = parameters.contradiction
        self.missing: Final = parameters.missing
        self._scales: Final = {
            kind: share / PRESET.parts[kind] for kind, share in parameters.parts.items() if share != PRESET.parts[kind]
        }

    def share(self, kind: str, quality: float) -> float:
        """What share (0..1) of a part's bits a likeness of this kind and quality keeps."""
        scale = self._scales.get(kind)
        return quality if scale is None else min(_MOST_SHARE, quality * scale)


DEFAULT: Final = Model()
