"""How a romanised token sounds: a spelling-free form, and the skeleton of consonants under which it is filed."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import Indel

_CONSONANTS: Final = (
    ("SHCH", "S"), ("TSCH", "c"), ("SCH", "S"), ("TCH", "c"), ("TSH", "c"), ("DZH", "J"), ("KSH", "KS"),
    ("CZ", "c"), ("DJ", "J"), ("ZH", "J"), ("SH", "S"), ("SZ", "S"), ("CH", "c"), ("TJ", "c"), ("KH", "K"),
    ("GH", "G"), ("PH", "F"), ("TH", "T"), ("DH", "D"), ("BH", "B"), ("HS", "S"), ("CK", "K"), ("TZ", "TS"),
)  # fmt: skip
_VOWELS: Final = (
    ("EAU", "O"),
    ("OE", "U"),
    ("OO", "U"),
    ("OU", "U"),
    ("UE", "U"),
    ("EE", "I"),
    ("IE", "I"),
    ("AE", "E"),
)
_LONG_VOWELS: Final = (("AY", "I"), ("AI", "I"), ("EY", "I"), ("EI", "I"), ("AU", "U"), ("OW", "U"))
_SOFT_C: Final = re.compile(r"C(?=[EIY])")
_LAST_X: Final = re.compile(r"X(?=[^IU]|$)")
_SILENT_H: Final = re.compile(r"(?<=[A-Zc])H(?=[^AEIOU]|$)|(?<=[^AEIOUY])H")
_DOUBLE: Final = re.compile(r"(.)\1+")
_PLAIN: Final = str.maketrans("CQWZXY", "KKVSSI")
_VOICE: Final = str.maketrans("BDGVJZ", "PTKFcS", "AEIOUYHW")
_SHORT: Final = 4
_LONG: Final = 6


@lru_cache(maxsize=65_536)
def fold(token: str) -> str:
    """`token` by sound: SHCH, SCH and SH are one, so are KH and K, W and V, OE and U, and doubled letters.

    Vowels of a short token are kept apart (Mi and Ma are two names); in longer ones E counts as I and O as U.
    """
    text = _consonants(token)
    for spelling, sound in _VOWELS:
        if spelling in text:
            text = text.replace(spelling, sound)
    if len(token) >= _LONG:
        for spelling, sound in _LONG_VOWELS:
            text = text.replace(spelling, sound)
    text = (_SILENT_H.sub("", text) if "H" in text else text).translate(_PLAIN)
    if len(token) > _SHORT:
        text = text.replace("E", "I").replace("O", "U")
    return _DOUBLE.sub(r"\1", text)


def _consonants(text: str) -> str:
    for spelling, sound in _CONSONANTS:
        if spelling in text:
            text = text.replace(spelling, sound)
    if "C" in text:
        text = _SOFT_C.sub("S", text)
    return _LAST_X.sub("KS", text) if "X" in text else text


@lru_cache(maxsize=65_536)
def skeleton(token: str) -> str:
    """The consonants of `fold(token)`, voiced and unvoiced as one; of a token without consonants the fold itself."""
    folded = fold(token)
    return _DOUBLE.sub(r"\1", folded.translate(_VOICE)) or folded


def sound_alike(one: str, other: str, least: float) -> bool:
    """Whether two tokens have that share (0..1) of their letters by sound, or of their consonants, in common."""
    if Indel.normalized_similarity(fold(one), fold(other)) >= least:
        return True
    return Indel.normalized_similarity(skeleton(one), skeleton(other)) >= least
