"""Answers, refusals and silences merged: who said what of each subject, and every claim with its agency."""

from __future__ import annotations

from datetime import UTC, datetime

from coordinator.acceptance import Accepted
from coordinator.dispatch import Outcome
from coordinator.merge import merge
from federation.answer import Match, Reply, SubjectAnswer, Text
from federation.query import Query
from federation.result import Answered, Refused, Result, Silence
from federation.seal import Verified
from federation.tlog.receipt import Receipt
from tests.sealed import AT, COORDINATOR, NODES, answer, opened, query, refusal

RECEIPT = Receipt(entry=b"", index=0, path=(), checkpoint=b"")
AS_OF = datetime(2026, 11, 1, tzinfo=UTC)


def accepted(reply: Reply) -> Accepted:
    """A reply let in."""
    return Accepted(member=reply.member, reply=opened(reply), receipt=RECEIPT)


def merged(asked: Verified[Query], *outcomes: Outcome) -> Result:
    """The result of outcomes."""
    return merge(asked, outcomes, coordinator=COORDINATOR, roster_version=4, at=AT)


def test_each_member_stands_under_what_it_said_of_each_subject_and_nowhere_else() -> None:
    asked = query(count=2)
    strong = (SubjectAnswer(subject=0, band="strong"), SubjectAnswer(subject=1, band="none"))
    possible = (SubjectAnswer(subject=0, band="possible"), SubjectAnswer(subject=1, band="strong"))
    notice = Text(indonesian="a", english="b")
    result = merged(
        asked,
        accepted(answer(asked, NODES[0], subjects=strong)),
        accepted(answer(asked, NODES[1], subjects=possible)),
        accepted(answer(asked, NODES[2], disclosure_class="desk_notice", subjects=(), notice=notice)),
        accepted(refusal(asked, NODES[3])),
        Silence(member=NODES[4], reason="unreachable"),
    )
    first, second = result.subjects
    assert (first.strong, first.possible, first.none) == ((NODES[0],), (NODES[1],), ())
    assert (second.strong, second.possible, second.none) == ((NODES[1],), (), (NODES[0],))
    for subject in (first, second):
        assert (subject.notified, subject.refused, subject.silent) == ((NODES[2],), (NODES[3],), (NODES[4],))
        assert subject.separable is False


def test_every_outcome_is_named_with_the_digest_of_the_statement_it_rests_on() -> None:
    asked = query()
    given, declined = accepted(answer(asked, NODES[0])), accepted(refusal(asked, NODES[1], "case_invalid"))
    silence = Silence(member=NODES[2], reason="deadline_passed", detail="TooLate")
    result = merged(asked, silence, declined, given)
    assert result.outcomes == (
        Answered(member=NODES[0], statement_digest=given.reply.digest, disclosure_class="match_only"),
        Refused(member=NODES[1], statement_digest=declined.reply.digest, reason="case_invalid"),
        silence,
    )
    assert (result.query_digest, result.query_id) == (asked.digest, asked.statement.query_id)
    assert (result.coordinator, result.roster_version, result.made) == (COORDINATOR, 4, AT)


def test_a_claim_keeps_its_agency_record_and_class() -> None:
    asked = query(count=2)
    match = Match(
        band="strong",
        record_type="stay_permit",
        disclosure_class="fields",
        as_of=AS_OF,
        fields=(("kind", ("ITAS",)), ("to", ("2027-01-04", "2026-01-04"))),
        reference="R-1",
    )
    subjects = (
        SubjectAnswer(subject=0, band="none"),
        SubjectAnswer(subject=1, band="strong", matches=(match, match)),
    )
    reply = answer(asked, NODES[0], disclosure_class="fields", subjects=subjects)
    none, some = merged(asked, accepted(reply)).subjects
    assert none.claims == ()
    assert [(c.member, c.field, c.values, c.match) for c in some.claims] == [
        (NODES[0], "kind", ("ITAS",), 0),
        (NODES[0], "to", ("2027-01-04", "2026-01-04"), 0),
        (NODES[0], "kind", ("ITAS",), 1),
        (NODES[0], "to", ("2027-01-04", "2026-01-04"), 1),
    ]
    assert {(c.record_type, c.disclosure_class, c.as_of) for c in some.claims} == {("stay_permit", "fields", AS_OF)}


def test_a_result_of_nothing_but_silences_says_none_of_anybody() -> None:
    asked = query()
    result = merged(asked, *(Silence(member=node, reason="unreachable") for node in NODES))
    (subject,) = result.subjects
    assert subject.silent == NODES
    assert (subject.strong, subject.possible, subject.none, subject.refused, subject.claims) == ((), (), (), (), ())


def test_two_results_of_one_query_share_no_nonce() -> None:
    asked = query()
    silence = Silence(member=NODES[0], reason="busy")
    assert merged(asked, silence).nonce != merged(asked, silence).nonce
