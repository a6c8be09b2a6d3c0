"""A policy as its agency's legal officer wrote it, read from TOML."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from federation.answer import Contact, Text
from federation.config import Strict, load
from federation.errors import ConfigError, MalformedStatement
from federation.terms import Terms
from federation.wire import scalars
from node.policy import Policy, Quota, Rule

_EVERY_TYPE = "*"
_TELEPHONE_LENGTH = 64
_EMAIL_LENGTH = 128


class PolicyTable(Strict, frozen=True, kw_only=True):
    """[policy]: whose it is and which version."""

    member: str
    version: str


class TextTable(Strict, frozen=True, kw_only=True):
    """Words in both languages."""

    indonesian: str
    english: str


class DeskTable(TextTable, frozen=True, kw_only=True):
    """[desk]: whom an officer may ring."""

    telephone: str = ""
    email: str = ""


class QuotaTable(Strict, frozen=True, kw_only=True):
    """[quota]: how many subjects one member may ask about in an hour."""

    subjects_per_hour: int


class RuleTable(Strict, frozen=True, kw_only=True):
    """[[rule]]: one purpose; `disclose` gives a class for each record type, or for all with "*"."""

    purpose: str
    requesters: tuple[str, ...]
    disclose: Mapping[str, str]
    case: str = ".+"
    legal_bases: tuple[str, ...] = ()
    second_officer_above: int | None = None


class PolicyFile(Strict, frozen=True, kw_only=True):
    """A whole policy file."""

    policy: PolicyTable
    desk: DeskTable
    notice: TextTable
    quota: QuotaTable
    rule: tuple[RuleTable, ...] = ()


def load_policy(path: Path, terms: Terms, record_types: frozenset[str]) -> Policy:
    """Read a policy; refuses ids that the terms do not know, and two rules for one purpose (ConfigError)."""
    file = load(path, PolicyFile)
    rules: dict[str, Rule] = {}
    for table in file.rule:
        if table.purpose in rules:
            raise ConfigError(f"{path}: two rules for the purpose {table.purpose}; merge them into one")
        rules[table.purpose] = _rule(table, path, terms, record_types)
    return Policy(
        member=file.policy.member,
        version=file.policy.version,
        rules=rules,
        contact=_contact(file.desk, path),
        notice=_words(file.notice, path, "notice"),
        quota=Quota(subjects_per_hour=file.quota.subjects_per_hour),
    )


def _contact(desk: DeskTable, path: Path) -> Contact:
    return Contact(
        desk=_words(desk, path, "desk"),
        telephone=_travelling(desk.telephone, path, "desk.telephone", _TELEPHONE_LENGTH),
        email=_travelling(desk.email, path, "desk.email", _EMAIL_LENGTH),
    )


def _words(table: TextTable, path: Path, place: str) -> Text:
    return Text(
        indonesian=_travelling(table.indonesian, path, f"{place}.indonesian"),
        english=_travelling(table.english, path, f"{place}.english"),
    )


def _travelling(text: str, path: Path, place: str, most: int = scalars.MAX_TEXT) -> str:
    """A text as every reader of an answer takes it: a policy that it would spoil never comes into force."""
    try:
        return scalars.text(text, place, most)
    except MalformedStatement as error:
        raise ConfigError(f"{path}: {error.message}; write it in fewer or other characters") from error


def _rule(table: RuleTable, path: Path, terms: Terms, record_types: frozenset[str]) -> Rule:
    if table.purpose not in terms.purpose:
        raise ConfigError(f"{path}: {table.purpose} is no purpose of the terms")
    bases = table.legal_bases or terms.purpose[table.purpose].legal_bases
    for basis in bases:
        if basis not in terms.legal_basis:
            raise ConfigError(f"{path}: {basis} is no legal basis of the terms")
    return Rule(
        purpose=table.purpose,
        requesters=frozenset(table.requesters),
        legal_bases=frozenset(bases),
        case=_pattern(table.case, path),
        second_officer_above=table.second_officer_above,
        classes=_classes(table, path, terms, record_types),
    )


def _classes(table: RuleTable, path: Path, terms: Terms, record_types: frozenset[str]) -> Mapping[str, str]:
    for name, given in table.disclose.items():
        if name != _EVERY_TYPE and name not in terms.record_type:
            raise ConfigError(f"{path}: {name} is no record type of the terms")
        if given not in terms.disclosure_class and given != "refuse":
            raise ConfigError(f'{path}: {given} is no disclosure class; write one of the terms, or "refuse"')
    default = table.disclose.get(_EVERY_TYPE, "refuse")
    found = {name: table.disclose.get(name, default) for name in sorted(record_types)}
    return {name: given for name, given in found.items() if given != "refuse"}


def _pattern(text: str, path: Path) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ConfigError(f"{path}: the case pattern is no regular expression: {error}") from error
