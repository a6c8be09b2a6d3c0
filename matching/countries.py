"""Nationality and sex as clerks write them, read as codes."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from anyascii import anyascii
from rapidfuzz.distance import OSA

from matching.tables import rows

_LONGEST: Final = 120
_PREFIX: Final = re.compile(
    r"^\s*(?:warga\s*negara|kewarganegaraan|(?:ber)?kebangsaan|wna|wn|w\.n\.a?\.?|(?:citizen|national)\s+of)\b[\s.:;-]*",
    re.IGNORECASE,
)
_SEPARATORS: Final = re.compile(r"[()/\[\];|]|\s-\s")
_FUZZY_FROM: Final = 7

_SEXES: Final = {
    "L": "M", "LK": "M", "LAKI": "M", "LAKILAKI": "M", "M": "M", "MALE": "M", "PRIA": "M", "1": "M", "MAN": "M",
    "COWOK": "M", "LELAKI": "M", "P": "F", "PR": "F", "PEREMPUAN": "F", "F": "F", "FEMALE": "F", "WANITA": "F",
    "2": "F", "WOMAN": "F", "W": "F", "CEWEK": "F", "X": "X", "OTHER": "X", "LAINNYA": "X",
}  # fmt: skip


def _compact(text: str) -> str:
    return "".join(letter for letter in anyascii(unicodedata.normalize("NFKC", text)).upper() if letter.isalnum())


def _table() -> dict[str, str]:
    """Codes first, then names, then the other forms, which win: `AS` is Amerika Serikat, not American Samoa."""
    codes: dict[str, str] = {}
    lines = rows("countries.tsv")[1:]
    for alpha2, alpha3, *_ in lines:
        codes.update({alpha2: alpha3, alpha3: alpha3} if alpha2 != "=" else {})
    for cells in lines:
        names = [*cells[2:4], *(cells[4].split("|") if len(cells) > 4 else ())]
        codes.update({_compact(name): cells[1] for name in names if name})
        codes.update({cells[1]: cells[1]} if cells[0] == "=" else {})
    return codes


_CODES: Final = _table()
_LONG_NAMES: Final = tuple(name for name in _CODES if len(name) >= _FUZZY_FROM)


@lru_cache(maxsize=4096)
def read_nationality(text: str) -> str:
    """The ISO 3166-1 alpha-3 code (or XXA, XXB, XXC, XXX) of a nationality as written, or empty.

    Reads ISO codes, ICAO Doc 9303 codes (`D`, `GBN`), names, adjectives and slang in Indonesian and English, with or
    without `WN`, `Warga Negara`, `berkebangsaan`; and a long name with one letter wrong where only one country fits.
    """
    whole = text[:_LONGEST].replace("<", "")
    bare = _PREFIX.sub("", whole)
    pieces = [piece for piece in _SEPARATORS.split(bare) if piece.strip()]
    for form in (whole, bare, *pieces):
        code = _CODES.get(_compact(form))
        if code:
            return code
    return _nearly(_compact(bare))


def _nearly(name: str) -> str:
    if len(name) < _FUZZY_FROM:
        return ""
    near = {_CODES[known] for known in _LONG_NAMES if OSA.distance(name, known, score_cutoff=1) <= 1}
    return near.pop() if len(near) == 1 else ""


@lru_cache(maxsize=1024)
def read_sex(text: str) -> str:
    """`M`, `F` or `X` of a sex as written (note that `P` is perempuan, female), or empty."""
    return _SEXES.get(_compact(text[:_LONGEST]), "")
