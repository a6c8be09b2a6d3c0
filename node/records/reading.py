"""One row of an agency's table read as a record: a person and the fields that may be disclosed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Final

import msgspec

from federation.errors import MalformedStatement
from federation.person import Birth, Coded, Document, Name, NamePart, NationalIdentifier, Person, YearRange
from matching.countries import read_nationality, read_sex
from matching.dates import read_birth, read_birth_place
from matching.documents import clean
from matching.mrz import read_td3
from matching.names import read_name, script_of, tokens
from node.records.row import Row, taken
from node.records.shape import (
    BirthSource,
    CodedSource,
    DocumentSource,
    FieldSource,
    NameSource,
    PersonMapping,
    PlaceSource,
    RecordMapping,
    person_of,
)

_LONGEST_PART: Final = 4
_EARLIEST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_TEN_YEARS: Final = timedelta(days=3653)
_NOBODY: Final = Person()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A row as the agency has it, its values in the order of `columns_of`, before anything of it is understood.

    `place` says where it stands in a file, and is empty for a table.
    """

    reference: str
    values: tuple[object, ...]
    place: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRecord:
    """A record of the agency; `key` is its own reference, `fields` hold texts and ISO 8601 dates.

    `as_of` is the instant that the row itself tells, and None where it is true as of the refresh.
    """

    type: str
    key: str
    person: Person
    fields: Mapping[str, tuple[str, ...]]
    as_of: datetime | None


def read_row(
    record: RecordMapping, values: Mapping[str, object], at: datetime, zone: tzinfo
) -> tuple[SourceRecord | None, tuple[str, ...]]:
    """Read a row, given by column reference, as it stood at the instant `at`; also name the columns not understood.

    A value that is not understood never stops the reading. There is no record where the key is empty or nothing of
    a person could be read.
    """
    row = Row(values, at, zone)
    reference = reference_of(record, values)
    person = _person(person_of(record), row)
    fields = {name: found for name, source in record.fields.items() if (found := _field(source, row))}
    as_of = _as_of(record.as_of, row)
    if not reference:
        return None, (*row.faults, next((column for column in record.keys if not row.text(column)), record.keys[0]))
    if not (person.names or person.documents or person.national_identifiers):
        return None, (*row.faults, "person")
    found_record = SourceRecord(type=record.type, key=reference, person=person, fields=fields, as_of=as_of)
    return found_record, tuple(row.faults)


def reference_of(record: RecordMapping, values: Mapping[str, object]) -> str:
    """The agency's own reference of a row: the texts of its key columns; empty where it can be none."""
    parts = ["" if (value := values[column]) is None else str(value).strip() for column in record.keys]
    reference = "/".join(parts) if all(parts) else ""
    return "" if "\x00" in reference else reference  # no database keeps a NUL in a text


def _person(mapping: PersonMapping, row: Row) -> Person:
    known = _traveller(mapping, row) if mapping.mrz else _NOBODY
    births, year_range = _births(mapping, row)
    nationalities = list(known.nationalities)
    for coded in mapping.nationalities:
        nationalities += _coded(coded, row, read_nationality)
    sexes = _coded(mapping.sex, row, read_sex) if mapping.sex else ()
    names = list(known.names)
    for name in mapping.names:
        names += _names(name, row)
    documents = list(known.documents)
    for document in mapping.documents:
        documents += _documents(document, row)
    return Person(
        names=tuple(names),
        births=(*known.births, *births),
        year_range=year_range,
        sex=sexes[0] if sexes else known.sex,
        nationalities=tuple(nationalities),
        documents=tuple(documents),
        national_identifiers=_identifiers(mapping, row) if mapping.identifiers else (),
        birth_place=_birth_place(mapping.birth_place, row) if mapping.birth_place else "",
    )


def _identifiers(mapping: PersonMapping, row: Row) -> tuple[NationalIdentifier, ...]:
    return tuple(
        NationalIdentifier(kind=source.kind, number=number, issuer=source.issuer)
        for source in mapping.identifiers
        if (number := row.text(source.column))
    )


def _birth_place(source: PlaceSource, row: Row) -> str:
    text = taken(row.text(source.column), source.take)
    return read_birth_place(text) if source.format == "place_date" else text


def _traveller(mapping: PersonMapping, row: Row) -> Person:
    if mapping.mrz is None or not row.text(mapping.mrz.line1):
        return _NOBODY
    try:
        return read_td3(row.text(mapping.mrz.line1), row.text(mapping.mrz.line2), row.at.date())
    except MalformedStatement:
        row.faults.append(mapping.mrz.line1)
        return _NOBODY


def _names(source: NameSource, row: Row) -> Sequence[Name]:
    if not source.column:
        return _name_of_parts(source, row)
    names: list[Name] = []
    for text in row.texts(source.column):
        found = read_name(taken(text, source.take), source.order)
        if not found:
            row.faults.append(source.column)
        names += found if source.kind == "primary" else (replace(name, kind=source.kind) for name in found)
    return names


def _name_of_parts(source: NameSource, row: Row) -> Sequence[Name]:
    columns = (("given", source.given), ("middle", source.middle), ("family", source.family))
    parts = tuple(NamePart(kind=kind, text=row.text(column)) for kind, column in columns if column and row.text(column))
    text = " ".join(part.text for part in parts)
    if tokens(text):
        return (Name(text=text, kind=source.kind, script=script_of(text), parts=parts),)
    if text:
        row.faults.append(source.given or source.family)
    return ()


def _births(mapping: PersonMapping, row: Row) -> tuple[list[Birth], YearRange | None]:
    births: list[Birth] = []
    year_range = None
    for source in mapping.births:
        for found in _birth(source, row):
            if isinstance(found, Birth):
                births.append(found)
            else:
                year_range = year_range or found
    return births, year_range


