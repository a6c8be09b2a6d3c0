"""A policy read from TOML: what is refused, in words that tell the legal officer what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from federation.errors import ConfigError
from federation.terms import terms
from node.policy import Policy
from node.rules import load_policy

HEAD = """
[policy]
member = "imigrasi"
version = "1"
[desk]
indonesian = "Meja"
english = "Desk"
telephone = "021-555"
[notice]
indonesian = "Diterima"
english = "Received"
[quota]
subjects_per_hour = 50
"""
RULE = """
[[rule]]
purpose = "lodging_check"
requesters = ["polri"]
[rule.disclose]
"*" = "status"
"""
TYPES = frozenset({"stay_permit", "detention"})


def load(folder: Path, content: str) -> Policy:
    """Read a policy of a node that has two record types."""
    path = folder / "policy.toml"
    path.write_text(content)
    return load_policy(path, terms(), TYPES)


def test_a_policy_says_who_may_ask_for_what_and_how_much_leaves(tmp_path: Path) -> None:
    policy = load(tmp_path, HEAD + RULE)
    rule = policy.rules["lodging_check"]
    assert (policy.member, policy.quota.subjects_per_hour) == ("imigrasi", 50)
    assert rule.requesters == {"polri"}
    assert rule.classes == {"stay_permit": "status", "detention": "status"}
    assert rule.legal_bases == {"uu6_72"}
    assert rule.second_officer_above is None
    assert policy.contact.desk.english == "Desk"


def test_a_policy_without_rules_is_read_and_permits_nothing(tmp_path: Path) -> None:
    assert load(tmp_path, HEAD).rules == {}


def test_a_type_named_keeps_its_own_class_and_refuse_takes_it_out(tmp_path: Path) -> None:
    named = load(tmp_path, HEAD + RULE + 'detention = "match_only"\n').rules["lodging_check"].classes
    assert named == {"stay_permit": "status", "detention": "match_only"}
    refused = load(tmp_path, HEAD + RULE + 'detention = "refuse"\n').rules["lodging_check"].classes
    assert refused == {"stay_permit": "status"}


def test_without_a_star_only_the_types_named_are_let_out(tmp_path: Path) -> None:
    policy = load(tmp_path, HEAD + RULE.replace('"*"', "stay_permit"))
    assert policy.rules["lodging_check"].classes == {"stay_permit": "status"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('purpose = "lodging_check"', 'purpose = "loging_check"', "no purpose of the terms"),
        ('"*" = "status"', '"*" = "everything"', "no disclosure class"),
        ('"*" = "status"', 'stay_permits = "status"', "no record type"),
        ("[rule.disclose]", "legal_bases = ['uu6_666']\n[rule.disclose]", "no legal basis"),
        ("[rule.disclose]", "case = '(['\n[rule.disclose]", "no regular expression"),
        ("[rule.disclose]", "second_officer = 1\n[rule.disclose]", "second_officer"),
        ("subjects_per_hour = 50", 'subjects_per_hour = "50"', "subjects_per_hour"),
        ("requesters = ['polri']", "", "requesters"),
        ('version = "1"', "", "version"),
    ],
)
def test_a_fault_is_refused_and_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    content = (HEAD + RULE).replace('["polri"]', "['polri']")
    assert old in content
    with pytest.raises(ConfigError, match=said):
        load(tmp_path, content.replace(old, new))


def test_two_rules_for_one_purpose_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="two rules for the purpose lodging_check"):
        load(tmp_path, HEAD + RULE + RULE)
