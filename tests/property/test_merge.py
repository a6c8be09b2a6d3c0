"""Merging: one result whatever the order the outcomes came in, each member in exactly one place for each subject."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from coordinator.acceptance import Accepted
from coordinator.dispatch import Outcome
from coordinator.merge import merge
from federation.answer import Match, SubjectAnswer, Text
from federation.comparison import BANDS
from federation.result import Result, Silence
from federation.tlog.receipt import Receipt
from tests.sealed import AT, COORDINATOR, NODES, answer, opened, query, refusal

SUBJECTS = 3
ASKED = query(count=SUBJECTS)
RECEIPT = Receipt(entry=b"", index=0, path=(), checkpoint=b"")
NOTICE = Text(indonesian="a", english="b")


@st.composite
def outcome(draw: st.DrawFn, member: str) -> Outcome:
    """Anything that one member may come to."""
    kind = draw(st.sampled_from(("answer", "notice", "refusal", "silence")))
    if kind == "silence":
        return Silence(member=member, reason=draw(st.sampled_from(("unreachable", "busy", "unacceptable"))))
    if kind == "refusal":
        reply = opened(refusal(ASKED, member))
    elif kind == "notice":
        reply = opened(answer(ASKED, member, disclosure_class="desk_notice", subjects=(), notice=NOTICE))
    else:
        subjects = tuple(draw(subject(at)) for at in range(SUBJECTS))
        reply = opened(answer(ASKED, member, disclosure_class="fields", subjects=subjects))
    return Accepted(member=member, reply=reply, receipt=RECEIPT)


@st.composite
def subject(draw: st.DrawFn, place: int) -> SubjectAnswer:
    """What a member may say of one subject."""
    names = draw(st.lists(st.sampled_from(("kind", "to", "number")), unique=True))
    match = Match(
        band="strong",
        record_type="stay_permit",
        disclosure_class="fields",
        fields=tuple((name, (draw(st.text("ab", max_size=2)),)) for name in names),
    )
    matches = (match,) * draw(st.integers(0, 2))
    return SubjectAnswer(subject=place, band=draw(st.sampled_from(BANDS)), matches=matches)


def merged(outcomes: Sequence[Outcome]) -> Result:
    """The result, but for its nonce."""
    made = merge(ASKED, outcomes, coordinator=COORDINATOR, roster_version=1, at=AT)
    return replace(made, nonce=b"")


@st.composite
def outcomes_twice(draw: st.DrawFn) -> tuple[list[Outcome], list[Outcome]]:
    """One outcome for each of some members, in two orders."""
    members = draw(st.lists(st.sampled_from(NODES), unique=True, min_size=1))
    made = [draw(outcome(member)) for member in members]
    return made, draw(st.permutations(made))


@settings(deadline=None, max_examples=40)
@given(outcomes_twice())
def test_the_result_does_not_depend_on_the_order_of_the_outcomes(
    orders: tuple[list[Outcome], list[Outcome]],
) -> None:
    one, other = orders
    assert merged(one) == merged(other)


@settings(deadline=None, max_examples=40)
@given(outcomes_twice())
def test_every_member_stands_in_exactly_one_place_for_each_subject(
    orders: tuple[list[Outcome], list[Outcome]],
) -> None:
    outcomes, _ = orders
    result = merged(outcomes)
    members = sorted(outcome.member for outcome in outcomes)
    assert [outcome.member for outcome in result.outcomes] == members
    for said in result.subjects:
        places = (said.strong, said.possible, said.none, said.notified, said.refused, said.silent)
        assert sorted(member for place in places for member in place) == members
        answered = {*said.strong, *said.possible, *said.none}
        assert {claim.member for claim in said.claims} <= answered
