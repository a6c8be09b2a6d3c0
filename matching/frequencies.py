"""How much a name tells: the share of people who bear it, in bits."""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from typing import Final, Protocol

from matching.tables import rows

UNSEEN: Final = 7.5
_SHORT: Final = 2
_SHORT_UNSEEN: Final = 5.0


class Frequencies(Protocol):
    """A table of how common name tokens are in the population compared."""

    def bits(self, token: str) -> float:
        """-log2 of the share of people who bear `token` (a token of `names.tokens`); a middling value if unseen."""
        ...


class Table:
    """Frequencies from a mapping of tokens to shares (0..1)."""

    __slots__ = ("_bits",)

    def __init__(self, shares: Mapping[str, float]) -> None:
        self._bits = {token: -log2(share) for token, share in shares.items()}

    def bits(self, token: str) -> float:
        """Bits of `token`; of one not in the table 7.5, and 5 where it has two letters or fewer."""
        return self._bits.get(token) or (UNSEEN if len(token) > _SHORT else _SHORT_UNSEEN)


PUBLISHED: Final[Frequencies] = Table({token: float(share) / 1000 for token, share in rows("frequencies.tsv")})
