"""Which records deserve comparison: keyed digests that a record and a query share when they may be one person."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from itertools import product
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from matching.form import BirthForm, Form, NameForm
from matching.kinship import canonical_spellings
from matching.sounds import skeleton

Family = Literal["A", "C", "D", "E", "G", "H"]

WEIGHTS: Final = MappingProxyType({"E": 20, "C": 14, "D": 12, "H": 12, "G": 10, "A": 8})
CAPS: Final = MappingProxyType({"E": 500, "C": 500, "D": 500, "H": 500, "G": 500, "A": 800})

_SHORTEST_SECRET: Final = 16
_LONGEST_SECRET: Final = 64
_MOST_PARTS: Final = 6
_MOST_SPELLINGS: Final = 3
_WIDEST_AGE: Final = 8
_SHORT_PARTS: Final = 3


class Key(NamedTuple):
    """One blocking key: its family and the signed 64-bit value under which the index files it."""

    family: Family
    value: int


class _Unit(NamedTuple):
    """A part of a name, or two neighbours joined: the places it covers and the skeletons it is filed under."""

    places: frozenset[int]
    skeletons: tuple[str, ...]


def blocking_keys(form: Form, secret: bytes) -> tuple[Key, ...]:
    """Make the keys of `form` under the node's own `secret` (16 to 64 bytes); each key once, in a fixed order.

    A: birth date. C: birth date and one part of a name. D: birth year and two parts. E: a document or national
    identifier. G: two parts. H: birth day and month, and two parts. Dates are folded so that day and month exchanged
    give the same key; parts are skeletons of consonants. Raises ValueError for a secret of another length.
    """
    if not _SHORTEST_SECRET <= len(secret) <= _LONGEST_SECRET:
        raise ValueError("The secret of the match index must have 16 to 64 bytes.")
    keyed = blake2b(key=secret, digest_size=8)
    keys: dict[Key, None] = {}
    for family, text in dict.fromkeys(_texts(form)):
        digest = keyed.copy()
        digest.update(f"{family}\x1f{text}".encode())
        keys[Key(family, int.from_bytes(digest.digest(), "big", signed=True))] = None
    return tuple(keys)


def _texts(form: Form) -> Iterator[tuple[Family, str]]:
    for number in (*form.documents, *form.national_identifiers):
        yield "E", number.folded
    dates = [birth for birth in form.births if birth.day]
    for birth in dates:
        yield "A", _date(birth)
    years = _years(form)
    for name in form.names:
        units = _units(name)
        skeletons = dict.fromkeys(spelling for unit in units for spelling in unit.skeletons)
        for birth, spelling in product(dates, skeletons):
            yield "C", f"{_date(birth)} {spelling}"
        for pair in _pairs(units):
            yield "G", pair
            yield from (("D", f"{year} {pair}") for year in years)
            yield from (("H", f"{_day(birth)} {pair}") for birth in dates)


def _date(birth: BirthForm) -> str:
    return f"{birth.year} {_day(birth)}"


def _day(birth: BirthForm) -> str:
    return f"{min(birth.month, birth.day)}-{max(birth.month, birth.day)}"


def _years(form: Form) -> tuple[int, ...]:
    if form.births:
        return tuple(dict.fromkeys(birth.year for birth in form.births))
    first, last = form.years
    return tuple(range(first - 1, min(last + 1, first + _WIDEST_AGE) + 1)) if first else ()


def _units(name: NameForm) -> tuple[_Unit, ...]:
    """Parts alone, and neighbours joined where the name has two or three parts, as Guo Hua is Guohua."""
    parts = name.tokens[:_MOST_PARTS]
    units = [_Unit(frozenset({place}), _skeletons(token)) for place, token in enumerate(parts)]
    if len(parts) == _SHORT_PARTS:
        for place in range(len(parts) - 1):
            joined = skeleton(parts[place] + parts[place + 1])
            units.append(_Unit(frozenset({place, place + 1}), (joined,)))
    return tuple(units)


@lru_cache(maxsize=65_536)
def _skeletons(token: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys((skeleton(token), *map(skeleton, canonical_spellings(token)))))[:_MOST_SPELLINGS]


def _pairs(units: tuple[_Unit, ...]) -> Iterator[str]:
    """Every two parts that do not overlap, each pair in one order; a name of one part is paired with nothing."""
    if len(units) == 1:
        yield from (f"{spelling} -" for spelling in units[0].skeletons)
    for place, one in enumerate(units):
        for other in units[place + 1 :]:
            if one.places.isdisjoint(other.places):
                yield from (" ".join(sorted(pair)) for pair in product(one.skeletons, other.skeletons))
