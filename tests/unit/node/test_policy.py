"""An agency's law for itself: what it decides of a query, and that nothing but the query is asked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from federation.answer import Contact, Text
from federation.query import Blinded, Committed
from federation.terms import DISCLOSURE_CLASSES, rank, terms
from node.policy import Deny, Permit, Policy, Quota, Rule, decide
from tests.sealed import NODES, credential, query

WORDS = Text(indonesian="a", english="b")


def rule(purpose: str = "life_safety", **changes: Any) -> Rule:
    """A rule that permits everything to node00."""
    made = Rule(
        purpose=purpose,
        requesters=frozenset({NODES[0]}),
        legal_bases=frozenset(terms().legal_basis),
        case=re.compile(".+"),
        second_officer_above=None,
        classes={"stay_permit": "comparison", "wanted_person": "comparison"},
    )
    return replace(made, **changes)


def policy(*rules: Rule) -> Policy:
    """A policy of these rules."""
    return Policy(
        member=NODES[1],
        version="1",
        rules={each.purpose: each for each in rules or (rule(),)},
        contact=Contact(desk=WORDS),
        notice=WORDS,
        quota=Quota(subjects_per_hour=100),
    )


def permitted(decision: Permit | Deny) -> Mapping[str, str]:
    """The classes of a permit."""
    assert isinstance(decision, Permit), decision
    return decision.classes


def denied(decision: Permit | Deny) -> tuple[str, str]:
    """Reason and detail of a denial."""
    assert isinstance(decision, Deny), decision
    return decision.reason, decision.detail


def test_what_no_rule_permits_is_denied() -> None:
    asked = query(purpose="lodging_check", legal_basis="uu6_72")
    assert denied(decide(asked, policy(), terms())) == ("purpose_not_permitted", "lodging_check")


def test_a_rule_without_classes_permits_nothing() -> None:
    assert denied(decide(query(), policy(rule(classes={})), terms())) == ("purpose_not_permitted", "life_safety")


@pytest.mark.parametrize("given", DISCLOSURE_CLASSES)
@pytest.mark.parametrize("asked", DISCLOSURE_CLASSES)
def test_the_class_given_is_the_lower_of_asked_and_permitted(asked: str, given: str) -> None:
    classes = permitted(decide(query(disclosure_class=asked), policy(rule(classes={"stay_permit": given})), terms()))
    assert rank(classes["stay_permit"]) == min(rank(asked), rank(given))


def test_special_data_leaves_as_values_only_where_two_officers_signed() -> None:
    one, two = (permitted(decide(query(officers=count), policy(), terms())) for count in (1, 2))
    assert one == {"stay_permit": "comparison", "wanted_person": "status"}
    assert two == {"stay_permit": "comparison", "wanted_person": "comparison"}


def test_a_requester_not_named_is_denied() -> None:
    decision = decide(query(), policy(rule(requesters=frozenset({NODES[2]}))), terms())
    assert denied(decision) == ("requester_not_permitted", NODES[0])


def test_a_purpose_that_the_first_officers_credential_does_not_name_is_denied() -> None:
    asked = query(credential=credential(purposes=("lodging_check",)))
    assert denied(decide(asked, policy(), terms())) == ("requester_not_permitted", "life_safety")


@pytest.mark.parametrize("bases", [frozenset({"uu6_66"}), frozenset()])
def test_a_basis_that_the_rule_does_not_name_is_denied(bases: frozenset[str]) -> None:
    assert denied(decide(query(), policy(rule(legal_bases=bases)), terms()))[0] == "basis_mismatch"


def test_a_basis_that_the_terms_do_not_give_the_purpose_is_denied_whatever_the_rule_says() -> None:
    assert denied(decide(query(legal_basis="uu6_66"), policy(), terms())) == ("basis_mismatch", "uu6_66")


@pytest.mark.parametrize("case", ["", "IMI-1", "IMI-0001 ", " IMI-0001", "IMI-0001\n", "IMI-0001/2"])
def test_a_case_that_does_not_fit_as_a_whole_is_denied(case: str) -> None:
    decision = decide(query(case_reference=case), policy(rule(case=re.compile(r"IMI-\d{4}"))), terms())
    assert denied(decision)[0] == "case_invalid"


@pytest.mark.parametrize(("subjects", "officers", "permits"), [(2, 1, True), (3, 1, False), (3, 2, True)])
def test_a_second_officer_is_needed_above_the_rules_number(subjects: int, officers: int, permits: bool) -> None:
    asked = query(count=subjects, officers=officers)
    decision = decide(asked, policy(rule(second_officer_above=2)), terms())
    assert isinstance(decision, Permit) is permits
    if isinstance(decision, Deny):
        assert decision.reason == "second_officer_missing"


def test_a_rule_cannot_do_without_the_second_officer_that_the_terms_ask_for() -> None:
    purposes = ("criminal_investigation",)
    asked = query(purpose="criminal_investigation", legal_basis="uu2_2002", credential=credential(purposes=purposes))
    decision = decide(asked, policy(rule("criminal_investigation", second_officer_above=100)), terms())
    assert denied(decision)[0] == "second_officer_missing"


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"purpose": "unheard_of"}, "unheard_of"),
        ({"legal_basis": "unheard_of"}, "unheard_of"),
        ({"disclosure_class": "unheard_of"}, "unheard_of"),
        ({"subjects": (Committed(commitment=bytes(32)),)}, "Subject"),
        (
            {"subjects": (Blinded(commitment=bytes(32), blinded=(bytes(32),) * 10, opening_digest=bytes(32)),)},
            "Subject",
        ),
        ({"payload": b"\x98\x06\x01"}, "Query.99"),
    ],
)
def test_what_is_not_understood_is_named(changes: dict[str, Any], named: str) -> None:
    assert denied(decide(query(**changes), policy(), terms())) == ("not_understood", named)


def test_what_is_not_understood_is_said_before_what_is_not_permitted() -> None:
    asked = query(purpose="lodging_check", legal_basis="uu6_72", payload=b"\x98\x06\x01")
    assert denied(decide(asked, policy(), terms())) == ("not_understood", "Query.99")
