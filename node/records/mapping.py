"""How an agency's own tables are to be read: which column holds which attribute, written by the agency's IT in TOML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import msgspec

from federation.config import Strict, parse
from federation.errors import ConfigError
from federation.terms import terms
from matching.names import Order

Take = Literal["whole", "before_slash", "after_slash"]
BirthFormat = Literal["date", "text", "yyyymmdd", "place_date", "age"]
FieldFormat = Literal["text", "date", "yyyymmdd", "text_date", "instant"]
Codes = dict[str, str]
_PERSON_KINDS = {"sex": frozenset("MFX")}


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
    """A column that holds a sex or nationalities; `values` says what the agency's codes mean, where they are its own."""

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


class RecordMapping(Strict, frozen=True, kw_only=True):
    """One record type and the table, with what is joined to it, that holds it. `person` may name a `[person.NAME]`."""

    type: str
    table: str
    key: str | tuple[str, ...]
    person: PersonMapping | str
    schema: str = "public"
    alias: str = msgspec.field(default="", name="as")
    joins: tuple[Join, ...] = ()
    where: tuple[Condition, ...] = ()
    protected: str = ""
    latest: str = ""
    changed: str = ""
    as_of: FieldSource | str = ""
    fields: dict[str, FieldSource] = msgspec.field(default_factory=dict)

    @property
    def keys(self) -> tuple[str, ...]:
        """The columns that together name a record, within its type."""
        return (self.key,) if isinstance(self.key, str) else self.key

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


def load_mapping(path: Path) -> AgencyMapping:
    """Read and check a mapping; ConfigError names the key that is wrong and says what to write instead."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    return parse_mapping(content, str(path))


def parse_mapping(content: bytes, name: str = "mapping.toml") -> AgencyMapping:
    """Read and check the bytes of a mapping, called `name` in errors (ConfigError)."""
    try:
        raw = parse(content, AgencyMapping, name)
    except ConfigError as error:
        raise ConfigError(f"{error.message}{_hint(error.message)}") from error
    if not raw.record:
        raise ConfigError(f"{name}: no record is mapped; write at least one [[record]] with type, table and key")
    records = tuple(_resolved(raw, record, f"{name}: [[record]] {at + 1}") for at, record in enumerate(raw.record))
    for at, record in enumerate(records):
        problem = next(_problems(record), "")
        if problem:
            raise ConfigError(f"{name}: [[record]] {at + 1} ({record.type}): {problem}")
    _refuse_twice(records, name)
    return msgspec.structs.replace(raw, record=records)


def references(record: RecordMapping) -> Iterator[tuple[str, str]]:
    """Yield every column that a record's mapping names, with the key that names it (`person.names[0].column`)."""
    yield from ((f"key[{at}]", column) for at, column in enumerate(record.keys))
    yield from ((key, getattr(record, key)) for key in ("protected", "latest", "changed") if getattr(record, key))
    for at, condition in enumerate(record.where):
        yield f"where[{at}].column", condition.column
    for at, join in enumerate(record.joins):
        yield from ((f"joins[{at}].on", column) for column in join.on)
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


def _resolved(raw: AgencyMapping, record: RecordMapping, place: str) -> RecordMapping:
    person = record.person
    if isinstance(person, str):
        if person not in raw.person:
            known = ", ".join(sorted(raw.person)) or "none"
            raise ConfigError(f"{place}: person = {person!r} names no [person.{person}]; there is: {known}")
        person = raw.person[person]
    return msgspec.structs.replace(record, person=person, as_of=record.as_of or raw.mapping.as_of)


def _problems(record: RecordMapping) -> Iterator[str]:
    yield from _type_problems(record)
    yield from _column_problems(record)
    yield from _person_problems(person_of(record))


def _type_problems(record: RecordMapping) -> Iterator[str]:
    known = terms().record_type
    if record.type not in known:
        yield f"type {record.type!r} is no record type; write one of: {', '.join(sorted(known))}"
        return
    allowed = known[record.type].fields
    for name, source in record.fields.items():
        if name not in allowed:
            yield f"fields.{name} may not leave with {record.type}; its fields are: {', '.join(allowed)}"
        if bool(source.column) == bool(source.value):
            yield f'fields.{name}: write either column = "..." or value = "..."'
    if not record.keys or not all(record.keys):
        yield 'key is empty; write key = "column", the agency\'s own reference of the record, unique within its type'
    if record.latest and len(record.keys) != 1:
        yield "latest keeps one row for each key and needs one key column; write key as one column"


