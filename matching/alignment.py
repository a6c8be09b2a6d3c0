"""Two names laid side by side: which part met which, in whatever order, and what each meeting weighs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf
from typing import Final

import msgspec
from rapidfuzz.distance import Indel

from matching import features
from matching.across_scripts import meetings
from matching.features import QUALITIES, SURE_PARTS, eighths
from matching.form import NameForm
from matching.kinship import LONG_FROM, kin, kin_by_letters, may_be_kin
from matching.model import Model
from matching.names import PARTICLES, with_particles

Part = tuple[str, str, str, float]

_PAIR: Final = 2
_LETTERS_APART: Final = 3  # of a name written as one word and as two
_JOINED_ALIKE: Final = 0.4


class Alignment(msgspec.Struct, frozen=True, gc=False):
    """The kind of agreement (a row of FEATURES), its bits, and the parts: asked, held, kind, bits; they sum to it."""

    kind: str
    bits: float
    parts: tuple[Part, ...]


def align(asked: NameForm, held: NameForm, model: Model, least: float = -inf) -> Alignment:
    """Align the tokens of two names one to one, order-free, trying joined neighbours.

    In names of two scripts parts meet by what they sound like, too, and a part that finds no partner weighs less
    against: it may be one that we cannot read. Two names in Han characters are compared as written. Names of one script
    that are seen to contradict are looked at no further where they cannot come to `least` bits: their parts are left
    out, and their bits are the most that such names can have.
    """
    two_scripts = asked.script != held.script
    parts, left, right = (_across if two_scripts else _within)(asked, held, model)
    if left and right and not two_scripts and not (asked.han and held.han):
        if least > features.NAME_MOST_WITH_A_CONTRADICTION and _must_contradict(left, right):
            return Alignment("some_differ", features.NAME_MOST_WITH_A_CONTRADICTION, ())
        parts += _nearest(left, right, model)
    met = len(parts)
    contradicting = _leftover(left, right, parts, model, two_scripts=two_scripts)
    if not two_scripts and met > 1 and asked.tokens != held.tokens and sorted(asked.tokens) == sorted(held.tokens):
        parts.append(_order(asked, held))
    if asked.generation != held.generation and met:
        both = asked.generation and held.generation
        bits = features.GENERATIONS_DIFFER if both else features.GENERATION
        parts.append((asked.generation, held.generation, "generation", bits))
    return _judged(parts, met, contradicting, model, two_scripts=two_scripts)


_Paired = tuple[list[Part], list[str], list[str]]


def _within(asked: NameForm, held: NameForm, model: Model) -> _Paired:
    """Pair the parts of two names in one script that are the same, or are but for a space; what is left of each."""
    if asked.han and held.han:
        return _written(asked, held, model)
    left, right = list(asked.tokens), list(held.tokens)
    parts = _same(left, right, model)
    if left and right:
        parts += _joined(left, right, model)
        parts += _joined(right, left, model, swapped=True)
        parts += _with_particles(left, right, with_particles(held.text), model)
        parts += _with_particles(right, left, with_particles(asked.text), model, swapped=True)
    return parts, left, right


def _must_contradict(left: Sequence[str], right: Sequence[str]) -> bool:
    """Whether a look tells that some part on either side meets nothing on the other."""
    return _one_alone(left, right) and _one_alone(right, left)


def _one_alone(tokens: Sequence[str], others: Sequence[str]) -> bool:
    return any(token not in PARTICLES and not any(may_be_kin(token, other) for other in others) for token in tokens)


def _written(asked: NameForm, held: NameForm, model: Model) -> _Paired:
    """Pair the parts of two names in Han characters: one character is one; another of the same sound counts less."""
    left, right = list(zip(asked.han, asked.tokens, strict=True)), list(zip(held.han, held.tokens, strict=True))
    parts: list[Part] = []
    for one in tuple(left):
        if one in right:
            left.remove(one)
            right.remove(one)
            parts.append((one[0], one[0], "same", _weight(1.0, one[1], one[1], model)))
    for one in tuple(left):
        other = next((each for each in right if each[1] == one[1]), None)
        if other:
            left.remove(one)
            right.remove(other)
            parts.append((one[0], other[0], "homophone", features.HOMOPHONE))
    return parts, [han for han, _ in left], [han for han, _ in right]


def _across(asked: NameForm, held: NameForm, model: Model) -> _Paired:
    """Pair the parts of names in two scripts; what is left of each."""
    left, right = set(range(len(asked.tokens))), set(range(len(held.tokens)))
    parts: list[Part] = []
    for met in meetings(asked, held, left, right):
        rarity = min(_rarity(asked, met.asked, model), _rarity(held, met.held, model), features.TOKEN_MOST)
        doubt = max(0.0, 1 - met.quality / features.DOUBTFUL_SOUND) if met.kind == "sound" else 0.0
        bits = eighths(met.quality * rarity + doubt * features.DOUBT_MOST)
        parts.append((_shown(asked, met.asked), _shown(held, met.held), met.kind, bits))
    one, two = (
        [_shown(name, (place, place + 1)) for place in sorted(places)]
        for name, places in ((asked, left), (held, right))
    )
    return parts, one, two


def _rarity(name: NameForm, run: tuple[int, int], model: Model) -> float:
    return sum(model.bits(token) for token in name.tokens[slice(*run)])


def _shown(name: NameForm, run: tuple[int, int]) -> str:
    return "".join(name.han[slice(*run)]) or " ".join(name.tokens[slice(*run)])


def most_bits(asked: tuple[str, ...], model: Model) -> float:
    """The most bits that any name could earn against `asked`."""
    total = sum(min(features.TOKEN_MOST, model.bits(token)) for token in asked)
    return min(features.NAME_MOST, total)


def _order(asked: NameForm, held: NameForm) -> Part:
    """Weigh another order of the same parts: surname first is a habit, a lineage turned round another person."""
    one, other = asked.tokens, held.tokens
    if asked.lineage and held.lineage:
        return ("", "", "lineage", features.LINEAGE_TURNED)
    turned = any(one == other[place:] + other[:place] for place in range(len(other)))
    return ("", "", "turned", features.TURNED) if turned else ("", "", "reordered", features.REORDERED)


def _weight(quality: float, asked: str, held: str, model: Model) -> float:
    rarity = model.bits(asked)
    if held != asked:
        rarity = min(rarity, model.bits(held))
    most = features.INITIAL_MOST if len(asked) == len(held) == 1 else features.TOKEN_MOST
    return eighths(quality * min(most, rarity))


def _same(left: list[str], right: list[str], model: Model) -> list[Part]:
    parts: list[Part] = []
    for token in tuple(left):
        if token in right:
            left.remove(token)
            right.remove(token)
            parts.append((token, token, "same", _weight(1.0, token, token, model)))
    return parts


def _joined(whole: list[str], split: list[str], model: Model, *, swapped: bool = False) -> list[Part]:
    """Take two neighbours of `split` that together are one token of `whole` (Guo Hua is Guohua)."""
    parts: list[Part] = []
    for token in tuple(whole):
        for place in range(len(split) - 1):
            both = split[place] + split[place + 1]
            if abs(len(token) - len(both)) > _LETTERS_APART or Indel.normalized_similarity(token, both) < _JOINED_ALIKE:
                continue
            quality = _as_one(token, both, model)
            if quality:
                pair = f"{split[place]} {split[place + 1]}"
                rarity = min(features.TOKEN_MOST, model.bits(token), _pair_bits(split, place, model))
                whole.remove(token)
                del split[place : place + 2]
                names = (pair, token) if swapped else (token, pair)
                parts.append((*names, "joined", eighths(quality * rarity)))
                break
    return parts


def _with_particles(
    whole: list[str], others: list[str], written: Mapping[str, str], model: Model, *, swapped: bool = False
) -> list[Part]:
    """Take a token of `others` that is one of `whole` with the particles before it (Del Rosario is Delrosario)."""
    parts: list[Part] = []
    for other in tuple(others):
        both = written.get(other)
        if both is None:
            continue
        for token in tuple(whole):
            quality = _as_one(token, both.replace(" ", ""), model)
            if quality:
                whole.remove(token)
                others.remove(other)
                names = (both, token) if swapped else (token, both)
                parts.append((*names, "joined", _weight(quality, other, token, model)))
                break
    return parts


def _as_one(token: str, both: str, model: Model) -> float:
    """The share of its bits that a token keeps as two parts written together; 0 where it is not these."""
    found = kin_by_letters(token, both)
    if found is None:
        return 0.0
    kind, quality = found
    sure = (kind in SURE_PARTS and len(token) > _PAIR) or (kind == "typo" and len(token) >= LONG_FROM)
    return model.share("joined", min(QUALITIES["joined"], quality)) if sure else 0.0


def _pair_bits(split: list[str], place: int, model: Model) -> float:
    return model.bits(split[place]) + model.bits(split[place + 1])


def _nearest(left: list[str], right: list[str], model: Model) -> list[Part]:
    candidates: list[tuple[float, str, str, str, str, str]] = []
    for asked in left:
        for held in right:
            found = kin(asked, held)
            if found:
                candidates.append(
                    (
                        -model.share(*found),
                        min(asked, held),
                        max(asked, held),
                        asked,
                        held,
                        found[0],
                    )
                )
    parts: list[Part] = []
    for quality, _, _, asked, held, kind in sorted(candidates):
        if asked in left and held in right:
            left.remove(asked)
            right.remove(held)
            parts.append((asked, held, kind, _weight(-quality, asked, held, model)))
    return parts


def _leftover(left: list[str], right: list[str], parts: list[Part], model: Model, *, two_scripts: bool) -> int:
    """Weigh what found no partner; the number of parts that contradict one another."""
    left, right = (
        sorted((token for token in side if token not in PARTICLES), key=lambda token: (len(token), token))
        for side in (left, right)
    )
    contradicting = min(len(left), len(right))
    for number, (asked, held) in enumerate(zip(left, right, strict=False)):
        if two_scripts:
            bits = features.SCRIPTS_CONTRADICT
        elif len(asked) == len(held) == 1:
            bits = features.INITIALS_CONTRADICT
        else:
            bits = features.FURTHER_CONTRADICTION if number else model.contradiction
        parts.append((asked, held, "differs", bits))
    for number, token in enumerate(left[contradicting:] or right[contradicting:]):
        names = (token, "") if left[contradicting:] else ("", token)
        parts.append((*names, "missing", model.missing if number < features.MISSING_MOST else 0.0))
    return contradicting


def _judged(parts: list[Part], met: int, contradicting: int, model: Model, *, two_scripts: bool) -> Alignment:
    kind = _kind(parts, met, contradicting, two_scripts=two_scripts)
    most = features.NAME_MOST
    if contradicting and not two_scripts:
        most = features.NAME_MOST_WITH_A_CONTRADICTION
    if not met:
        bits = model.rows["name", kind]
        return Alignment(kind, bits, (*((a, h, k, 0.0) for a, h, k, _ in parts), ("", "", "limit", bits)))
    bits = sum(part[3] for part in parts)
    if bits > most:
        parts.append(("", "", "limit", most - bits))
        bits = most
    return Alignment(kind, bits, tuple(parts))


def _kind(parts: list[Part], met: int, contradicting: int, *, two_scripts: bool) -> str:
    if not met:
        return "scripts_unread" if two_scripts else "different"
    if contradicting:
        return "scripts" if two_scripts else "some_differ"
    kinds = {part[2] for part in parts[:met]}
    if not kinds <= SURE_PARTS or any(part[2] in ("reordered", "lineage") for part in parts):
        return "respelled"
    if any(part[2] == "missing" for part in parts):
        return "part_missing" if met > 1 else "one_part"
    return "same"
