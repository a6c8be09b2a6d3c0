"""How two parts of two names are related: the same, a known variant, a spelling of one sound, a typing error."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA, Indel

from matching.features import QUALITIES
from matching.names import is_pinyin
from matching.sounds import fold, skeleton, sound_alike
from matching.tables import rows
from matching.transliteration import quality

Kin = tuple[str, float]

_VOWELS: Final = frozenset("AEIOUY")
_FEMININE: Final = ("OV", "EV", "IN", "YN")
_TURNED_FROM: Final = 3
_SHORT_TYPO: Final = 4
_TYPO_FROM: Final = 5
LONG_FROM: Final = 7
_TWO_TYPOS_FROM: Final = 9
_VOWELS_FROM: Final = 5
_VOWELS_ALIKE: Final = 0.5
_CUT_FROM: Final = 4
_LEAST_LIKE: Final = 0.6  # of the letters, as written or by sound
_ALIKE_FROM: Final = 4
_ALIKE_MOST: Final = 0.95
_ARTICLES: Final = ("AL", "EL")
_UNSURE: Final = ("typo", "vowels", "cut")
_SURE: Final = ("variant", "other_language", "spelling", "initial")


def _groups() -> dict[str, dict[str, str]]:
    """Each spelling's groups, and the kind of kinship that the group stands for."""
    groups: dict[str, dict[str, str]] = {}
    for canonical, others, custom in rows("variants.tsv"):
        kind = "other_language" if custom == "x" else "variant"
        for spelling in (canonical, *others.split()):
            groups.setdefault(spelling, {})[f"{canonical}.{custom}"] = kind
    return groups


_GROUPS: Final = _groups()


def _short_forms() -> dict[str, frozenset[str]]:
    """Each name and short form, and the full names it may stand for."""
    full: dict[str, set[str]] = {}
    for name, others in rows("nicknames.tsv"):
        for each in (name, *others.split()):
            full.setdefault(each, set()).add(name)
    return {each: frozenset(names) for each, names in full.items()}


_SHORT_FORMS: Final = _short_forms()
_NONE: Final[frozenset[str]] = frozenset()


def canonical_spellings(token: str) -> tuple[str, ...]:
    """The spellings that stand for the groups `token` belongs to, groups of one language only; sorted."""
    return tuple(sorted(group.partition(".")[0] for group, kind in _GROUPS.get(token, {}).items() if kind == "variant"))


@lru_cache(maxsize=131_072)
def kin(one: str, other: str) -> Kin | None:
    """How two tokens are related, and the quality of that (0..1); None where they are two names.

    Two spellings that the tables know, and know to be two names (Ahmed, Mohamed), are never taken for a slip.
    """
    found = kin_by_letters(one, other)
    if (found is None or found[0] in _UNSURE) and may_be_kin(one, other) and not known_apart(one, other):
        alike = _alike(one, other)
        if found is None:
            return ("sound", alike) if alike else None
        if alike > found[1]:
            return found[0], alike
    return found


@lru_cache(maxsize=131_072)
def kin_by_letters(one: str, other: str) -> Kin | None:
    """How two tokens are related by tables and letters alone, and the quality of that (0..1); else None."""
    if one == other:
        return "same", QUALITIES["same"]
    if not may_be_kin(one, other):
        return None
    kind = _listed(one, other) or _spelt(one, other)
    if kind not in _SURE and one in _GROUPS and other in _GROUPS:
        return None
    kind = kind or _mistyped(one, other)
    return (kind, _known(kind, one, other)) if kind else None


@lru_cache(maxsize=131_072)
def may_be_kin(one: str, other: str) -> bool:
    """Whether a look leaves it possible that two tokens are related; most pairs are not, and end here."""
    if min(len(one), len(other)) == 1 or Indel.normalized_similarity(one, other) >= _LEAST_LIKE:
        return True
    if sound_alike(one, other, _LEAST_LIKE):
        return True
    short, long = (one, other) if len(one) < len(other) else (other, one)
    return long.startswith(short) or _listed(one, other) is not None