def _column_problems(record: RecordMapping) -> Iterator[str]:
    aliases = record.aliases
    if len(set(aliases)) != len(aliases):
        yield 'two tables have the same alias; write as = "..." in one of the joins'
    for at, join in enumerate(record.joins):
        if not join.on or len(join.on) % 2:
            yield f'joins[{at}].on must hold columns in pairs; write on = ["a.column", "b.column"]'
    for place, reference in references(record):
        prefix = re.match(r"(\w+)\.\w", reference)
        if prefix and prefix[1] not in aliases:
            yield (
                f"{place}: {prefix[1]!r} in {reference!r} is no alias; declared are: {', '.join(aliases)}; "
                f'write as = "{prefix[1]}" in a join, or "{record.own}.{reference}" if the column has that name'
            )


def _person_problems(person: PersonMapping) -> Iterator[str]:
    if not (person.names or person.documents or person.mrz):
        yield 'person has neither names nor documents nor mrz; write names = [{ column = "..." }]'
    for at, name in enumerate(person.names):
        if bool(name.column) == bool(name.given or name.family):
            yield f"person.names[{at}]: write either column, or given and family"
    for at, birth in enumerate(person.births):
        if bool(birth.column) == bool(birth.year):
            yield f"person.births[{at}]: write either column with format, or year (with month and day)"
        if birth.format == "age" and not birth.observed:
            yield f"person.births[{at}]: an age needs observed, the column of the day on which it was true"
    wrong = set((person.sex.values or {}).values()) - set("MFX") if person.sex else set()
    if wrong:
        yield f"person.sex.values: {sorted(wrong)} are no sexes; write M, F or X on the right"


def _refuse_twice(records: tuple[RecordMapping, ...], name: str) -> None:
    types = [record.type for record in records]
    twice = next((each for each in types if types.count(each) > 1), "")
    if twice:
        raise ConfigError(
            f"{name}: two records have type {twice}; keys would clash, so write one, with a view if need be"
        )


_REQUIRED: Mapping[str, str] = {
    "key": 'write key = "column", the agency\'s own reference of the record',
    "type": 'write a record type, such as type = "stay_permit"',
    "table": 'write table = "...", the table or view that holds the record',
    "person": 'write [record.person] under it, or person = "name" of a [person.name]',
    "on": 'write on = ["a.column", "b.column"]',
    "mapping": "write a [mapping] table with member and version",
    "member": 'write member = "...", the agency as the roster knows it',
    "version": 'write version = "2026-11-01", the day of this mapping',
    "record": "write at least one [[record]]",
    "column": 'write column = "...", the column that holds it',
}
_SHAPES: tuple[tuple[str, type[Strict]], ...] = (
    (r"names\[\.\.\.\]", NameSource),
    (r"births\[\.\.\.\]", BirthSource),
    (r"documents\[\.\.\.\]", DocumentSource),
    (r"nationalities\[\.\.\.\]|sex", CodedSource),
    (r"identifiers\[\.\.\.\]", IdentifierSource),
    (r"joins\[\.\.\.\]", Join),
    (r"where\[\.\.\.\]", Condition),
    (r"fields\[\.\.\.\]", FieldSource),
    (r"birth_place", PlaceSource),
    (r"mrz", MrzSource),
    (r"json", DocumentList),
    (r"person(\[\.\.\.\])?", PersonMapping),
    (r"record\[\.\.\.\]", RecordMapping),
    (r"mapping", Head),
)


def _hint(message: str) -> str:
    """Say what to write where msgspec says only what is wrong."""
    missing = re.search(r"missing required field `(\w+)`", message)
    if missing:
        return f"; {_REQUIRED.get(missing[1], 'write it')}"
    if "unknown field" in message:
        place = message.rpartition("$")[2].strip("`")
        shape = next((shape for end, shape in _SHAPES if re.search(rf"\.({end})$", place)), AgencyMapping)
        return f"; the keys are: {', '.join(field.encode_name for field in msgspec.structs.fields(shape))}"
    return ""
