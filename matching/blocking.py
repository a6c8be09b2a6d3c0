"""Which records deserve comparison: keyed digests that a record and a query share when they may be one person."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import combinations
from struct import unpack
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from matching.form import BirthForm, Form
from matching.kinship import canonical_spellings
from matching.sounds import skeleton

Family = Literal["A", "C", "D", "E", "G", "H"]

WEIGHTS: Final = MappingProxyType({"E": 20, "C": 14, "D": 12, "H": 12, "G": 10, "A": 8})
CAPS: Final = MappingProxyType({"E": 100, "C": 200, "D": 500, "H": 500, "G": 300, "A": 400})

_FAMILIES: Final[dict[str, Family]] = {"A": "A", "C": "C", "D": "D", "E": "E", "G": "G", "H": "H"}
_SHORTEST_SECRET: Final = 16
_LONGEST_SECRET: Final = 64
_MOST_PARTS: Final = 6
_MOST_SPELLINGS: Final = 3
_WIDEST_AGE: Final = 8
_MOST_KEYS: Final = 1_000
_MOST_BIRTHS: Final = 12  # more than the years that an age of the widest range allows
_SHORT_PARTS: Final = 3
_VALUE_BYTES: Final = 8
_NAMES_KEPT: Final = 32_768
# A part of a name, or two neighbours joined: the places it covers, a bit each, and the skeletons it is filed under.
_Unit = tuple[int, tuple[str, ...]]


class Key(NamedTuple):
    """One blocking key: its family and the signed 64-bit value under which the index files it."""

    family: Family
    value: int


def blocking_keys(form: Form, secret: bytes) -> tuple[Key, ...]:
    """Make the keys of `form` under the node's own `secret` (16 to 64 bytes); each key once, in a fixed order.

    A: birth date. C: birth date and one part of a name. D: birth year and two parts. E: a document or national
    identifier. G: two parts. H: birth day and month, and two parts. Dates are folded so that day and month exchanged
    give the same key; parts are skeletons of consonants. At most 1,000 keys, of the first names and births where there
    would be more. Raises ValueError for a secret of another length.
    """
    texts = _texts(form)
    return tuple(dict.fromkeys(map(Key, (_FAMILIES[text[0]] for text in texts), _values(texts, secret))))


def key_values(form: Form, secret: bytes) -> tuple[int, ...]:
    """The values of `blocking_keys(form, secret)`, in its order, without their families: what an index files."""
    return _values(_texts(form), secret)


def _values(texts: Sequence[str], secret: bytes) -> tuple[int, ...]:
    if not _SHORTEST_SECRET <= len(secret) <= _LONGEST_SECRET:
        raise ValueError("The secret of the match index must have 16 to 64 bytes.")
    keyed = blake2b(key=secret, digest_size=_VALUE_BYTES)
    digests: list[bytes] = []
    for text in texts:
        digest = keyed.copy()
        digest.update(text.encode())
        digests.append(digest.digest())
    return unpack(f">{len(digests)}q", b"".join(digests))


def _texts(form: Form) -> tuple[str, ...]:
    """What is digested, each once: the family's letter, a separator, and what two persons must share."""
    found = [f"E\x1f{number.folded}" for number in (*form.documents, *form.national_identifiers)]
    days = [_day(birth) for birth in form.births if birth.day]
    dates = [f"{birth.year} {_day(birth)}" for birth in form.births if birth.day]
    found += [f"A\x1f{day}" for day in dates]
    years = _years(form)
    days, dates, years = days[:_MOST_BIRTHS], dates[:_MOST_BIRTHS], years[:_MOST_BIRTHS]
    for name in form.names:
        if len(found) >= 4 * _MOST_KEYS:  # each name multiplies with each birth, and many of the keys may be alike
            break
        skeletons, pairs = _filed(name.tokens)
        found += [f"C\x1f{day} {spelling}" for day in dates for spelling in skeletons]
        for pair in pairs:
            found.append(f"G\x1f{pair}")
            found += [f"D\x1f{year} {pair}" for year in years]
            found += [f"H\x1f{day} {pair}" for day in days]
    return tuple(dict.fromkeys(found))[:_MOST_KEYS]


def _day(birth: BirthForm) -> str:
    return f"{min(birth.month, birth.day)}-{max(birth.month, birth.day)}"


def _years(form: Form) -> tuple[int, ...]:
    if form.births:
        return tuple(dict.fromkeys(birth.year for birth in form.births))
    first, last = form.years
    return tuple(range(first - 1, min(last + 1, first + _WIDEST_AGE) + 1)) if first else ()


@lru_cache(maxsize=_NAMES_KEPT)
def _filed(tokens: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The skeletons of a name's parts, each once, and its pairs of parts."""
    units = _units(tokens)
    return tuple(dict.fromkeys(spelling for _, spellings in units for spelling in spellings)), tuple(_pairs(units))


def _units(tokens: tuple[str, ...]) -> list[_Unit]:
    """Parts alone, and neighbours joined where the name has two or three parts, as Guo Hua is Guohua."""
    parts = tokens[:_MOST_PARTS]
    units = [(1 << place, _skeletons(token)) for place, token in enumerate(parts)]
    if len(parts) == _SHORT_PARTS:
        for place in range(len(parts) - 1):
            units.append((0b11 << place, (skeleton(parts[place] + parts[place + 1]),)))
    return units


@lru_cache(maxsize=65_536)
def _skeletons(token: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((skeleton(token), *map(skeleton, canonical_spellings(token)))))[:_MOST_SPELLINGS]


def _pairs(units: list[_Unit]) -> list[str]:
    """Every two parts that do not overlap, each pair in one order; a name of one part is paired with nothing."""
    if len(units) == 1:
        return [f"{spelling} -" for spelling in units[0][1]]
    return [
        f"{one} {other}" if one <= other else f"{other} {one}"
        for (places, ones), (covered, others) in combinations(units, 2)
        if not places & covered
        for one in ones
        for other in others
    ]
