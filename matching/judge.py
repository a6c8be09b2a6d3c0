"""One candidate judged: compared no further than needed, scored, and put in a band."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import lru_cache
from math import inf, log2
from typing import Final

import msgspec

from federation.comparison import Band, Comparison
from matching.alignment import most_bits
from matching.compare import tell
from matching.features import POSSIBLE_SCORE
from matching.form import Form, NameForm
from matching.model import DEFAULT, Model
from matching.score import prior_bits, score, shown_anyway
from matching.weigh import (
    Weighed,
    beside_names,
    most_of_codes,
    weigh_births,
    weigh_names,
    weigh_numbers_and_codes,
    weighing_names,
)

_SMALL: Final = 256  # pairs of name parts: a few milliseconds at most
_POSSIBLE_BITS: Final = log2(POSSIBLE_SCORE / (1 - POSSIBLE_SCORE))


class Judgement(msgspec.Struct, frozen=True):
    """A candidate's band, score (0..1), total bits, prior, and the evidence; no evidence where the band is `none`.

    Where the band is `none`, `bits` is what was known when no band could be reached any more.
    """

    band: Band
    score: float
    bits: float
    prior: float
    comparisons: tuple[Comparison, ...] = ()


def judge(asked: Form, held: Form, model: Model = DEFAULT, population: int = 1_000_000) -> Judgement:
    """Compare and score one candidate among `population` records; stop as soon as no band can be reached.

    What costs little is weighed first; names are aligned only where the best that any name could add would do.
    """
    cheap, least, hopeless = _without_names(asked, held, model, population)
    return hopeless or _with_names(weigh_names(asked, held, model, least), cheap, population)


def judging(
    asked: Form, held: Form, model: Model = DEFAULT, population: int = 1_000_000
) -> Generator[None, None, Judgement]:
    """Judge as `judge` does, and pause after each pair of names where they are many: a pair may take milliseconds."""
    cheap, least, hopeless = _without_names(asked, held, model, population)
    if hopeless is not None:
        return hopeless
    if _parts(asked) * _parts(held) <= _SMALL:
        return _with_names(weigh_names(asked, held, model, least), cheap, population)
    weighing = weighing_names(asked, held, model, least)
    names = next(weighing)
    for better in weighing:
        yield
        names = better
    return _with_names(names, cheap, population)


def _with_names(names: Weighed, cheap: Sequence[Weighed], population: int) -> Judgement:
    weighed = beside_names(names, cheap)
    found = score(weighed, population)
    told = () if found.band == "none" else tuple(tell(each) for each in weighed)
    return Judgement(band=found.band, score=found.score, bits=found.bits, prior=found.prior, comparisons=told)


def _parts(form: Form) -> int:
    return sum(len(name.tokens) for name in form.names)


@lru_cache(maxsize=256)
def _most_bits(names: tuple[NameForm, ...], model: Model) -> float:
    return max((most_bits(name.tokens, model) for name in names), default=0.0)


def _without_names(
    asked: Form, held: Form, model: Model, population: int
) -> tuple[Sequence[Weighed], float, Judgement | None]:
    """What costs little, weighed; the bits that the names must add; the judgement, where none can add as much."""
    prior = prior_bits(population)
    names = _most_bits(asked.names, model) if held.names else 0.0
    births = weigh_births(asked, held, model)
    known = prior + births.bits
    if (
        not _share_numbers(asked, held)
        and known + names + most_of_codes(asked.sex, asked.nationalities, model) < _POSSIBLE_BITS
    ):
        return (), 0.0, Judgement(band="none", score=0.0, bits=known, prior=prior)
    cheap = (births, *weigh_numbers_and_codes(asked, held, model))
    _, document, national_identifier, sex, nationality = cheap
    known += document.bits + national_identifier.bits + sex.bits + nationality.bits
    if shown_anyway(document) or shown_anyway(national_identifier):
        return cheap, -inf, None
    least = _POSSIBLE_BITS - known
    if least <= names:
        return cheap, least, None
    return cheap, least, Judgement(band="none", score=0.0, bits=known, prior=prior)


def _share_numbers(asked: Form, held: Form) -> bool:
    """Whether both give numbers of one sort, which may then be the same."""
    return bool((asked.documents and held.documents) or (asked.national_identifiers and held.national_identifiers))
