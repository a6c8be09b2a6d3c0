"""Two names laid side by side: which part met which, in whatever order, and what each meeting weighs."""

from __future__ import annotations

from typing import Final, NamedTuple

from matching import features
from matching.features import QUALITIES, SURE_PARTS, eighths
from matching.frequencies import Frequencies
from matching.kinship import kin, kin_across_scripts
from matching.names import PARTICLES

Part = tuple[str, str, str, float]

_PAIR: Final = 2


class Alignment(NamedTuple):
    """The kind of agreement (a row of FEATURES), its bits, and the parts: asked, held, kind, bits; they sum to it."""

    kind: str
    bits: float
    parts: tuple[Part, ...]


def align(
    asked: tuple[str, ...], held: tuple[str, ...], frequencies: Frequencies, *, two_scripts: bool = False
) -> Alignment:
    """Align the tokens of two names one to one, order-free, trying joined neighbours.

    `two_scripts` says that the names were written in two scripts, where a part that finds no partner may be one that
    we cannot read: it then weighs little against.
    """
    left, right = list(asked), list(held)
    parts = _same(left, right, frequencies)
    if left and right:
        parts += _joined(left, right, frequencies)
        parts += _joined(right, left, frequencies, swapped=True)
        parts += _nearest(left, right, frequencies, two_scripts=two_scripts)
    met = len(parts)
    contradicting = _leftover(left, right, parts, two_scripts=two_scripts)
    if met > 1 and asked != held and sorted(asked) == sorted(held):
        parts.append(_order(asked, held))
    return _judged(parts, met, contradicting, two_scripts=two_scripts)


def most_bits(asked: tuple[str, ...], frequencies: Frequencies) -> float:
    """The most bits that any name could earn against `asked`."""
    total = sum(min(features.TOKEN_MOST, frequencies.bits(token)) for token in asked)
    return min(features.NAME_MOST, total)


def _order(asked: tuple[str, ...], held: tuple[str, ...]) -> Part:
    """Weigh another order of the same parts: surname first is a habit, a lineage turned round another person."""
    turned = any(asked == held[place:] + held[:place] for place in range(len(held)))
    return ("", "", "turned", features.TURNED) if turned else ("", "", "reordered", features.REORDERED)


def _weight(quality: float, asked: str, held: str, frequencies: Frequencies) -> float:
    rarity = frequencies.bits(asked)
    if held != asked:
        rarity = min(rarity, frequencies.bits(held))
    return eighths(quality * min(features.TOKEN_MOST, rarity))


def _same(left: list[str], right: list[str], frequencies: Frequencies) -> list[Part]:
    parts: list[Part] = []
    for token in tuple(left):
        if token in right:
            left.remove(token)
            right.remove(token)
            parts.append((token, token, "same", _weight(1.0, token, token, frequencies)))
    return parts


def _joined(whole: list[str], split: list[str], frequencies: Frequencies, *, swapped: bool = False) -> list[Part]:
    """Take two neighbours of `split` that together are one token of `whole` (Guo Hua is Guohua)."""
    parts: list[Part] = []
    for token in tuple(whole):
        for place in range(len(split) - 1):
            found = kin(token, split[place] + split[place + 1])
            if found and found[0] in SURE_PARTS and len(token) > _PAIR:
                pair = f"{split[place]} {split[place + 1]}"
                quality = min(QUALITIES["joined"], found[1])
                rarity = min(features.TOKEN_MOST, frequencies.bits(token), _pair_bits(split, place, frequencies))
                whole.remove(token)
                del split[place : place + 2]
                names = (pair, token) if swapped else (token, pair)
                parts.append((*names, "joined", eighths(quality * rarity)))
                break
    return parts


def _pair_bits(split: list[str], place: int, frequencies: Frequencies) -> float:
    return frequencies.bits(split[place]) + frequencies.bits(split[place + 1])


def _nearest(left: list[str], right: list[str], frequencies: Frequencies, *, two_scripts: bool = False) -> list[Part]:
    related = kin_across_scripts if two_scripts else kin
    candidates: list[tuple[float, str, str, str, str, str]] = []
    for asked in left:
        for held in right:
            found = related(asked, held)
            if found:
                candidates.append((-found[1], min(asked, held), max(asked, held), asked, held, found[0]))
    parts: list[Part] = []
    for quality, _, _, asked, held, kind in sorted(candidates):
        if asked in left and held in right:
            left.remove(asked)
            right.remove(held)
            parts.append((asked, held, kind, _weight(-quality, asked, held, frequencies)))
    return parts


def _leftover(left: list[str], right: list[str], parts: list[Part], *, two_scripts: bool) -> int:
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
            bits = features.FURTHER_CONTRADICTION if number else features.CONTRADICTION
        parts.append((asked, held, "differs", bits))
    for number, token in enumerate(left[contradicting:] or right[contradicting:]):
        names = (token, "") if left[contradicting:] else ("", token)
        parts.append((*names, "missing", features.MISSING if number < features.MISSING_MOST else 0.0))
    return contradicting


def _judged(parts: list[Part], met: int, contradicting: int, *, two_scripts: bool) -> Alignment:
    kind = _kind(parts, met, contradicting, two_scripts=two_scripts)
    most = features.NAME_MOST
    if contradicting and not two_scripts:
        most = features.NAME_MOST_WITH_A_CONTRADICTION
    if not met:
        row = features.BY_KIND["name", kind]
        return Alignment(kind, row.bits, (*((a, h, k, 0.0) for a, h, k, _ in parts), ("", "", "limit", row.bits)))
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
    if not kinds <= SURE_PARTS or any(part[2] == "reordered" for part in parts):
        return "respelled"
    if any(part[2] == "missing" for part in parts):
        return "part_missing" if met > 1 else "one_part"
    return "same"
