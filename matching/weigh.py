"""Each attribute of two persons weighed: the row of the policy that applies, and the two values that it applies to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from math import inf, log2
from typing import Final

import msgspec
from rapidfuzz.distance import OSA

from matching import features
from matching.across_scripts import may_all_meet
from matching.alignment import Part, align
from matching.features import eighths
from matching.form import BirthForm, Form, NameForm, NumberForm
from matching.model import Model
from matching.tables import rows

Value = str | BirthForm | tuple[str, ...]  # as it is shown, but not yet written out: few candidates are shown


class Weighed(msgspec.Struct, frozen=True, gc=False):
    """One attribute weighed: the kind of row in FEATURES (or `unknown`), its bits, both values, a name's parts."""

    attribute: str
    kind: str
    bits: float
    asked: Value = ""
    held: Value = ""
    parts: tuple[Part, ...] = ()


_NATIONALITY_BITS: Final = {
    code: eighths(min(features.NATIONALITY_MOST, -log2(float(share) / 1000)))
    for code, share in rows("nationality_shares.tsv")
}
_RELATED: Final = (frozenset({"CHN", "HKG", "MAC"}), frozenset({"XXA", "XXB", "XXC", "XXX"}))
_SHORTEST_WITH_A_SLIP: Final = 6
_CONTRADICTING: Final = ("some_differ", "different")


def weigh_names(asked: Form, held: Form, model: Model, least: float = -inf) -> Weighed:
    """Weigh every name of the one against every name of the other and keep the best pair.

    Where no pair comes to `least` bits, some bits below that, and not which parts met.
    """
    *_, best = weighing_names(asked, held, model, least)
    return best


def weighing_names(asked: Form, held: Form, model: Model, least: float = -inf) -> Iterator[Weighed]:
    """Weigh names as `weigh_names` does, and yield the best so far after each pair; at least once.

    Names of two scripts are tried where those of one script contradict or are none, and beside these they count only
    where every part of theirs met: a surname in common, met once more in another script, tells no more than before.
    """
    best: Weighed | None = None
    across: list[tuple[NameForm, NameForm]] = []
    for mine in asked.names:
        for theirs in held.names:
            if mine.script == theirs.script:
                best = _better(best, mine, theirs, model, least)
                yield best
            else:
                across.append((mine, theirs))
    if best is not None and best.kind not in _CONTRADICTING:
        return
    alone = best is None
    for mine, theirs in across:
        if not alone and not may_all_meet(mine, theirs):
            continue
        found = _better(best, mine, theirs, model, least)
        best = found if best is None or alone or found.kind != "scripts" else best
        yield best
    if best is None:
        mine_alone, theirs_alone = (form.names[0].text if form.names else "" for form in (asked, held))
        yield Weighed("name", "unknown", 0.0, mine_alone, theirs_alone)


def _better(best: Weighed | None, mine: NameForm, theirs: NameForm, model: Model, least: float) -> Weighed:
    found = align(mine, theirs, model, least)
    if best is None or found.bits > best.bits:
        return Weighed("name", found.kind, found.bits, mine.text, theirs.text, found.parts)
    return best


def weigh_births(asked: Form, held: Form, model: Model) -> Weighed:
    """Weigh every reading of the one birth date against every reading of the other; without dates, the ages."""
    best: tuple[float, str, BirthForm, BirthForm] | None = None
    for one in asked.births:
        for other in held.births:
            kind = _dates(one, other)
            bits = model.rows["birth", kind]
            if best is None or bits > best[0]:
                best = bits, kind, one, other
    if best is not None:
        return Weighed("birth", best[1], best[0], best[2], best[3])
    mine, theirs = _span(asked), _span(held)
    if mine is None or theirs is None:
        return Weighed("birth", "unknown", 0.0, _born(asked), _born(held))
    apart = max(mine[0], theirs[0]) - min(mine[1], theirs[1])
    kind = "age_within" if apart <= 0 else "age_near" if apart <= 2 else "different"
    return Weighed("birth", kind, model.rows["birth", kind], _born(asked), _born(held))