def _known(kind: str, one: str, other: str) -> float:
    """The quality of a kind; one slip in a long name is likelier a slip than one in a short name."""
    if kind != "typo":
        return QUALITIES[kind]
    letters = max(len(one), len(other))
    return QUALITIES["short_typo" if letters < _TYPO_FROM else "long_typo" if letters >= LONG_FROM else "typo"]


def known_apart(one: str, other: str) -> bool:
    """Whether the tables know both tokens, as two names (Ahmed, Mohamed)."""
    return one in _GROUPS and other in _GROUPS and _listed(one, other) is None


def _alike(one: str, other: str) -> float:
    """The quality of two spellings that other languages give one name (Chekhov, Tschechow); 0 where they are two."""
    if min(len(one), len(other)) < _ALIKE_FROM or _last_vowel_only(one, other):
        return 0.0
    return _ALIKE_MOST * quality(min(one, other), max(one, other), "Latn")


def _are_short_forms(one: str, other: str) -> bool:
    """Whether one is short for the other, or both for one name: Bob and Rob, not Berry and Green (of Greenberry)."""
    shared = _SHORT_FORMS.get(one, _NONE) & _SHORT_FORMS.get(other, _NONE)
    return bool(shared) and (one in shared or other in shared or len(shared) > 1 or one[0] == other[0])


def _listed(one: str, other: str) -> str | None:
    mine, theirs = _GROUPS.get(one), _GROUPS.get(other)
    if mine and theirs:
        shared = {mine[group] for group in mine.keys() & theirs.keys()}
        if shared:
            return "variant" if "variant" in shared else "other_language"
    if _are_short_forms(one, other):
        return "other_language"
    short, long = sorted((one, other), key=len)
    if long == short + "A" and short.endswith(_FEMININE) and len(short) > _CUT_FROM:
        return "variant"
    return "variant" if len(short) > 2 and long[:2] in _ARTICLES and long[2:] == short else None


def _spelt(one: str, other: str) -> str | None:
    short, long = sorted((one, other), key=len)
    if len(short) == 1:
        return "initial" if long[0] == short else None
    if fold(one) == fold(other):
        return "spelling"
    if _last_vowel_only(one, other) or skeleton(one) != skeleton(other):
        return None
    if _VOWELS.isdisjoint(one) or _VOWELS.isdisjoint(other):
        return "romanisation" if len(skeleton(one)) > 1 else "vowels"
    if len(short) > _VOWELS_FROM and len(skeleton(one)) > 2:
        return "romanisation"
    return "vowels" if len(short) >= _VOWELS_FROM and Indel.normalized_similarity(one, other) >= _VOWELS_ALIKE else None


def _last_vowel_only(one: str, other: str) -> bool:
    """Whether two names differ in a final -A alone, as Angelo and Angela do: that tells sexes apart."""
    if (one[-1] == "A") == (other[-1] == "A") or one[-4:-1] == "ENK" == other[-4:-1]:
        return False
    short, long = sorted((one, other), key=len)
    return one[:-1] == other[:-1] or long == short + "A"


def _may_slip(one: str, other: str, letters: int) -> bool:
    """Whether one letter may be a slip: not where most syllables have a neighbour that is a name, too."""
    if letters >= _TYPO_FROM:
        return True
    if len(one) == len(other) and sorted(one) == sorted(other):
        return letters >= _TURNED_FROM
    return letters == _SHORT_TYPO and not (is_pinyin(one) and is_pinyin(other))


def _mistyped(one: str, other: str) -> str | None:
    short, long = sorted((one, other), key=len)
    if _last_vowel_only(one, other):
        return None
    most = 2 if len(long) >= _TWO_TYPOS_FROM else 1
    if OSA.distance(one, other, score_cutoff=most) <= most and _may_slip(one, other, len(long)):
        return "typo"
    return "cut" if len(short) >= _CUT_FROM and len(long) > len(short) + 1 and long.startswith(short) else None
