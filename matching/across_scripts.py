"""The parts of two names written in two scripts, laid side by side by what they sound like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from matching.form import NameForm
from matching.kinship import kin, known_apart
from matching.names import PARTICLES
from matching.transliteration import ANY, PINYIN, likeliest_readings, may_read, quality, shared_sounds

_LISTED: Final = frozenset({"same", "variant", "spelling", "other_language", "romanisation", "initial"})
_WITHOUT_VOWELS: Final = frozenset({"Arab", "Hebr"})  # where Hasan and Husain look alike
_WITH_VOWELS: Final = frozenset({"Latn", "Kana", "Hang"})
_MOST_PARTS: Final = 2
_FOREIGN_FROM: Final = 3  # characters: Chinese given names have one or two
_MOST_UNSPACED: Final = 5
_LEAST_OF_RUNS: Final = 0.45
_MOST_CHARACTERS: Final = 5
_MOST_TOGETHER: Final = 12
_TIMES_AS_LONG: Final = 2.5
_AND_LETTERS: Final = 2
_LEAST_SHARED: Final = 0.5  # of the sounds of each part, where names in one script contradict
_SHARED_BY_ALL: Final = 0.75

Run = tuple[int, int]


class Meeting(msgspec.Struct, frozen=True, gc=False):
    """A run of parts of the one name that meets a run of the other's, its kind and its quality (0..1)."""

    asked: Run
    held: Run
    kind: str
    quality: float


def meetings(asked: NameForm, held: NameForm, left: set[int], right: set[int]) -> list[Meeting]:
    """Pair runs of the parts numbered `left` of `asked` with runs of those numbered `right` of `held`, best first."""
    native, latin, turned = (asked, held, False) if _reads(asked, held) else (held, asked, True)
    ours, theirs = (right, left) if turned else (left, right)
    found = sorted(_candidates(native, latin, ours, theirs), key=lambda each: (-each[0], each[1], each[2]))
    met: list[Meeting] = []
    for _, mine, other, kind, sure in found:
        if ours.issuperset(range(*mine)) and theirs.issuperset(range(*other)):
            ours.difference_update(range(*mine))
            theirs.difference_update(range(*other))
            met.append(Meeting(other, mine, kind, sure) if turned else Meeting(mine, other, kind, sure))
    return met


def may_all_meet(asked: NameForm, held: NameForm) -> bool:
    """Whether a look leaves it possible that every part of the name to be read against meets something: cheap."""
    native, latin = (asked, held) if _reads(asked, held) else (held, asked)
    parts = [part for part in latin.tokens if len(part) > 1 and part not in PARTICLES]
    if native.han:
        written = "".join(native.han)
        return all(part in native.tokens or may_read(written, part) for part in parts)
    total = 0.0
    for part in parts:
        shared = max(shared_sounds(token, part) for token in native.tokens)
        if shared < _LEAST_SHARED:
            return False
        total += shared
    return total >= _SHARED_BY_ALL * len(parts)


def _reads(asked: NameForm, held: NameForm) -> bool:
    """Whether `asked` is the name to be read by the table of its script: Han before all others, Latin after all."""
    ranks = [(name.script != "Hani", name.script == "Latn", name.script, name.tokens) for name in (asked, held)]
    return ranks[0] <= ranks[1]


def _candidates(
    native: NameForm, latin: NameForm, ours: set[int], theirs: set[int]
) -> Iterator[tuple[float, Run, Run, str, float]]:
    longest, others = _longest_runs(native, latin)
    for mine in _runs(ours, longest):
        for other in _runs(theirs, others):
            if mine[1] - mine[0] > 1 and other[1] - other[0] > 1:
                continue
            least = _LEAST_OF_RUNS if (not native.han and mine[1] - mine[0] > 1) or other[1] - other[0] > 1 else 0.0
            token, name = "".join(native.tokens[slice(*mine)]), "".join(latin.tokens[slice(*other)])
            listed = kin(token, name)
            if listed and listed[0] in _LISTED:
                yield listed[1] ** 2 * len(name), mine, other, listed[0], listed[1]
            if max(len(name), len(token)) > _TIMES_AS_LONG * min(len(name), len(token)) + _AND_LETTERS:
                continue
            if native.script in _WITHOUT_VOWELS and known_apart(token, name):
                continue
            found = _by_sound(token, "".join(native.han[slice(*mine)]), name, native.script, latin.script)
            if found > least and len(name) > 1:
                yield found**2 * len(name), mine, other, "sound", found


def _longest_runs(native: NameForm, latin: NameForm) -> tuple[int, int]:
    """How many neighbours may be taken together on either side; none in long names, for the time it would take."""
    if len(native.tokens) + len(latin.tokens) > _MOST_TOGETHER:
        return 1, 1
    alone = _MOST_CHARACTERS if native.script == "Hani" else _MOST_PARTS
    return (
        _MOST_UNSPACED if len(latin.tokens) == 1 else alone,
        _MOST_UNSPACED if len(native.tokens) == 1 else _MOST_PARTS,
    )


def _by_sound(token: str, han: str, name: str, script: str, other_script: str) -> float:
    """How surely a token, or the Han characters that it was read from, and one of the other name are one name.

    Where neither is Latin, what the one is romanised as also stands for a Latin spelling, read by the other's table.
    """
    if other_script == "Latn":
        return _as_han(token, han, name, other_script) if han else quality(token, name, script)
    if not han:
        return max(quality(token, name, ANY), quality(token, name, script), quality(name, token, other_script))
    by_readings = (quality(name, reading, other_script) for reading in (token, *likeliest_readings(han)))
    return max(_as_han(token, han, name, other_script), *by_readings)


def _as_han(token: str, han: str, name: str, other_script: str) -> float:
    found = quality(han, name, "Hani")
    if other_script not in _WITH_VOWELS:
        return max(found, quality(token, name, ANY))
    return max(found, quality(token, name, PINYIN)) if len(han) >= _FOREIGN_FROM else found


def _runs(places: set[int], longest: int) -> Iterator[Run]:
    for first in places:
        for last in range(first, first + longest):
            if last not in places:
                break
            yield first, last + 1
