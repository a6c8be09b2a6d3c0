"""How an agency's own tables are to be read: which column holds which attribute, written by the agency's IT in TOML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import get_args

import msgspec

from federation.config import Strict, parse
from federation.errors import ConfigError
from federation.terms import terms
from node.records.row import zone_of
from node.records.shape import (
    AgencyMapping,
    BirthSource,
    CodedSource,
    Condition,
    DocumentList,
    DocumentSource,
    FieldSource,
    FileShape,
    Head,
    IdentifierSource,
    Join,
    MrzSource,
    NameSource,
    PersonMapping,
    PlaceSource,
    RecordMapping,
    person_of,
    references,
)


def load_mapping(path: Path) -> AgencyMapping:
    """Read and check a mapping; ConfigError names the key that is wrong and says what to write instead."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror}") from error
    mapping = parse_mapping(content, str(path))
    return msgspec.structs.replace(mapping, record=tuple(_under(path.parent, each) for each in mapping.record))


def parse_mapping(content: bytes, name: str = "mapping.toml") -> AgencyMapping:
    """Read and check the bytes of a mapping, called `name` in errors (ConfigError)."""
    try:
        raw = parse(content, AgencyMapping, name)
    except ConfigError as error:
        raise ConfigError(f"{error.message}{_hint(error.message)}") from error
    _require_zone(raw.mapping.zone, name)
    if not raw.record:
        raise ConfigError(f"{name}: no record is mapped; write at least one [[record]] with type, table and key")
    records = tuple(_resolved(raw, record, f"{name}: [[record]] {at + 1}") for at, record in enumerate(raw.record))
    for at, record in enumerate(records):
        problem = next(_problems(record), "")
        if problem:
            raise ConfigError(f"{name}: [[record]] {at + 1} ({record.type}): {problem}")
    _refuse_twice(records, name)
    return msgspec.structs.replace(raw, record=records)


def _under(folder: Path, record: RecordMapping) -> RecordMapping:
    """The record with the path of its file, if it is in one, under the folder of the mapping."""
    if record.file is None:
        return record
    return msgspec.structs.replace(
        record, file=msgspec.structs.replace(record.file, path=(folder / record.file.path).resolve())
    )


def _require_zone(zone: str, name: str) -> None:
    try:
        zone_of(zone)
    except ValueError as error:
        raise ConfigError(f'{name}: mapping.zone is no offset; write zone = "+07:00"') from error


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
    yield from _place_problems(record)
    yield from _column_problems(record)
    yield from _refresh_problems(record)
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
    if isinstance(record.as_of, FieldSource) and (record.as_of.format == "text" or not record.as_of.column):
        yield 'as_of must hold a day or an instant; write as_of = { column = "...", format = "text_date" }'
    if not record.keys or not all(record.keys):
        yield 'key is empty; write key = "column", the agency\'s own reference of the record, unique within its type'
    if record.latest and len(record.keys) != 1:
        yield "latest keeps one row for each key and needs one key column; write key as one column"


def _place_problems(record: RecordMapping) -> Iterator[str]:
    """Say so where a record is in no one place: a table of the database, or a file."""
    if record.file is None:
        if not record.table:
            yield 'write table = "...", the table or view that holds the record, or [record.file] with its path'
        return
    beside = [name for name in ("table", "joins", "latest", "changed", "refresh") if getattr(record, name)]
    if beside:
        yield f"{', '.join(beside)} may not stand beside [record.file]: a file is compared whenever it has changed"
    if record.file.path.suffix.casefold() not in (".csv", ".xlsx"):
        yield f"file.path names {record.file.path.name}; a file is .csv or .xlsx"
    if len(record.file.delimiter) != 1 or record.file.header < 1:
        yield 'file.delimiter is one sign, such as ";" or "\\t", and file.header the number of a line, from 1'


def _refresh_problems(record: RecordMapping) -> Iterator[str]:
    if record.refresh == "changed" and not record.changes:
        yield 'refresh = "changed" needs changed = "...", the column that tells when a row last changed'
    if record.refresh == "notify" and any(record.split(key)[0] != record.own for key in record.keys):
        yield f'refresh = "notify" needs every column of key to be of {record.own}, whose trigger tells them'
    if record.overlap < 0 or record.compare_s < 1:
        yield "overlap is 0 or more, and compare_s 1 or more"


def _names(record: RecordMapping) -> Iterator[str]:
    yield from (record.schema, record.table)
    yield from (name for join in record.joins for name in (join.schema or record.schema, join.table))
    yield from (reference for _, reference in references(record))


def _column_problems(record: RecordMapping) -> Iterator[str]:
    aliases = record.aliases
    if len(set(aliases)) != len(aliases):
        yield 'two tables have the same alias; write as = "..." in one of the joins'
    if record.file is None and not all(name and "\0" not in name for name in _names(record)):
        yield "a schema, table or column has a name that no database can hold; write it as the database does"
    for at, join in enumerate(record.joins):
        if not join.on or len(join.on) % 2:
            yield f'joins[{at}].on must hold columns in pairs; write on = ["a.column", "b.column"]'
    for place, reference in references(record) if record.file is None else ():
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
    "path": 'write path = "book.xlsx", from the folder of the mapping',
    "person": 'write [record.person] under it, or person = "name" of a [person.name]',
    "on": 'write on = ["a.column", "b.column"]',
    "mapping": "write a [mapping] table with member and version",
    "member": 'write member = "...", the agency as the roster knows it',
    "version": 'write version = "2026-11-01", the day of this mapping',
    "record": "write at least one [[record]]",
    "column": 'write column = "...", the column that holds it',
}
_SHAPES: tuple[tuple[str, type[Strict]], ...] = (
    (r"names\[[\d.]+\]", NameSource),
    (r"births\[[\d.]+\]", BirthSource),
    (r"documents\[[\d.]+\]", DocumentSource),
    (r"nationalities\[[\d.]+\]|sex", CodedSource),
    (r"identifiers\[[\d.]+\]", IdentifierSource),
    (r"joins\[[\d.]+\]", Join),
    (r"where\[[\d.]+\]", Condition),
    (r"fields\[[\d.]+\]", FieldSource),
    (r"birth_place", PlaceSource),
    (r"mrz", MrzSource),
    (r"json", DocumentList),
    (r"person(\[[\d.]+\])?", PersonMapping),
    (r"record\[[\d.]+\]", RecordMapping),
    (r"mapping", Head),
    (r"file", FileShape),
)


def _hint(message: str) -> str:
    """Say what to write where msgspec says only what is wrong."""
    missing = re.search(r"missing required field `(\w+)`", message)
    if missing:
        return f"; {_REQUIRED.get(missing[1], 'write it')}"
    place = message.rpartition("$")[2].strip("`")
    if "unknown field" in message:
        return f"; the keys are: {', '.join(field.encode_name for field in msgspec.structs.fields(_shape(place)))}"
    if "Invalid enum value" in message:
        parent, _, key = place.rpartition(".")
        kinds = {field.encode_name: field.type for field in msgspec.structs.fields(_shape(parent))}
        return f"; write one of: {', '.join(filter(None, get_args(kinds.get(key))))}"
    return ""


def _shape(place: str) -> type[Strict]:
    return next((shape for end, shape in _SHAPES if re.search(rf"\.({end})$", place)), AgencyMapping)