def written(value: Value) -> str:
    """A value as it is shown: texts one after the other, a birth date in ISO 8601, as far as it is known."""
    if isinstance(value, str):
        return value
    return ", ".join(value) if isinstance(value, tuple) else shown(value)


def shown(birth: BirthForm) -> str:
    """A birth date in ISO 8601, as far as it is known."""
    if birth.day:
        return f"{birth.year:04d}-{birth.month:02d}-{birth.day:02d}"
    return f"{birth.year:04d}-{birth.month:02d}" if birth.month else f"{birth.year:04d}"


def _born(form: Form) -> str:
    return shown(form.births[0]) if form.births else form.years_text


def _span(form: Form) -> tuple[int, int] | None:
    if form.births:
        return min(birth.year for birth in form.births), max(birth.year for birth in form.births)
    return form.years if form.years[0] else None


def _dates(one: BirthForm, other: BirthForm) -> str:
    if one.day and other.day:
        return _full_dates(one, other)
    if one.year != other.year:
        months_differ = one.month and other.month and one.month != other.month
        return "year_near" if abs(one.year - other.year) == 1 and not months_differ else "different"
    if not (one.month and other.month):
        return "year"
    if one.month == other.month:
        return "year_month"
    return "year" if _first_january(one) or _first_january(other) else "one_part"


def _first_january(birth: BirthForm) -> bool:
    return birth.month == 1 and birth.day == 1


def _full_dates(one: BirthForm, other: BirthForm) -> str:
    mine, theirs = (one.year, one.month, one.day), (other.year, other.month, other.day)
    if mine == theirs:
        return "same_first_january" if _first_january(one) else "same"
    if one.year == other.year:
        if one.month == other.day and one.day == other.month:
            return "swapped"
        if _first_january(one) or _first_january(other):
            return "year"
    equal = (one.year == other.year) + (one.month == other.month) + (one.day == other.day)
    if not equal:  # one digit, or two exchanged, leave a part as it was
        return "different"
    if OSA.distance("%04d%02d%02d" % mine, "%04d%02d%02d" % theirs, score_cutoff=1) <= 1:  # noqa: UP031 - REASON: a tuple formatted at once is the fastest
        return "one_digit"
    return "one_part" if equal == 2 and abs(one.year - other.year) <= features.YEARS_APART else "different"


def weigh_documents(asked: Form, held: Form, model: Model) -> Weighed:
    """Weigh the best pair of documents; births 12 years apart or more make one number a shared one."""
    weighed = _numbers("document", asked.documents, held.documents, model)
    shared = model.rows["document", "shared"]
    if weighed.bits > shared and years_between(asked, held) >= features.YEARS_APART:
        return msgspec.structs.replace(weighed, kind="shared", bits=shared)
    return weighed


def weigh_national_identifiers(asked: Form, held: Form, model: Model) -> Weighed:
    """Weigh the best pair of national identifiers of one kind; two kinds say nothing."""
    return _numbers("national_identifier", asked.national_identifiers, held.national_identifiers, model)


def _numbers(attribute: str, asked: tuple[NumberForm, ...], held: tuple[NumberForm, ...], model: Model) -> Weighed:
    best = Weighed(attribute, "unknown", 0.0, asked[0].text if asked else "", held[0].text if held else "")
    if not asked or not held:
        return best
    found = False
    judge = _document if attribute == "document" else _identifier
    for one in asked:
        for other in held:
            kind = judge(one, other)
            if kind is None:
                continue
            bits = model.rows[attribute, kind]
            if not found or bits > best.bits:
                best, found = Weighed(attribute, kind, bits, one.text, other.text), True
    return best


def _document(one: NumberForm, other: NumberForm) -> str:
    two_states = bool(one.issuer and other.issuer and one.issuer != other.issuer)
    if one.number == other.number:
        if two_states:
            return "same_number_other_state"
        return "same" if one.issuer and other.issuer else "same_number"
    if two_states:
        return "other_state"
    return _slip(one, other) or "other_number"


def _identifier(one: NumberForm, other: NumberForm) -> str | None:
    if one.kind != other.kind or (one.issuer and other.issuer and one.issuer != other.issuer):
        return None
    if one.number == other.number:
        return "same"
    kind = _slip(one, other)
    return "one_character" if kind == "last_character" else kind or "different"


