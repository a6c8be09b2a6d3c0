"""How much a name tells: the share of people who bear it, in bits."""

from __future__ import annotations

from typing import Protocol


class Frequencies(Protocol):
    """A table of how common name tokens are in the population compared."""

    def bits(self, token: str) -> float:
        """-log2 of the share of people who bear `token` (a token of `names.tokens`); a middling value if unseen."""
        ...


class _Published:
    def bits(self, token: str) -> float:
        raise NotImplementedError


PUBLISHED: Frequencies = _Published()
