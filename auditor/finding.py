"""Findings: what an auditor reports, of whom, in which row, and by which proof."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal

from federation.config import Strict, parse
from federation.terms import Language, Term

Severity = Literal["finding", "note"]
Value = str | int | bytes


class Kind(Term, frozen=True, kw_only=True):
    """What a finding says, in both languages; a `note` is worth a look and convicts nobody."""

    note: bool = False


class _Kinds(Strict, frozen=True, kw_only=True):
    kind: Mapping[str, Kind]


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of finding, by id."""
    content = resources.files("auditor").joinpath("kinds.toml").read_bytes()
    return parse(content, _Kinds, "auditor/kinds.toml").kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One fault or oddity; it holds ids, digests, sizes and instants, and never an attribute of a person.

    `member` is whose log or row it is about, `other` the member it is held against, if any. `table` and `row` name
    the row by its primary key (see `row`), `entry` the index of the entry in `member`'s log. `proof` is what a third
    party can check with other tools: notes, receipts, digests, as text.
    """

    kind: str
    member: str
    table: str = ""
    row: str = ""
    entry: int | None = None
    other: str = ""
    expected: str = ""
    found: str = ""
    proof: str = ""

    def __post_init__(self) -> None:
        if self.kind not in kinds():
            raise ValueError(f"auditor/kinds.toml does not tell what {self.kind} means")

    @property
    def severity(self) -> Severity:
        """A `finding` makes the audit fail; a `note` does not."""
        return "note" if kinds()[self.kind].note else "finding"

    def says(self, language: Language) -> str:
        """What the kind means, in `id` or `en`."""
        return kinds()[self.kind].name(language)


def about(kind: str, member: str, index: int, *, expected: str = "", found: str = "", other: str = "") -> Finding:
    """A finding about an entry."""
    return Finding(
        kind=kind,
        member=member,
        table="log_entry",
        row=row(index=index),
        entry=index,
        other=other,
        expected=expected,
        found=found,
    )


def row(**key: Value) -> str:
    """A row by its primary key: `row(group=b"..", recipient="binda")` is `group=2e2e recipient=binda`."""
    return " ".join(f"{name}={value.hex() if isinstance(value, bytes) else value}" for name, value in key.items())
