"""How near two tokens sound when each comes from another script, where letters never map one to one."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from matching.sounds import fold

_WEAK: Final = frozenset("AEIOUYHW")
_CLASSES: Final = ("PBFV", "TD", "KGQX", "ScSZJ", "LR", "MN")
_CLASS_OF: Final = {letter: number for number, letters in enumerate(_CLASSES) for letter in letters}
_HUSHING: Final = frozenset("cJSZTKG")
_LABIAL: Final = frozenset("PWBFV")
_LOST_WEAK: Final = 0.25
_LOST: Final = 0.8
_OTHER_VOWEL: Final = 0.25
_SAME_CLASS: Final = 0.3
_LABIALS: Final = 0.4
_HUSHED: Final = 0.55
_WEAK_FOR_FIRM: Final = 0.9


@lru_cache(maxsize=65_536)
def sound_similarity(one: str, other: str) -> float:
    """1 for tokens of one sound, towards 0 for unlike ones: an edit distance in which sounds of one class cost little.

    Costs are weights chosen by hand over Wikidata names in two scripts; vowels, H, W and Y are cheap to lose, as
    Arabic and Hebrew letters leave them out.
    """
    a, b = fold(one), fold(other)
    costs = [0.0]
    for letter in b:
        costs.append(costs[-1] + _lost(letter))
    for mine in a:
        line = [costs[0] + _lost(mine)]
        for place, theirs in enumerate(b):
            line.append(
                min(
                    costs[place] + _exchanged(mine, theirs), costs[place + 1] + _lost(mine), line[place] + _lost(theirs)
                )
            )
        costs = line
    longest = max(sum(map(_lost, a)), sum(map(_lost, b)))
    return 1 - costs[-1] / longest if longest else 0.0


def _lost(letter: str) -> float:
    return _LOST_WEAK if letter in _WEAK else _LOST


@lru_cache(maxsize=1024)
def _exchanged(mine: str, theirs: str) -> float:
    if mine == theirs:
        return 0.0
    weak = (mine in _WEAK) + (theirs in _WEAK)
    if mine in _CLASS_OF and _CLASS_OF.get(mine) == _CLASS_OF.get(theirs):
        return _SAME_CLASS
    if weak == 2:
        return _OTHER_VOWEL
    if {mine, theirs} <= _LABIAL:
        return _LABIALS
    if weak:
        return _WEAK_FOR_FIRM
    return _HUSHED if {mine, theirs} <= _HUSHING else 1.0
