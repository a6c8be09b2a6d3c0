"""Judging two persons: the same both ways, the same each time, and never worse for agreeing more."""

from __future__ import annotations

from datetime import date

from hypothesis import example, given, settings
from hypothesis import strategies as st

from federation.person import Birth, Coded, Document, Name, Person
from matching.alignment import align
from matching.compare import compare
from matching.features import ATTRIBUTES
from matching.form import Form, name_form, prepare
from matching.judge import judge, judging
from matching.kinship import may_be_kin
from matching.model import DEFAULT
from matching.score import score

WORDS = (
    "LIN", "GUO", "HUA", "GUOHUA", "WEI", "WANG", "HUANG", "WONG", "CHEN", "CHAN", "KIM", "GIM", "MIN", "JUN", "MINJUN",
    "LEE", "RHEE", "MUHAMMAD", "MOHAMED", "AHMED", "HASAN", "HUSAIN", "OMAR", "SAID", "ABDUL", "RAHMAN", "IVANOV",
    "IVANOVA", "SERGEI", "SERGEY", "MARIA", "ANA", "SANTOS", "J", "M", "XIAO", "MING", "SOEKARNO", "SUKARNO", "ADEBAYO",
)  # fmt: skip
NATIVE = ("林国华", "王伟", "김민준", "محمد", "Сергей Иванов", "สมชาย")
NAME = st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True).map(" ".join) | st.sampled_from(NATIVE)
BIRTH = st.builds(
    lambda day, known: Birth(
        text="", year=day.year, month=day.month if known else None, day=day.day if known > 1 else None
    ),
    st.dates(date(1980, 1, 1), date(1983, 12, 31)),
    st.integers(0, 2),
)
NUMBER = st.builds(
    lambda digits, state: Document(number=f"E1234{digits:03d}", issuer=state),
    st.integers(0, 30),
    st.sampled_from(["CHN", "KOR", ""]),
)
FORM = st.builds(
    lambda names, births, sex, nationality, documents: prepare(
        Person(
            names=tuple(Name(text=name) for name in names),
            births=tuple(births),
            sex=sex,
            nationalities=nationality,
            documents=tuple(documents),
        )
    ),
    st.lists(NAME, max_size=2),
    st.lists(BIRTH, max_size=1),
    st.none() | st.sampled_from([Coded(text="L", code="M"), Coded(text="P", code="F")]),
    st.lists(st.sampled_from([Coded(text="RRT", code="CHN"), Coded(text="Korsel", code="KOR")]), max_size=1).map(tuple),
    st.lists(NUMBER, max_size=2),
)
POPULATION = st.sampled_from([1, 1_000, 20_000, 5_000_000])


@settings(deadline=None)
@given(FORM, FORM, POPULATION)
def test_two_persons_are_judged_alike_whoever_is_asked_about(one: Form, other: Form, population: int) -> None:
    there, back = score(compare(one, other), population), score(compare(other, one), population)
    assert (there.bits, there.band) == (back.bits, back.band)


@settings(deadline=None)
@given(FORM, FORM, POPULATION)
def test_judging_again_gives_the_same(one: Form, other: Form, population: int) -> None:
    assert judge(one, other, DEFAULT, population) == judge(one, other, DEFAULT, population)


@settings(deadline=None)
@given(FORM, FORM, POPULATION)
def test_the_bits_of_the_comparisons_sum_to_the_total_exactly(one: Form, other: Form, population: int) -> None:
    comparisons = compare(one, other)
    scored = score(comparisons, population)
    assert tuple(each.attribute for each in comparisons) == ATTRIBUTES
    assert scored.prior + sum(each.bits for each in comparisons) == scored.bits
    assert scored.prior + sum(each.bits for each in reversed(comparisons)) == scored.bits
    assert 0 <= scored.score <= 1
    assert all(each.bits == 0 for each in comparisons if each.outcome == "unknown")
    name = comparisons[0]
    assert not name.aligned or sum(part.bits for part in name.aligned) == name.bits


@settings(deadline=None)
@given(FORM, FORM, POPULATION)
def test_stopping_early_never_changes_the_band(one: Form, other: Form, population: int) -> None:
    assert judge(one, other, DEFAULT, population).band == score(compare(one, other), population).band


@settings(deadline=None)
@given(FORM, FORM, POPULATION)
def test_a_document_that_agrees_never_lowers_the_score(one: Form, other: Form, population: int) -> None:
    number = prepare(Person(documents=(Document(number="Z7654321", issuer="CHN"),))).documents
    with_one, with_other = (_with(form, number) for form in (one, other))
    assert score(compare(with_one, with_other), population).bits >= score(compare(one, other), population).bits


def _with(form: Form, documents: tuple[object, ...]) -> Form:
    values = {name: getattr(form, name) for name in form.__struct_fields__}
    return Form(**{**values, "documents": (*form.documents, *documents)})


LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
TOKEN = st.text(LETTERS, min_size=5, max_size=14)


@settings(deadline=None)
@given(TOKEN, st.integers(0, 13), st.sampled_from(["", *LETTERS]))
@example("AAAZA", 4, "H")
def test_a_slip_of_one_letter_is_never_overlooked(token: str, place: int, letter: str) -> None:
    at = place % len(token)
    slip = token[:at] + letter + token[at + 1 :]
    assert may_be_kin(token, slip)
    assert may_be_kin(token, token[:4])


@settings(deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4, unique=True))
def test_the_parts_of_a_name_agree_in_any_order(words: list[str]) -> None:
    turned = words[1:] + words[:1]
    found = align(name_form(" ".join(words)), name_form(" ".join(turned)), DEFAULT)
    assert found.kind == "same"
    assert found.bits >= align(name_form(" ".join(words)), name_form(" ".join(words)), DEFAULT).bits - 1


def heaped(names: list[str], sex: Coded | None, documents: list[Document]) -> Form:
    person = Person(names=tuple(Name(text=name) for name in names), sex=sex, documents=tuple(documents))
    return prepare(person)


HEAPED = st.builds(
    heaped,
    st.lists(NAME, min_size=6, max_size=12),
    st.none() | st.sampled_from([Coded(text="L", code="M"), Coded(text="P", code="F")]),
    st.lists(NUMBER, max_size=2),
)


NATIVE_AMONG_OTHERS = heaped(["LIN GUO WANG", "LIN GUO HUANG", "LIN GUO GUOHUA WEI", *NATIVE[:3]], None, [])
LIKE_OTHERS = heaped(["LIN GUO", "LIN GUO HUA", "LIN GUO HUA GUOHUA", "LIN GUO HUA WEI", NATIVE[1], "LIN"], None, [])


@settings(deadline=None)
@given(HEAPED | FORM, HEAPED | FORM, POPULATION)
@example(NATIVE_AMONG_OTHERS, LIKE_OTHERS, 20_000)
def test_judging_with_pauses_comes_to_the_same_band_on_the_same_evidence(
    one: Form, other: Form, population: int
) -> None:
    whole, steps = judge(one, other, population=population), judging(one, other, population=population)
    while True:
        try:
            next(steps)
        except StopIteration as ended:
            paused = ended.value
            break
    assert paused.band == whole.band
    if whole.band != "none":
        assert paused == whole
