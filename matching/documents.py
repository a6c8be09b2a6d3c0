"""Document numbers cleaned, and folded so that characters that look alike are one."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from anyascii import anyascii

from federation.person import Document
from matching.countries import read_nationality

_LONGEST: Final = 60
_CYRILLIC: Final = str.maketrans("АВЕКМНОРСТУХЅІЈ", "ABEKMHOPCTYXSIJ")
_LOOK_ALIKE: Final = str.maketrans("OQDILBSZG", "000118526")
_ISSUED: Final = re.compile(r"^\s*([A-Za-z]{3})[\s:]+(\S.*)$")


def clean(number: str) -> str:
    """The letters and digits of a number in upper case; letters of other scripts that look Latin become Latin."""
    plain = number[:_LONGEST].upper()
    if not plain.isascii():
        translated = unicodedata.normalize("NFKC", number[:_LONGEST]).upper().translate(_CYRILLIC)
        plain = anyascii(translated).upper()
    return plain if plain.isalnum() else "".join(filter(str.isalnum, plain))


def fold(number: str) -> str:
    """`clean(number)` with look-alikes folded: O Q D 0, I L 1, B 8, S 5, Z 2, G 6."""
    return clean(number).translate(_LOOK_ALIKE)


def read_document(text: str) -> Document | None:
    """Read `E12345678` or `CHN E12345678` as a passport; none where no digit or fewer than four characters remain."""
    issued = _ISSUED.match(text[:_LONGEST])
    issuer = read_nationality(issued[1]) if issued else ""
    number = issued[2] if issued and issuer else text
    cleaned = clean(number)
    if len(cleaned) < 4 or not any(character.isdigit() for character in cleaned):
        return None
    return Document(number=number.strip(), issuer=issuer)
