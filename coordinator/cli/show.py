"""A result on the officer's screen: who said what, each disclosed value with its agency, and the standing reminder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from coordinator.acceptance import Accepted
from coordinator.cli.words import DISCLAIMER, word
from coordinator.dispatch import Outcome
from federation.answer import Answer, Match, Refusal
from federation.person import Person
from federation.printable import printable
from federation.result import Result, SubjectResult
from federation.roster import Roster
from federation.terms import Language, Term, terms

_STYLES: Final = {"strong": "bold green", "possible": "yellow", "none": "dim"}


class Screen:
    """Prints to one console in one language."""

    def __init__(self, console: Console, language: Language, roster: Roster) -> None:
        self._console = console
        self._language = language
        self._roster = roster

    def result(self, people: tuple[Person, ...], outcomes: Mapping[str, Outcome], result: Result) -> None:
        """Print everything about one query."""
        for place, (person, subject) in enumerate(zip(people, result.subjects, strict=True)):
            self._console.print(self._asked(person))
            self._console.print(self._outcomes(outcomes, place))
            self._disclosed(outcomes, place, subject)
            self._comparisons(outcomes, place)
            self._console.print(self._tallies(subject))
        if any(subject.silent for subject in result.subjects):
            self._console.print(Text(word("incomplete", self._language), style="bold red"))
        self._console.print(Text(DISCLAIMER, style="italic"))

    def _asked(self, person: Person) -> Text:
        parts = [name.text for name in person.names]
        parts += [birth.text or str(birth.year or "") for birth in person.births]
        parts += [person.year_range.text] if person.year_range else []
        parts += [value.code or value.text for value in person.nationalities]
        parts += [document.number for document in person.documents]
        parts += [identifier.number for identifier in person.national_identifiers]
        described = " · ".join(printable(part) for part in parts if part)
        return Text(f"\n{word('asked', self._language)}: {described}", style="bold")

    def _outcomes(self, outcomes: Mapping[str, Outcome], place: int) -> Table:
        table = Table(title=word("outcomes", self._language), title_justify="left")
        for column in ("agency", "outcome", "class", "band", "receipt"):
            table.add_column(word(column, self._language))
        for member, outcome in sorted(outcomes.items()):
            table.add_row(self._name(member), *self._row(outcome, place))
        return table

    def _row(self, outcome: Outcome, place: int) -> tuple[Text | str, ...]:
        if not isinstance(outcome, Accepted):
            reason = terms().silence.get(outcome.reason)
            said = reason.name(self._language) if reason else outcome.reason
            return Text(f"{word('silence', self._language)}: {said}", style="bold red"), "", "", ""
        proved = Text(f"{word('proved', self._language)} #{outcome.receipt.index}")
        statement = outcome.reply.statement
        if isinstance(statement, Refusal):
            return self._refused(statement), "", "", proved
        given = terms().disclosure_class[statement.disclosure_class].name(self._language)
        return word("answer", self._language), given, self._band(statement, place), proved

    def _refused(self, refusal: Refusal) -> Text:
        reason = terms().refusal.get(refusal.reason)
        said = f"{word('refusal', self._language)}: {reason.name(self._language) if reason else refusal.reason}"
        if refusal.remedy is not None:
            remedy = refusal.remedy.indonesian if self._language == "id" else refusal.remedy.english
            said += f" ({printable(remedy)})"
        return Text(said, style="magenta")

    def _band(self, answer: Answer, place: int) -> Text:
        if not answer.subjects:
            return Text(word("notified", self._language), style="cyan")
        said = answer.subjects[place]
        text = word(said.band, self._language)
        if said.cut:
            text += f" ({word('cut', self._language)})"
        if answer.contact is not None:
            desk = answer.contact.desk
            shown = desk.indonesian if self._language == "id" else desk.english
            text += f"; {word('contact', self._language)} {printable(f'{shown} {answer.contact.telephone}')}"
        return Text(text, style=_STYLES[said.band])

    def _disclosed(self, outcomes: Mapping[str, Outcome], place: int, subject: SubjectResult) -> None:
        rows = list(_disclosed_rows(outcomes, place))
        if not rows:
            self._console.print(word("nothing_disclosed", self._language))
            return
        table = Table(title=word("disclosed", self._language), title_justify="left")
        for column in ("record", "field", "value", "agency", "band", "as_of"):
            table.add_column(word(column, self._language))
        for member, match, name, values in sorted(rows, key=lambda row: (row[1].record_type, row[2], row[0])):
            table.add_row(
                _term(terms().record_type, match.record_type, self._language),
                _term(terms().field, name, self._language),
                Text(printable(", ".join(values))),
                self._name(member),
                Text(word(match.band, self._language), style=_STYLES[match.band]),
                match.as_of.strftime("%d-%m-%Y %H:%M") if match.as_of else "",
            )
        self._console.print(table)
        if not subject.separable:
            self._console.print(Text(word("not_separable", self._language), style="dim"))

    def _comparisons(self, outcomes: Mapping[str, Outcome], place: int) -> None:
        for member, match in _matches(outcomes, place):
            if not match.comparisons:
                continue
            title = Text.assemble(self._name(member), f" · {word('score', self._language)} {match.score or 0:.4f}")
            table = Table("", word("value", self._language), "", word("bits", self._language), title=title)
            for comparison in match.comparisons:
                met = Text(f"{printable(comparison.asked)} | {printable(comparison.held)}")
                evidence = Text(printable(comparison.evidence))
                table.add_row(Text(comparison.attribute), met, evidence, f"{comparison.bits:+.1f}")
            self._console.print(table)

    def _tallies(self, subject: SubjectResult) -> Text:
        matched = len(subject.strong) + len(subject.possible)
        counts = (
            ("match", matched),
            ("none", len(subject.none)),
            ("notified", len(subject.notified)),
            ("refused", len(subject.refused)),
            ("silent", len(subject.silent)),
        )
        return Text(" · ".join(f"{word(key, self._language)} {count}" for key, count in counts), style="bold")

    def _name(self, member: str) -> Text:
        found = self._roster.by_id.get(member)
        return Text(printable(found.name(self._language) if found else member))


def _term(known: Mapping[str, Term], name: str, language: Language) -> Text:
    """A term's name, or its id where a node knows terms that are newer than these. Nothing in it is markup."""
    return Text(known[name].name(language) if name in known else printable(name))


def _matches(outcomes: Mapping[str, Outcome], place: int) -> Iterator[tuple[str, Match]]:
    for member, outcome in sorted(outcomes.items()):
        statement = outcome.reply.statement if isinstance(outcome, Accepted) else None
        if isinstance(statement, Answer) and statement.subjects:
            for match in statement.subjects[place].matches:
                yield member, match


def _disclosed_rows(outcomes: Mapping[str, Outcome], place: int) -> Iterator[tuple[str, Match, str, tuple[str, ...]]]:
    for member, match in _matches(outcomes, place):
        for name, values in match.fields:
            yield member, match, name, values
