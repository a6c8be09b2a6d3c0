"""What may be written in a mapping: the shapes of its tables, and the columns that they name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import msgspec

from federation.config import Strict
from federation.errors import ConfigError
from matching.names import Order

Take = Literal["whole", "before_slash", "after_slash"]
BirthFormat = Literal["date", "text", "yyyymmdd", "place_date", "age"]
FieldFormat = Literal["text", "date", "yyyymmdd", "text_date", "instant"]
Way = Literal["changed", "notify", "compare"]
Codes = dict[str, str]


class NameSource(Strict, frozen=True, kw_only=True):
    """A column that holds a name, a name and its aliases, or an array of names; or a column for each part."""

    column: str = ""
    given: str = ""
    family: str = ""
    middle: str = ""
    kind: Literal["primary", "alias", "native"] = "primary"
    order: Order = "as_written"
    take: Take = "whole"


class BirthSource(Strict, frozen=True, kw_only=True):
    """A column that holds a birth date or an age (`observed` is the column of the day it was true); or three parts."""

    column: str = ""
    format: BirthFormat = "text"
    observed: str = ""
    take: Take = "whole"
    year: str = ""
    month: str = ""
    day: str = ""


class CodedSource(Strict, frozen=True, kw_only=True):
    """A column that holds a sex or nationalities; `values` explains codes that are the agency's own."""

    column: str
    values: Codes | None = None


class PlaceSource(Strict, frozen=True, kw_only=True):
    """A column that holds a birth place, alone or before a date (`Seoul, 12 Maret 1984`)."""

    column: str
    format: Literal["text", "place_date"] = "text"
    take: Take = "whole"


class DocumentList(Strict, frozen=True, kw_only=True):
    """Keys of the objects in a JSON array of documents; `kinds` maps the agency's kinds, and others are left out."""

    number: str
    kind: str = ""
    issuer: str = ""
    expiry: str = ""
    kinds: Codes = msgspec.field(default_factory=dict)


class DocumentSource(Strict, frozen=True, kw_only=True):
    """A column that holds a document's number, or with `json` a JSON array of documents."""

    column: str
    kind: Literal["passport", "permit", "other"] = "passport"
    issuer: str = ""
    issuer_code: str = ""
    expiry: str = ""
    take: Take = "whole"
    json: DocumentList | None = None


class IdentifierSource(Strict, frozen=True, kw_only=True):
    """A column that holds a number of one country's register; `issuer` is that country, not a column."""

    column: str
    kind: str
    issuer: str = "IDN"


class MrzSource(Strict, frozen=True, kw_only=True):
    """Two columns that hold the machine readable lines of a passport."""

    line1: str
    line2: str


class PersonMapping(Strict, frozen=True, kw_only=True):
    """Where the attributes of the person stand."""

    names: tuple[NameSource, ...] = ()
    births: tuple[BirthSource, ...] = ()
    birth_place: PlaceSource | None = None
    sex: CodedSource | None = None
    nationalities: tuple[CodedSource, ...] = ()
    documents: tuple[DocumentSource, ...] = ()
    identifiers: tuple[IdentifierSource, ...] = ()
    mrz: MrzSource | None = None


class FieldSource(Strict, frozen=True, kw_only=True):
    """A field that may be disclosed: a column in a format, or one `value` for every record.

    With `values` only the codes listed leave; anything else is counted as not understood and left out.
    """

    column: str = ""
    value: str = ""
    format: FieldFormat = "text"
    values: Codes | None = None
    split: str = ""


class Join(Strict, frozen=True, kw_only=True):
    """Another table, joined where the columns of `on` are equal, two by two."""

    table: str
    on: tuple[str, ...]
    alias: str = msgspec.field(default="", name="as")
    schema: str = ""
    kind: Literal["inner", "left"] = "inner"


class Condition(Strict, frozen=True, kw_only=True):
    """Rows are read only where the column is one of these texts."""

    column: str
    one_of: tuple[str, ...]


class FileShape(Strict, frozen=True, kw_only=True):
    """A spreadsheet in place of a table: XLSX or CSV by its name, with a row of headings that name its columns."""

    path: Path
    sheet: str = ""
    header: int = 1
    encoding: Literal["utf-8", "utf-16", "cp1252"] = "utf-8"
    delimiter: str = ","


