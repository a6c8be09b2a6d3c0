"""Parameters estimated from an agency's own records, without labels, by expectation-maximisation.

After Fellegi and Sunter (1969) and Winkler (1988): how often each way of agreeing or differing occurs among records of
two persons is counted on pairs drawn by chance (u); how often among records of one person on pairs that share a key,
each counted by how probably it is one person (m), which is reckoned anew until it stays. A row then weighs log2(m/u),
drawn towards what was preset as if that had been seen in `PRESET_COUNTS_AS` pairs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from math import log2
from typing import Final, NamedTuple

from matching.features import eighths
from matching.form import Form
from matching.frequencies import Frequencies
from matching.model import Model
from matching.parameters import MOST_SHIFT, PRESET, Parameters, Row, estimable
from matching.weigh import Weighed, weigh

PRESET_COUNTS_AS: Final = 50.0
_ROUNDS: Final = 8
_LEAST_BY_CHANCE: Final = 5
_FIRST_SHARE: Final = 0.05  # of records that have another of the same person, before anything is known
_WORTH_COUNTING: Final = 1e-3
_WORTH_ANOTHER_LOOK: Final = 1e-5
_HALF: Final = 0.5
_LEAST_PART: Final = 0.05
_MOST_PART: Final = 0.95

Part = tuple[str, float]  # the kind of a part of a name, and how rare the part is, in bits


class Drawn(NamedTuple):
    """Two records that share a blocking key, and how many such pairs the draw stands for."""

    one: Form
    other: Form
    weight: float = 1.0


class Seen(NamedTuple):
    """How often a row applies among pairs of one person (m) and of two (u), 0..1; its bits as preset and as found."""

    m: float
    u: float
    preset: float
    bits: float


class Estimate(NamedTuple):
    """The parameters found (version `""`), what was seen of each, and how many pairs are expected to be one person."""

    parameters: Parameters
    rows: Mapping[Row, Seen]
    parts: Mapping[str, Seen]
    matches: float


class _Pair(NamedTuple):
    rows: tuple[Row, ...]
    parts: tuple[Part, ...]


class _Counts:
    """How often each row and each kind of part occurs, over how many pairs that could show it."""

    def __init__(self) -> None:
        self.rows: dict[Row, float] = defaultdict(float)
        self.attributes: dict[str, float] = defaultdict(float)
        self.parts: dict[str, float] = defaultdict(float)
        self.rarity: dict[str, float] = defaultdict(float)
        self.pairs = 0.0

    def add(self, pair: _Pair, weight: float) -> None:
        self.pairs += weight
        for row in pair.rows:
            self.rows[row] += weight
            self.attributes[row[0]] += weight
        for kind, rarity in pair.parts:
            self.parts[kind] += weight
            self.rarity[kind] += weight * rarity

    @property
    def all_parts(self) -> float:
        return sum(self.parts.values())


def estimate(
    drawn: Sequence[Drawn],
    by_chance: Sequence[tuple[Form, Form]],
    all_pairs: float,
    frequencies: Frequencies,
    tell: Callable[[int, float], None],
) -> Estimate:
    """Come nearer to the parameters, round by round; `tell` hears of each, and how many matches it expects.

    `all_pairs` is how many pairs of records there are, `by_chance` some of them, `drawn` some that share a key.
    """
    found = Estimate(PRESET, {}, {}, max(1.0, _FIRST_SHARE * (2 * all_pairs) ** _HALF))
    of_two = _of_two(by_chance, Model(frequencies), log2(found.matches / all_pairs))
    for number in range(_ROUNDS):
        model, prior = Model(frequencies, found.parameters), log2(found.matches / all_pairs)
        of_one, matches = _Counts(), 1.0
        likely: list[Drawn] = []
        for pair in drawn:
            weighed = weigh(pair.one, pair.other, model)
            probably = _probability(weighed, prior)
            if probably > _WORTH_COUNTING:
                of_one.add(_pair(weighed, model.parameters), probably)
                matches += probably * pair.weight
            if probably > _WORTH_ANOTHER_LOOK:
                likely.append(pair)
        drawn = likely
        found = _estimated(of_one, of_two, matches)
        tell(number + 1, matches)
    return found


def _of_two(by_chance: Sequence[tuple[Form, Form]], model: Model, prior: float) -> _Counts:
    """Count pairs drawn by chance, each as far as it is probably not of one person after all."""
    counts = _Counts()
    for one, other in by_chance:
        weighed = weigh(one, other, model)
        counts.add(_pair(weighed, model.parameters), 1 - _probability(weighed, prior))
    return counts


def _probability(weighed: Sequence[Weighed], prior: float) -> float:
    """Of being one person, before it is 1 by roundings."""
    return 1 / (1 + 2 ** -(prior + sum(each.bits for each in weighed)))


def _pair(weighed: Sequence[Weighed], parameters: Parameters) -> _Pair:
    rows = tuple((each.attribute, each.kind) for each in weighed if each.kind != "unknown")
    parts = []
    for _, _, kind, bits in weighed[0].parts:
        if kind in parameters.parts:
            parts.append((kind, bits / parameters.parts[kind]))
        elif kind in ("same", "differs", "missing"):
            parts.append((kind, 0.0))
    return _Pair(rows, tuple(parts))


def _estimated(of_one: _Counts, of_two: _Counts, matches: float) -> Estimate:
    rows = {row: _row(row, of_one, of_two) for row in estimable()}
    parts = {kind: _part(kind, of_one, of_two) for kind in PRESET.parts}
    differs = _bits("differs", of_one, of_two, PRESET.contradiction)
    missing = _bits("missing", of_one, of_two, PRESET.missing)
    parameters = Parameters(
        version="",
        rows={**PRESET.rows, **{row: seen.bits for row, seen in rows.items()}},
        parts={kind: seen.bits for kind, seen in parts.items()},
        contradiction=differs.bits,
        missing=missing.bits,
    )
    return Estimate(parameters, rows, {**parts, "differs": differs, "missing": missing}, matches)


def _row(row: Row, of_one: _Counts, of_two: _Counts) -> Seen:
    known, known_of_two = of_one.attributes[row[0]], of_two.attributes[row[0]]
    m, u = _share(of_one.rows[row], known), _share(of_two.rows[row], known_of_two)
    preset = PRESET.rows[row]
    if of_two.rows[row] < _LEAST_BY_CHANCE or known < 1:
        return Seen(m, u, preset, preset)
    return Seen(m, u, preset, _drawn_to(preset, log2(m / u), known))


def _bits(kind: str, of_one: _Counts, of_two: _Counts, preset: float) -> Seen:
    m, u = _share(of_one.parts[kind], of_one.all_parts), _share(of_two.parts[kind], of_two.all_parts)
    if of_two.parts[kind] < _LEAST_BY_CHANCE or of_one.all_parts < 1:
        return Seen(m, u, preset, preset)
    return Seen(m, u, preset, _drawn_to(preset, log2(m / u), of_one.all_parts))


def _part(kind: str, of_one: _Counts, of_two: _Counts) -> Seen:
    """The share of a part's bits that a kind of likeness keeps: its own bits over how rare such parts are."""
    preset, known = PRESET.parts[kind], of_one.all_parts
    m, u = _share(of_one.parts[kind], known), _share(of_two.parts[kind], of_two.all_parts)
    if of_two.parts[kind] < _LEAST_BY_CHANCE or of_one.parts[kind] < 1:
        return Seen(m, u, preset, preset)
    own = log2(m / u) / max(1.0, of_one.rarity[kind] / of_one.parts[kind])
    share = (known * own + PRESET_COUNTS_AS * preset) / (known + PRESET_COUNTS_AS)
    return Seen(m, u, preset, round(min(_MOST_PART, max(_LEAST_PART, share)), 3))


def _share(count: float, known: float) -> float:
    return (count + _HALF) / (known + 1)


def _drawn_to(preset: float, own: float, known: float) -> float:
    """Bits between what was found and what was preset, never of another sign, nor further off than a file may be."""
    bits = (known * own + PRESET_COUNTS_AS * preset) / (known + PRESET_COUNTS_AS)
    bits = min(preset + MOST_SHIFT, max(preset - MOST_SHIFT, bits))
    if preset:
        bits = max(0.0, bits) if preset > 0 else min(0.0, bits)
    return eighths(bits)
