"""Policy and disclosure for any rules, records and queries: never above the lower of asked and permitted."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from federation.answer import Contact, Text
from federation.comparison import BANDS, Band, Comparison
from federation.terms import DISCLOSURE_CLASSES, rank, terms
from node.disclosure import Found, disclose
from node.policy import Deny, Permit, Policy, Quota, Rule, decide
from tests.sealed import NODES, query

TYPES = tuple(sorted(terms().record_type))
WORDS = Text(indonesian="a", english="b")
COMPARED = Comparison(attribute="name", outcome="agrees", kind="same", asked="a", held="b", bits=1.0, evidence="c")
_ASKED = {
    (asked, officers): query(disclosure_class=asked, officers=officers)
    for asked in DISCLOSURE_CLASSES
    for officers in (1, 2)
}

classes = st.dictionaries(st.sampled_from(TYPES), st.sampled_from(DISCLOSURE_CLASSES))
fields = st.dictionaries(
    st.sampled_from((*terms().field, "secret", "name")), st.lists(st.text("xyz", max_size=3), max_size=2).map(tuple)
)
founds = st.lists(
    st.builds(
        Found,
        band=st.sampled_from(BANDS[1:]),
        record_type=st.sampled_from(TYPES),
        reference=st.just("R-1"),
        as_of=st.none(),
        fields=fields,
        score=st.floats(0, 1),
        prior_bits=st.just(-1.0),
        comparisons=st.just((COMPARED,)),
    ),
    max_size=24,
)


def policy(permitted: Mapping[str, str]) -> Policy:
    """A policy that permits these classes to node00 for danger to life."""
    rule = Rule(
        purpose="life_safety",
        requesters=frozenset({NODES[0]}),
        legal_bases=frozenset({"uu27_20"}),
        case=re.compile(".*"),
        second_officer_above=None,
        classes=permitted,
    )
    return Policy(
        member=NODES[1],
        version="1",
        rules={"life_safety": rule},
        contact=Contact(desk=WORDS),
        notice=WORDS,
        quota=Quota(subjects_per_hour=1),
    )


@settings(deadline=None, max_examples=50)
@given(classes, st.sampled_from(DISCLOSURE_CLASSES), st.sampled_from((1, 2)))
def test_a_permit_is_of_the_types_permitted_and_never_above_asked_or_permitted(
    permitted: Mapping[str, str], asked: str, officers: int
) -> None:
    decision = decide(_ASKED[asked, officers], policy(permitted), terms())
    if not permitted:
        assert isinstance(decision, Deny)
        return
    assert isinstance(decision, Permit)
    assert set(decision.classes) == set(permitted)
    for name, got in decision.classes.items():
        assert rank(got) <= min(rank(asked), rank(permitted[name]))
        if terms().record_type[name].special and officers == 1:
            assert rank(got) <= rank("status")


@settings(deadline=None, max_examples=50)
@given(classes.filter(bool), st.lists(founds, max_size=2))
def test_nothing_above_its_class_ever_leaves(permitted: Mapping[str, str], found: list[list[Found]]) -> None:
    permit = Permit(classes=permitted)
    subjects = disclose(found, permit, terms())
    assert len(subjects) == (0 if permit.highest == "desk_notice" else len(found))
    for place, subject in enumerate(subjects):
        assert subject.subject == place
        assert len(subject.matches) <= 20
        for match in subject.matches:
            level, kind = rank(permitted[match.record_type]), terms().record_type[match.record_type]
            assert rank(match.disclosure_class) == level >= rank("status")
            allowed = kind.fields if level >= rank("fields") else kind.status_fields
            assert {name for name, _ in match.fields} <= set(allowed)
            assert bool(match.reference) == (level >= rank("fields"))
            in_detail = level >= rank("comparison")
            assert (match.score is not None) == (match.prior_bits is not None) == in_detail
            assert bool(match.comparisons) == in_detail


@settings(deadline=None, max_examples=50)
@given(classes.filter(bool), founds)
def test_what_is_not_permitted_changes_nothing_of_what_leaves(permitted: Mapping[str, str], found: list[Found]) -> None:
    visible = [record for record in found if permitted.get(record.record_type, "desk_notice") != "desk_notice"]
    permit = Permit(classes=permitted)
    assert disclose([found], permit, terms()) == disclose([visible], permit, terms())


@settings(deadline=None, max_examples=50)
@given(classes.filter(bool), founds)
def test_the_band_said_is_the_best_of_what_may_be_seen(permitted: Mapping[str, str], found: list[Found]) -> None:
    subjects = disclose([found], Permit(classes=permitted), terms())
    visible: list[Band] = [
        record.band for record in found if permitted.get(record.record_type, "desk_notice") != "desk_notice"
    ]
    for subject in subjects:
        assert subject.band == max(visible, key=BANDS.index, default="none")