class RecordMapping(Strict, frozen=True, kw_only=True):
    """One record type and the table, with what is joined to it, or the file that holds it.

    `person` may name a `[person.NAME]`. `refresh` says how the index learns of changes (`way`); where it is `changed`,
    what changed within `overlap` (seconds of a time, or counts of a number) of the newest known is read again, so that
    what was committed late is not lost. Every `compare_s` seconds all is compared, whatever the way.
    """

    type: str
    table: str = ""
    key: str | tuple[str, ...]
    person: PersonMapping | str
    file: FileShape | None = None
    schema: str = "public"
    alias: str = msgspec.field(default="", name="as")
    joins: tuple[Join, ...] = ()
    where: tuple[Condition, ...] = ()
    protected: str = ""
    latest: str = ""
    deleted: str = ""
    refresh: Literal["changed", "notify", "compare", ""] = ""
    changed: str | tuple[str, ...] = ()
    overlap: int = 300
    compare_s: int = 3600
    as_of: FieldSource | str = ""
    fields: dict[str, FieldSource] = msgspec.field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that together name a record, within its type."""
        return (self.key,) if isinstance(self.key, str) else self.key

    @property
    def changes(self) -> tuple[str, ...]:
        """The columns that tell when a row, or what is joined to it, last changed."""
        if isinstance(self.changed, str):
            return (self.changed,) if self.changed else ()
        return self.changed

    @property
    def way(self) -> Way:
        """How the index learns of changes between comparisons."""
        return self.refresh or ("changed" if self.changes else "compare")

    @property
    def own(self) -> str:
        """The alias of the record's own table."""
        return self.alias or self.table

    @property
    def aliases(self) -> tuple[str, ...]:
        """Every alias declared, the own table's first."""
        return (self.own, *(join.alias or join.table for join in self.joins))

    def split(self, reference: str) -> tuple[str, str]:
        """Alias and column of a reference: up to its first dot where that is an alias, else the own table."""
        prefix, dot, column = reference.partition(".")
        return (prefix, column) if dot and prefix in self.aliases else (self.own, reference)


class Head(Strict, frozen=True, kw_only=True):
    """Whose mapping it is. `as_of` is `refresh` (true when the index was built) or a column; `zone` of naive times."""

    member: str
    version: str
    description: str = ""
    as_of: FieldSource | str = "refresh"
    zone: str = "+07:00"


class AgencyMapping(Strict, frozen=True, kw_only=True):
    """A whole mapping. Records read from `load_mapping` hold their persons in full and their own `as_of`."""

    mapping: Head
    record: tuple[RecordMapping, ...]
    person: dict[str, PersonMapping] = msgspec.field(default_factory=dict)


def references(record: RecordMapping) -> Iterator[tuple[str, str]]:
    """Yield every column that a record's mapping names, with the key that names it (`person.names[0].column`)."""
    yield from ((key, getattr(record, key)) for key in ("protected", "latest", "deleted") if getattr(record, key))
    yield from (("changed", column) for column in record.changes)
    for at, condition in enumerate(record.where):
        yield f"where[{at}].column", condition.column
    for at, join in enumerate(record.joins):
        yield from ((f"joins[{at}].on", column) for column in join.on)
    yield from content(record)


def content(record: RecordMapping) -> Iterator[tuple[str, str]]:
    """Yield the columns of which the record itself is made, as `references` does: not those that only choose rows."""
    yield from ((f"key[{at}]", column) for at, column in enumerate(record.keys))
    if isinstance(record.as_of, FieldSource):
        yield "as_of.column", record.as_of.column
    elif record.as_of != "refresh":
        yield "as_of", record.as_of
    yield from ((f"fields.{name}.column", source.column) for name, source in record.fields.items() if source.column)
    yield from _person_references(person_of(record))


def person_of(record: RecordMapping) -> PersonMapping:
    """The person's part of a checked record."""
    if isinstance(record.person, str):
        raise ConfigError(f"person = {record.person!r} is not resolved; read the mapping with load_mapping")
    return record.person


def _person_references(person: PersonMapping) -> Iterator[tuple[str, str]]:
    columns = ("column", "given", "family", "middle", "observed", "year", "month", "day", "line1", "line2", "expiry")
    for part in ("names", "births", "nationalities", "documents", "identifiers", "sex", "birth_place", "mrz"):
        value = getattr(person, part)
        sources = value if isinstance(value, tuple) else () if value is None else (value,)
        for at, source in enumerate(sources):
            place = f"person.{part}[{at}]" if isinstance(value, tuple) else f"person.{part}"
            names = (*columns, "issuer") if isinstance(source, DocumentSource) else columns
            yield from ((f"{place}.{name}", getattr(source, name)) for name in names if getattr(source, name, ""))
