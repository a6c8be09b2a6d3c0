"""An agency's law for itself: whether a query may be answered, and how much of each record type may leave."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from federation.answer import Contact, Text
from federation.query import Clear, Query
from federation.seal import Verified
from federation.terms import Terms, lower, rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the law: for a purpose, who may ask, on what basis, in which cases, and the class of each type."""

    purpose: str
    requesters: frozenset[str]
    legal_bases: frozenset[str]
    case: re.Pattern[str]
    second_officer_above: int | None
    classes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How many subjects one member may ask about in an hour."""

    subjects_per_hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """All rules of one agency, its desk, the words of its notice, and its quota; what no rule permits is denied."""

    member: str
    version: str
    rules: Mapping[str, Rule]
    contact: Contact
    notice: Text
    quota: Quota


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """A query may be answered: `classes` says how much of which record type; types not in it are as if absent."""

    classes: Mapping[str, str]

    @property
    def highest(self) -> str:
        """The highest class given."""
        return max(self.classes.values(), key=rank)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny:
    """A query is declined: a refusal id, what exactly, and what would make it acceptable."""

    reason: str
    detail: str = ""
    remedy: Text | None = None


Decision = Permit | Deny


def decide(query: Verified[Query], policy: Policy, terms: Terms) -> Decision:
    """Decide a query by the policy; depends on the query alone, never on what records there are."""
    asked = query.statement
    not_understood = _not_understood(query, terms)
    if not_understood:
        return Deny(reason="not_understood", detail=not_understood)
    rule = policy.rules.get(asked.purpose)
    if rule is None:
        return Deny(reason="purpose_not_permitted", detail=asked.purpose)
    return _against_rule(query, rule, terms) or _permit(query, rule, terms)


def _not_understood(query: Verified[Query], terms: Terms) -> str:
    asked = query.statement
    if query.unknown:
        return query.unknown[0]
    for name, known in (
        (asked.purpose, terms.purpose),
        (asked.legal_basis, terms.legal_basis),
        (asked.disclosure_class, terms.disclosure_class),
    ):
        if name not in known:
            return name
    return "" if all(isinstance(subject, Clear) for subject in asked.subjects) else "Subject"


def _against_rule(query: Verified[Query], rule: Rule, terms: Terms) -> Deny | None:
    asked, first = query.statement, query.officers[0].statement
    if first.member not in rule.requesters:
        return Deny(reason="requester_not_permitted", detail=first.member)
    if any(asked.purpose not in officer.statement.purposes for officer in query.officers):
        return Deny(reason="requester_not_permitted", detail=asked.purpose, remedy=_PURPOSE_NOT_ON_CREDENTIAL)
    if asked.legal_basis not in rule.legal_bases & frozenset(terms.purpose[asked.purpose].legal_bases):
        return Deny(reason="basis_mismatch", detail=asked.legal_basis)
    if not rule.case.fullmatch(asked.case_reference):
        return Deny(reason="case_invalid", remedy=_CASE_OF_ANOTHER_FORM)
    if len(query.officers) == 1 and _needs_second(asked, rule, terms):
        return Deny(reason="second_officer_missing", remedy=_SECOND_OFFICER)
    return None


def _needs_second(query: Query, rule: Rule, terms: Terms) -> bool:
    limits = [terms.purpose[query.purpose].second_officer_above, rule.second_officer_above]
    return any(limit is not None and len(query.subjects) > limit for limit in limits)


def _permit(query: Verified[Query], rule: Rule, terms: Terms) -> Decision:
    asked = query.statement.disclosure_class
    classes = {
        name: lower(_with_special_data(query, permitted, special=terms.record_type[name].special), asked)
        for name, permitted in rule.classes.items()
    }
    return Permit(classes=classes) if classes else Deny(reason="purpose_not_permitted", detail=rule.purpose)


def _with_special_data(query: Verified[Query], permitted: str, *, special: bool) -> str:
    """Special data (UU 27/2022 ps 4) leaves as field values only where two officers signed."""
    return lower(permitted, "status") if special and len(query.officers) == 1 else permitted


_PURPOSE_NOT_ON_CREDENTIAL: Final = Text(
    indonesian="Mintakan kredensial yang memuat tujuan ini kepada instansi Anda.",
    english="Ask your agency for a credential that names this purpose.",
)
_CASE_OF_ANOTHER_FORM: Final = Text(
    indonesian="Sebutkan nomor surat perintah atau perkara sebagaimana tertulis di dalamnya.",
    english="Give the number of the order or case as it is written in it.",
)
_SECOND_OFFICER: Final = Text(
    indonesian="Mintakan tanda tangan pejabat kedua dari instansi yang sama.",
    english="Have a second officer of the same agency sign.",
)
