"""How likely a token of one script and a token of Latin letters write one name: learned ways of writing, in bits.

A table of a script says how much likelier than chance it is that these letters here stand for those there. The bits of
two tokens are those of all ways to lay the one along the other, letter group by letter group. The tables are learned
from names that Wikidata gives in both scripts (`bench/learning`); each line can be read and corrected.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import product
from math import log2, prod
from types import MappingProxyType
from typing import Final

from rapidfuzz.distance import Indel

from matching.sounds import fold, skeleton, sound_alike
from matching.tables import rows

ANY: Final = "Zzzz"
PINYIN: Final = "Pinyin"  # foreign names in Chinese characters, by the sound of the characters
UNLIKE: Final = -2.0
_LOWEST: Final = 0.08
_HIGHEST: Final = 0.9
_UNLISTED: Final = 2.0**-12
_LIKELY: Final = 2.0**3  # a reading of a Han character
_HOPELESS: Final = 2.0**-16  # of the best way so far: what is less is not followed
_LONGEST: Final = 24
_GROUP: Final = 3  # letters of the one side that may stand together
_LONGEST_OF_HAN: Final = 6
_MOST_READ: Final = 4  # characters whose readings are tried together
_READINGS_OF_ONE: Final = 3
_MOST_READINGS: Final = 4
_LETTERS: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_TABLE_OF: Final = MappingProxyType(
    dict.fromkeys(("Beng", "Guru", "Gujr", "Orya", "Taml", "Telu", "Knda", "Mlym", "Sinh"), "Deva")
)
_Table = dict[str, dict[str, float]]
# Groups that start at one place of a token: how many letters each takes, and the factors of what it may stand for.
_Starts = tuple[tuple[int, dict[str, float]], ...]


def quality(token: str, latin: str, script: str) -> float:
    """How surely `token`, of `script` (ISO 15924), and `latin` are one name: 0 where they are two, else 0.08 to 0.9.

    `token` is romanised (A to Z), but for Han characters, which are taken as written; `latin` is A to Z.
    """
    least, sure, _ = _thresholds()[_known(script)]
    bits = likeness(token, latin, script)
    if bits < least:
        return 0.0
    return _LOWEST + (_HIGHEST - _LOWEST) * min(1.0, (bits - least) / (sure - least))


def likeness(token: str, latin: str, script: str) -> float:
    """Bits a letter for `token` and `latin`, as `quality` takes them, being one name; below 0 where they hardly are."""
    return _likeness(token[:_LONGEST], latin[:_LONGEST], _known(script))


@lru_cache(maxsize=65_536)
def may_read(han: str, latin: str) -> bool:
    """Whether some neighbouring characters of `han` are read `latin`, each as the table likely reads it."""
    return any(_reads_from(han[place:], latin) for place in range(len(han)))


def _reads_from(han: str, latin: str) -> bool:
    if not latin or not han:
        return not latin
    if latin[0] not in _beginnings(han[0]):
        return False
    return any(
        _reads_from(han[1:], latin[len(reading) :])
        for reading, factor in _table("Hani").get(han[0], {}).items()
        if factor >= _LIKELY and latin.startswith(reading)
    )


@lru_cache(maxsize=16_384)
def likeliest_readings(han: str) -> tuple[str, ...]:
    """The likeliest Latin spellings of a few Han characters together, best first; none where one is not known."""
    if len(han) > _MOST_READ:
        return ()
    readings = [_likeliest(character) for character in han]
    together = ((prod(factor for factor, _ in each), "".join(text for _, text in each)) for each in product(*readings))
    return tuple(text for _, text in sorted(together, reverse=True)[:_MOST_READINGS])


@lru_cache(maxsize=16_384)
def _likeliest(character: str) -> list[tuple[float, str]]:
    listed = _table("Hani").get(character, {})
    return sorted(((factor, text) for text, factor in listed.items() if text), reverse=True)[:_READINGS_OF_ONE]


@lru_cache(maxsize=131_072)
def shared_sounds(token: str, latin: str) -> float:
    """The share (0..1) of their letters by sound that two tokens of two scripts, both romanised, have in common."""
    return max(
        Indel.normalized_similarity(fold(token), fold(latin)),
        Indel.normalized_similarity(skeleton(token), skeleton(latin)),
    )


@lru_cache(maxsize=32_768)
def _beginnings(character: str) -> frozenset[str]:
    """The letters that the readings of a Han character begin with: all where it may be silent, or is not known."""
    readings = _table("Hani").get(character, {"": 1.0})
    return _LETTERS if "" in readings else frozenset(reading[0] for reading in readings)


def load_tables() -> None:
    """Read every table now (a tenth of a second) and not when the first name of its script is compared."""
    for script in _thresholds():
        _table(script)


@lru_cache(maxsize=1)
def _thresholds() -> dict[str, tuple[float, float, float]]:
    return {
        script: (float(least), float(sure), float(shared))
        for script, least, sure, shared in rows("transliteration/thresholds.tsv")
    }


@lru_cache(maxsize=64)
def _known(script: str) -> str:
    name = _TABLE_OF.get(script, script)
    return name if name in _thresholds() else ANY


@lru_cache(maxsize=131_072)
def _likeness(token: str, latin: str, script: str) -> float:
    if not token or not latin or _unlike(token, latin, script):
        return UNLIKE
    if len(token) == 1 and script == "Hani":  # one reading, or none: no way to lay it otherwise comes near
        factor = _table(script).get(token, {}).get(latin, 0.0)
        return max(UNLIKE, log2(factor) / (2 * len(latin))) if factor else UNLIKE
    letters = 2 * len(latin) if script == "Hani" else len(token) + len(latin)
    return max(
        UNLIKE, log2(_ways(_places(token, script), latin, _LONGEST_OF_HAN if script == "Hani" else _GROUP)) / letters
    )


def _unlike(token: str, latin: str, script: str) -> bool:
    """Whether a look tells that the two share too few sounds: of true pairs it loses about one in a hundred."""
    if script == "Hani":
        return len(token) > 1 and latin[0] not in _beginnings(token[0])
    return not sound_alike(token, latin, _thresholds()[script][2])


def _ways(places: Sequence[_Starts], latin: str, longest: int) -> float:
    """The sum over all ways to lay a token along `latin`, each the product of its groups' factors."""
    ends = len(latin)
    pieces = _pieces(latin, longest)
    lines = [[0.0] * (ends + 1) for _ in places]
    lines[0][0] = 1.0
    last = len(places) - 1
    for place, starts in enumerate(places):
        line = lines[place]
        following = lines[place + 1] if place < last else [0.0] * (ends + 1)
        least = max(line) * _HOPELESS if place < last else 0.0
        for at in range(ends + 1):
            reached = line[at]
            if reached <= least:
                continue
            for taken, factors in starts:
                target = lines[place + taken]
                for end, piece in pieces[at]:
                    if piece in factors:
                        target[end] += reached * factors[piece]
            missed = reached * _UNLISTED
            following[at] += missed
            if at < ends:
                line[at + 1] += missed
                following[at + 1] += missed
    return lines[-1][ends]


@lru_cache(maxsize=16_384)
def _pieces(latin: str, longest: int) -> tuple[tuple[tuple[int, str], ...], ...]:
    """For each place of `latin`, its end included: the pieces that start there, each with where it ends."""
    ends = len(latin)
    return tuple(
        tuple((at + length, latin[at : at + length]) for length in range(min(longest, ends - at) + 1))
        for at in range(ends + 1)
    )


@lru_cache(maxsize=16_384)
def _places(token: str, script: str) -> tuple[_Starts, ...]:
    """For each place of `token`, its end included: the groups of letters that start there, and their factors."""
    table = _table(script)
    return tuple(
        tuple(
            (taken, table[group])
            for taken in range(min(_GROUP, len(token) - place) + 1)
            if (group := token[place : place + taken]) in table
        )
        for place in range(len(token) + 1)
    )


@lru_cache(maxsize=16)
def _table(script: str) -> _Table:
    """The table of `script`: letters, and for each group of Latin letters the factor by which it is likelier."""
    return {
        "" if native == "-" else native: {
            "" if latin == "-" else latin: 2.0 ** float(bits)
            for latin, _, bits in (cell.partition(":") for cell in cells.split())
        }
        for native, cells in rows(f"transliteration/{script}.tsv")
    }
