"""What an agency's records are like: what is missing, doubtful or there twice. Counts alone, and nobody's values."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Final

from federation.person import Person
from matching.blocking import CAPS, blocking_keys
from matching.form import Form, prepare
from node.records.reading import SourceRecord

ATTRIBUTES: Final = ("name", "birth", "sex", "nationality", "document", "national_identifier")
_KEPT: Final = 400_000
_EARLIEST: Final = 1890


class SampledCounts:
    """How often digests occur, in bounded memory: once they are too many, only those that end in zeros are kept."""

    def __init__(self, kept: int = _KEPT) -> None:
        self.every = 1
        self.counts: Counter[int] = Counter()
        self._kept = kept

    def add(self, digest: int) -> None:
        """Count a digest, if it is one of those that are kept."""
        if digest % self.every:
            return
        self.counts[digest] += 1
        while len(self.counts) > self._kept:
            self.every *= 2
            self.counts = Counter({each: count for each, count in self.counts.items() if each % self.every == 0})

    def shared(self) -> tuple[int, int]:
        """About how many digests occur twice or more, and how often all of these together."""
        several = [count for count in self.counts.values() if count > 1]
        return len(several) * self.every, sum(several) * self.every


@dataclass(slots=True)
class TypeSurvey:
    """Counts over the records of one type. `doubts` counts by what is odd, `scripts` names by ISO 15924."""

    records: int = 0
    given: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    scripts: Counter[str] = field(default_factory=Counter)
    decades: Counter[int] = field(default_factory=Counter)


class Survey:
    """Counts records as they are read, each type by itself; keys and doubles over all of them."""

    def __init__(self, secret: bytes, this_year: int) -> None:
        self.types: dict[str, TypeSurvey] = defaultdict(TypeSurvey)
        self.families: Counter[str] = Counter()
        self.without_key = 0
        self.blocks: dict[str, SampledCounts] = {family: SampledCounts(_KEPT // 2) for family in CAPS}
        self.numbers = SampledCounts()
        self.namesakes = SampledCounts()
        self._secret = secret
        self._this_year = this_year

    @property
    def records(self) -> int:
        """How many were counted."""
        return sum(each.records for each in self.types.values())

    def add(self, records: Iterable[SourceRecord]) -> None:
        """Count some records."""
        for record in records:
            form = prepare(record.person)
            self._add(self.types[record.type], record.person, form)
            self._key(form)

    def _add(self, of_type: TypeSurvey, person: Person, form: Form) -> None:
        of_type.records += 1
        values = (
            form.names, form.births or form.years[0], form.sex, form.nationalities, form.documents,
            form.national_identifiers,
        )  # fmt: skip
        of_type.given.update(name for name, value in zip(ATTRIBUTES, values, strict=True) if value)
        of_type.doubts.update(_doubts(person, form, self._this_year))
        of_type.scripts.update({name.script for name in form.names})
        of_type.decades.update({birth.year // 10 * 10 for birth in form.births})

    def _key(self, form: Form) -> None:
        keys = blocking_keys(form, self._secret)
        self.families.update({key.family for key in keys})
        self.without_key += not keys
        for key in keys:
            self.blocks[key.family].add(key.value)
        for number in (*form.documents, *form.national_identifiers):
            self.numbers.add(self._digest(f"{number.kind} {number.issuer} {number.number}"))
        for birth in form.births[:1]:
            for name in form.names[:1]:
                if birth.day and len(name.tokens) > 1:
                    self.namesakes.add(self._digest(f"{sorted(name.tokens)} {birth.year}-{birth.month}-{birth.day}"))

    def _digest(self, text: str) -> int:
        return int.from_bytes(blake2b(text.encode(), digest_size=8, key=self._secret).digest(), "big") >> 1


def _doubts(person: Person, form: Form, this_year: int) -> list[str]:
    """What is odd about one record, each once."""
    births, numbers = form.births, (*form.documents, *form.national_identifiers)
    given = len(person.documents) + len(person.national_identifiers)
    odd = {
        "name is a placeholder, or none that can be read": bool(person.names) and not form.names,
        "name of one part alone": bool(form.names) and all(len(name.tokens) == 1 for name in form.names),
        "birth date without its day": any(not birth.day for birth in births),
        "born on 1 January, often a year alone": any(birth.month == birth.day == 1 for birth in births),
        "birth year that cannot be": any(not _EARLIEST <= birth.year <= this_year for birth in births),
        "birth date with several readings": len(births) > 1,
        "document number without a digit, or there twice in one record": len(numbers) < given,
        "document number of one character repeated": any(len(set(number.number)) == 1 for number in numbers),
    }
    return [what for what, is_so in odd.items() if is_so]
