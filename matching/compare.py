"""Two descriptions compared, attribute by attribute, each with its evidence and its weight."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from federation.comparison import AlignedPart, Comparison
from matching.alignment import Part
from matching.features import BY_KIND
from matching.form import Form
from matching.model import DEFAULT, Model
from matching.weigh import Weighed, weigh, written

__all__ = ["DEFAULT", "Model", "compare", "tell"]

_LABELS: Final = {
    "name": "Name",
    "birth": "Birth",
    "document": "Document",
    "national_identifier": "National identifier",
    "sex": "Sex",
    "nationality": "Nationality",
}
_PARTS: Final = {
    "same": "the same",
    "joined": "the same, written as one word and as two",
    "variant": "two known spellings of one name",
    "other_language": "forms of one name in two languages, or a short form",
    "spelling": "two spellings of one sound",
    "romanisation": "the same consonants",
    "sound": "one name by its sound, in two scripts or languages",
    "homophone": "two characters of one sound",
    "vowels": "the same consonants, other vowels",
    "typo": "different by a slip of the pen",
    "cut": "one may be the other cut short",
    "initial": "an initial",
    "differs": "different",
}


def compare(asked: Form, held: Form, model: Model = DEFAULT) -> tuple[Comparison, ...]:
    """Compare two persons: one Comparison per attribute, in the order of `features.ATTRIBUTES`.

    An attribute that one side does not give is `unknown` and weighs nothing; part of a value that one side leaves
    out weighs little; what contradicts weighs against.
    """
    return tuple(tell(each) for each in weigh(asked, held, model))


def tell(weighed: Weighed) -> Comparison:
    """Write what was weighed as a Comparison with its evidence in plain English."""
    return _told(weighed) if weighed.attribute == "name" else _told_before(weighed)


def _told(weighed: Weighed) -> Comparison:
    row = BY_KIND.get((weighed.attribute, weighed.kind))
    return Comparison(
        attribute=weighed.attribute,
        outcome=row.outcome if row else "unknown",
        kind=weighed.kind,
        asked=written(weighed.asked),
        held=written(weighed.held),
        bits=weighed.bits,
        evidence=_evidence(weighed, row.means if row else ""),
        aligned=tuple(AlignedPart(asked=a, held=h, kind=kind, bits=bits) for a, h, kind, bits in weighed.parts),
    )


_told_before: Final = lru_cache(maxsize=4_096)(_told)  # sexes, nationalities, what is unknown: mostly the same few


def _evidence(weighed: Weighed, means: str) -> str:
    label = _LABELS[weighed.attribute]
    if not means:
        side = "neither side gives" if not weighed.asked and not weighed.held else "one side does not give"
        if weighed.asked and weighed.held:
            return f"{label}: what the two sides give cannot be compared."
        return f"{label}: {side} it, or it could not be read."
    told = "; ".join(filter(None, (_part(part) for part in weighed.parts)))
    return f"{label}: {means} ({weighed.bits:+g} bits)" + (f": {told}." if told else ".")


def _part(part: Part) -> str:
    asked, held, kind, _ = part
    if kind == "missing":
        return f"{asked or held} is on one side only"
    if kind == "generation":
        return f"{asked or 'no mark'} against {held or 'no mark'} of father and son"
    if kind == "lineage":
        return "the parts stand in another order, where each name says whose child it is"
    if kind in ("turned", "reordered"):
        return "the parts stand in another order"
    if kind == "limit":
        return ""
    return f"{asked} and {held}: {_PARTS[kind]}" if asked != held else f"{asked}: the same"