def _slip(one: NumberForm, other: NumberForm) -> str | None:
    if one.folded == other.folded:
        return "look_alike"
    if min(len(one.folded), len(other.folded)) < _SHORTEST_WITH_A_SLIP:
        return None
    if OSA.distance(one.folded, other.folded, score_cutoff=1) > 1:
        return None
    return "last_character" if one.folded[:-1] == other.folded[:-1] else "one_character"


def weigh_sex(asked: Form, held: Form, model: Model) -> Weighed:
    """Weigh the sexes; X agrees with neither and contradicts neither."""
    known = {asked.sex, held.sex} - {"", "X"}
    if not asked.sex or not held.sex or (asked.sex != held.sex and len(known) < 2):
        return Weighed("sex", "unknown", 0.0, asked.sex_text, held.sex_text)
    kind = "same" if asked.sex == held.sex else "different"
    return Weighed("sex", kind, model.rows["sex", kind], asked.sex_text, held.sex_text)


def weigh_nationalities(asked: Form, held: Form, model: Model) -> Weighed:
    """Weigh the rarest nationality in common; agreement on a rare one tells more."""
    texts = asked.nationality_texts, held.nationality_texts
    if not asked.nationalities or not held.nationalities:
        return Weighed("nationality", "unknown", 0.0, *texts)
    common = [code for code in asked.nationalities if code in held.nationalities]
    if common:
        bits = max(_NATIONALITY_BITS.get(code, features.NATIONALITY_MOST) for code in common)
        return Weighed("nationality", "same", bits, *texts)
    kind = "related" if _related(asked.nationalities, held.nationalities) else "different"
    return Weighed("nationality", kind, model.rows["nationality", kind], *texts)


@lru_cache(maxsize=256)
def most_of_codes(sex: str, nationalities: tuple[str, ...], model: Model) -> float:
    """The most bits that anybody's sex and nationalities could earn against these."""
    shared = [_NATIONALITY_BITS.get(code, features.NATIONALITY_MOST) for code in nationalities]
    related = model.rows["nationality", "related"]
    return (max(0.0, model.rows["sex", "same"]) if sex else 0.0) + max((0.0, related, *shared) if shared else (0.0,))


def _related(asked: Iterable[str], held: Iterable[str]) -> bool:
    return any(group & set(asked) and group & set(held) for group in _RELATED)


def years_between(asked: Form, held: Form) -> int:
    """Fewest years between the births of two persons; 0 where one is unknown."""
    mine, theirs = _span(asked), _span(held)
    return max(0, max(mine[0], theirs[0]) - min(mine[1], theirs[1])) if mine and theirs else 0


def weigh(asked: Form, held: Form, model: Model) -> tuple[Weighed, ...]:
    """Weigh all six attributes, in the order of `features.ATTRIBUTES`."""
    return beside_names(weigh_names(asked, held, model), weigh_all_but_names(asked, held, model))


def beside_names(names: Weighed, others: Sequence[Weighed]) -> tuple[Weighed, ...]:
    """All six, a nationality in common counting little where the names agree: most who bear them have it."""
    *before, nationality = others
    if nationality.kind == "same" and names.bits > 0:
        bits = min(nationality.bits, features.NATIONALITY_BESIDE_A_NAME)
        nationality = msgspec.structs.replace(nationality, bits=bits)
    return names, *before, nationality


def weigh_all_but_names(asked: Form, held: Form, model: Model) -> tuple[Weighed, ...]:
    """Weigh the five attributes that cost little, in the order of `features.ATTRIBUTES`."""
    return weigh_births(asked, held, model), *weigh_numbers_and_codes(asked, held, model)


def weigh_numbers_and_codes(asked: Form, held: Form, model: Model) -> tuple[Weighed, Weighed, Weighed, Weighed]:
    """Weigh documents, national identifiers, sexes and nationalities."""
    return (
        weigh_documents(asked, held, model),
        weigh_national_identifiers(asked, held, model),
        weigh_sex(asked, held, model),
        weigh_nationalities(asked, held, model),
    )