def _birth(source: BirthSource, row: Row) -> tuple[Birth | YearRange, ...]:
    if source.year:
        return _birth_of_parts(source, row)
    if source.format == "date":
        day = row.day(source.column)
        return (_born(day),) if day else ()
    text = taken(row.text(source.column), source.take)
    if not text:
        return ()
    day = row.day(source.observed) if source.format == "age" else row.at.date()
    if source.format == "age" and text.isdecimal():
        text = f"{text} tahun"
    found = read_birth(text, day)
    if source.format == "age":
        found = tuple(each for each in found if isinstance(each, YearRange))
    if not found:
        row.faults.append(source.column)
        return read_birth(text, day, lenient=True) if source.format != "age" else ()
    return found


@lru_cache(maxsize=16_384)
def _born(day: date) -> Birth:
    return Birth(text=day.isoformat(), year=day.year, month=day.month, day=day.day)


def _birth_of_parts(source: BirthSource, row: Row) -> tuple[Birth, ...]:
    texts = [row.text(column) if column else "" for column in (source.year, source.month, source.day)]
    if not texts[0]:
        return ()
    year, month, day = (int(text) if text.isdecimal() and len(text) <= _LONGEST_PART else 0 for text in texts)
    written = "-".join(text for text in texts if text)
    try:
        date(year, month or 1, day or 1)
    except (ValueError, OverflowError):
        row.faults.append(source.year)
        return ()
    return (Birth(text=written, year=year, month=month or None, day=(day or None) if month else None),)


def _coded(source: CodedSource, row: Row, read: Callable[[str], str]) -> Sequence[Coded]:
    found: list[Coded] = []
    for text in row.texts(source.column):
        code = read(text) if source.values is None else source.values.get(text, "")
        if not code:
            row.faults.append(source.column)
        found.append(_code(text, code))
    return found


@lru_cache(maxsize=4096)
def _code(text: str, code: str) -> Coded:
    return Coded(text=text, code=code)


def _documents(source: DocumentSource, row: Row) -> Sequence[Document]:
    if source.json is not None:
        return tuple(_listed(source, row))
    papers: list[Document] = []
    for text in row.texts(source.column):
        number = taken(text, source.take)
        if not number:
            continue
        if not _is_number(number):
            row.faults.append(source.column)
            continue
        issuer = source.issuer_code
        if source.issuer and row.text(source.issuer):
            issuer = read_nationality(row.text(source.issuer))
        expiry = row.day(source.expiry) if source.expiry else None
        until = expiry.isoformat() if expiry else ""
        papers.append(Document(number=number, kind=source.kind, issuer=issuer, expiry=until))
    return papers


def _is_number(text: str) -> bool:
    """Whether at least four letters or digits are there; a dash or NIHIL is no number."""
    plain = text if text.isascii() and text.isalnum() else clean(text)
    return len(plain) >= 4 and not plain.isalpha()


def _listed(source: DocumentSource, row: Row) -> Iterator[Document]:
    """Read a JSON array of documents; what is no such array is a fault of the column."""
    keys = source.json
    text = row.text(source.column)
    if keys is None or not text:
        return
    try:
        papers = msgspec.json.decode(text, type=list[dict[str, str | int | None]])
    except msgspec.MsgspecError:
        row.faults.append(source.column)
        return
    for paper in papers:
        kind = keys.kinds.get(str(paper.get(keys.kind)), "") if keys.kinds else source.kind
        number = str(paper.get(keys.number) or "").strip()
        if kind and _is_number(number):
            issuer = read_nationality(str(paper.get(keys.issuer) or "")) if keys.issuer else source.issuer_code
            yield Document(number=number, kind=kind, issuer=issuer, expiry=str(paper.get(keys.expiry) or ""))


def _field(source: FieldSource, row: Row) -> tuple[str, ...]:
    if source.value:
        return (source.value,)
    if source.format == "date":
        day = row.day(source.column)
        return (day.isoformat(),) if day else ()
    if source.format == "instant":
        instant = row.instant(source.column)
        return (instant.isoformat(timespec="seconds").replace("+00:00", "Z"),) if instant else ()
    texts = row.texts(source.column)
    if source.split:
        texts = [part.strip() for text in texts for part in text.split(source.split) if part.strip()]
    if source.values is None and source.format == "text":
        return tuple(texts)
    found = [each for text in texts if (each := _formatted(source, text, row))]
    row.faults.extend([source.column] * (len(texts) - len(found)))
    return tuple(found)


def _formatted(source: FieldSource, text: str, row: Row) -> str:
    """The field as it may leave, or empty; days may lie ahead, as the end of a permit does."""
    if source.values is not None:
        return source.values.get(text, "")
    for found in read_birth(text, row.at.date() + _TEN_YEARS):
        if isinstance(found, Birth) and found.year and found.month and found.day:
            return date(found.year, found.month, found.day).isoformat()
    return ""


def _as_of(source: FieldSource | str, row: Row) -> datetime | None:
    """When the record was true, as the column says; None for `refresh`: whenever the index was last in step.

    What no record of ours can be true of (the year 1, the year 9999) is a fault.
    """
    if source == "refresh":
        return None
    column = source if isinstance(source, str) else source.column
    found = row.instant(source) if isinstance(source, str) else _midnight(source, row)
    if found is None or _EARLIEST <= found <= row.at + _TEN_YEARS:
        return found
    row.faults.append(column)
    return None


def _midnight(source: FieldSource, row: Row) -> datetime | None:
    text = next(iter(_field(source, row)), "")
    day = date.fromisoformat(text[:10]) if text else None
    if day is None or day.year < _EARLIEST.year:
        return None
    return datetime.combine(day, time(), row.zone).astimezone(UTC)
