"""The code lists agree with themselves and with the code that speaks of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from federation.status import SILENCES
from federation.terms import DISCLOSURE_CLASSES, Term, lower, rank, terms
from federation.wire.scalars import identifier

TERMS = terms()
LISTS = {
    "legal_basis": TERMS.legal_basis,
    "purpose": TERMS.purpose,
    "disclosure_class": TERMS.disclosure_class,
    "record_type": TERMS.record_type,
    "refusal": TERMS.refusal,
    "silence": TERMS.silence,
    "retention": TERMS.retention,
    "field": TERMS.field,
}


def every_term() -> Iterator[tuple[str, str, Term]]:
    for name, found in LISTS.items():
        for key, term in found.items():
            yield name, key, term


def test_every_id_is_one_that_may_travel() -> None:
    for name, key, _ in every_term():
        assert identifier(key, name) == key


def test_every_term_has_its_name_in_both_languages() -> None:
    for name, key, term in every_term():
        assert term.name("id").strip() and term.name("en").strip(), (name, key)
        assert (term.name("id"), term.name("en")) == (term.indonesian, term.english)


def test_no_two_terms_of_a_list_have_one_name() -> None:
    for name, found in LISTS.items():
        for language in ("id", "en"):
            names = [term.name(language) for term in found.values()]
            assert len(set(names)) == len(names), (name, language)


def test_every_purpose_has_bases_that_exist_and_every_basis_serves_a_purpose() -> None:
    used = set(itertools.chain.from_iterable(purpose.legal_bases for purpose in TERMS.purpose.values()))
    assert all(purpose.legal_bases for purpose in TERMS.purpose.values())
    assert used <= set(TERMS.legal_basis)
    assert set(TERMS.legal_basis) - used == {"uu6_63", "uu6_91"}  # duties and bans that no purpose invokes alone


def test_every_purpose_is_kept_under_a_rule_that_exists() -> None:
    assert {purpose.retention for purpose in TERMS.purpose.values()} <= set(TERMS.retention)
    assert all(rule.days > 0 for rule in TERMS.retention.values())


def test_every_limit_for_a_second_officer_is_one_that_a_query_can_pass() -> None:
    limits = [purpose.second_officer_above for purpose in TERMS.purpose.values()]
    assert all(limit is None or 0 <= limit < 100 for limit in limits)


@pytest.mark.parametrize("name", TERMS.record_type)
def test_what_leaves_under_status_is_part_of_what_leaves_under_fields(name: str) -> None:
    record = TERMS.record_type[name]
    assert set(record.status_fields) <= set(record.fields)
    assert len(set(record.fields)) == len(record.fields)
    assert set(record.fields) <= set(TERMS.field)


def test_every_field_is_of_some_record_type() -> None:
    used = set(itertools.chain.from_iterable(record.fields for record in TERMS.record_type.values()))
    assert used == set(TERMS.field)


def test_classes_rise_as_their_ranks_do() -> None:
    assert (
        tuple(sorted(TERMS.disclosure_class, key=lambda name: TERMS.disclosure_class[name].rank)) == DISCLOSURE_CLASSES
    )
    assert [TERMS.disclosure_class[name].rank for name in DISCLOSURE_CLASSES] == list(range(1, 7))


def test_the_lower_class_is_the_one_that_lets_less_out() -> None:
    for one, other in itertools.product(DISCLOSURE_CLASSES, repeat=2):
        assert rank(lower(one, other)) == min(rank(one), rank(other))
    with pytest.raises(KeyError):
        rank("everything")


def test_every_refusal_and_silence_that_the_code_gives_is_of_the_terms() -> None:
    root = Path(__file__).parents[3]
    given = {
        reason
        for package in ("node", "coordinator")
        for path in (root / package).rglob("*.py")
        for reason in re.findall(r'Deny\(reason="(\w+)"', path.read_text())
    }
    assert given
    assert given <= set(TERMS.refusal)
    assert set(SILENCES.values()) <= set(TERMS.silence)
