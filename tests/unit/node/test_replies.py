"""The statements a node makes: bound to their query, with a nonce of their own, and a desk only where it is due."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from federation.answer import Contact, Reply, SubjectAnswer, Text
from federation.comparison import Band
from federation.terms import DISCLOSURE_CLASSES, rank
from node.policy import Deny, Permit, Policy, Quota
from node.replies import Replies
from tests.sealed import AT, NODES, query

CONTACT = Contact(desk=Text(indonesian="Meja", english="Desk"), telephone="021-555")
REPLIES = Replies(
    member=NODES[1],
    policy=Policy(
        member=NODES[1],
        version="1",
        rules={},
        contact=CONTACT,
        notice=Text(indonesian="Diterima", english="Received"),
        quota=Quota(subjects_per_hour=1),
    ),
    parameters="preset-1",
)


@pytest.mark.parametrize("band", ["none", "possible", "strong"])
@pytest.mark.parametrize("given", DISCLOSURE_CLASSES)
def test_the_desk_goes_only_with_a_band_and_from_its_class_up(given: str, band: Band) -> None:
    subjects = (SubjectAnswer(subject=0, band="none"), SubjectAnswer(subject=1, band=band))
    made = REPLIES.answer(
        query(count=2),
        Permit(classes={"ban": given}),
        subjects,
        roster_version=1,
        at=AT,
        index_as_of=AT,
    )
    due = band != "none" and rank(given) >= rank("contact_point")
    assert made.contact == (CONTACT if due else None)
    assert made.disclosure_class == given
    if given == "desk_notice":
        assert (made.subjects, made.index_as_of, made.parameters) == ((), None, "")
        assert made.notice == REPLIES.policy.notice
    else:
        assert (made.subjects, made.index_as_of, made.notice) == (subjects, AT, None)
        assert made.parameters == "preset-1"


def test_the_class_of_an_answer_is_the_highest_that_any_type_was_given() -> None:
    permit = Permit(classes={"ban": "match_only", "stay_permit": "fields", "movement": "status"})
    made = REPLIES.answer(query(), permit, (), roster_version=1, at=AT, index_as_of=AT)
    assert made.disclosure_class == "fields"


def test_replies_are_bound_to_their_query_and_no_two_share_a_nonce() -> None:
    asked, permit, deny = query(), Permit(classes={"ban": "status"}), Deny(reason="too_broad", detail="subject 0")
    replies: list[Reply] = []
    for _ in range(2):
        replies.append(REPLIES.answer(asked, permit, (), roster_version=3, at=AT, index_as_of=AT))
        replies.append(REPLIES.refusal(asked, deny, roster_version=3, at=AT))
    for made in replies:
        assert (made.query_digest, made.query_id) == (asked.digest, asked.statement.query_id)
        assert (made.member, made.roster_version) == (NODES[1], 3)
    assert len({made.nonce for made in replies}) == 4


def test_a_refusal_says_why_what_and_when_to_come_again() -> None:
    remedy = Text(indonesian="Tunggu", english="Wait")
    deny = Deny(reason="quota_exhausted", detail="50 subjects an hour", remedy=remedy)
    made = REPLIES.refusal(query(), deny, roster_version=1, at=AT, retry_after=timedelta(minutes=7))
    assert (made.reason, made.detail, made.remedy) == ("quota_exhausted", "50 subjects an hour", remedy)
    assert made.retry_after == timedelta(minutes=7)
    assert re.fullmatch("[a-z_]+", made.reason)
