"""Persons as they travel."""

from __future__ import annotations

from typing import Final

from federation.errors import MalformedStatement
from federation.person import Birth, Coded, Document, Name, NamePart, NationalIdentifier, Person, YearRange
from federation.v1 import person_pb2 as pb
from federation.wire import scalars

MAX_VALUES: Final = 32
_NAME_KINDS: Final = ("primary", "alias", "native")
_PART_KINDS: Final = ("given", "family", "patronymic", "middle")
_DOCUMENT_KINDS: Final = ("passport", "permit", "other")


def person_to_wire(person: Person) -> pb.Person:
    """A person as its message."""
    ages = person.year_range
    return pb.Person(
        names=[_name_to_wire(name) for name in person.names],
        births=[
            pb.Birth(
                text=b.text,
                year=b.year or 0,
                month=b.month or 0,
                day=b.day or 0,
                calendar="" if b.calendar == "gregorian" else b.calendar,
            )
            for b in person.births
        ],
        year_range=pb.YearRange(text=ages.text, first=ages.first, last=ages.last) if ages else None,
        sex=_coded_to_wire(person.sex) if person.sex else None,
        nationalities=[_coded_to_wire(value) for value in person.nationalities],
        documents=[
            pb.Document(kind=d.kind, number=d.number, issuer=d.issuer, expiry=d.expiry) for d in person.documents
        ],
        national_identifiers=[
            pb.NationalIdentifier(kind=n.kind, number=n.number, issuer=n.issuer) for n in person.national_identifiers
        ],
        birth_place=person.birth_place,
    )


def person_from_wire(message: pb.Person) -> Person:
    """A message as a person; refuses what passes the limits or says nothing (MalformedStatement, naming the field)."""
    for field in ("names", "births", "nationalities", "documents", "national_identifiers"):
        scalars.at_most(getattr(message, field), MAX_VALUES, f"Person.{field}")
    return Person(
        names=tuple(_name(name) for name in message.names),
        births=tuple(_birth(birth) for birth in message.births),
        year_range=_year_range(message.year_range) if message.HasField("year_range") else None,
        sex=_coded(message.sex, "Person.sex") if message.HasField("sex") else None,
        nationalities=tuple(_coded(value, "Person.nationalities") for value in message.nationalities),
        documents=tuple(_document(document) for document in message.documents),
        national_identifiers=tuple(_identifier(value) for value in message.national_identifiers),
        birth_place=scalars.text(message.birth_place, "Person.birth_place"),
    )


def _name_to_wire(name: Name) -> pb.Name:
    parts = [pb.NamePart(kind=part.kind, text=part.text) for part in name.parts]
    return pb.Name(text=name.text, kind=name.kind, script=name.script, parts=parts)


def _coded_to_wire(value: Coded) -> pb.Coded:
    return pb.Coded(text=value.text, code=value.code)


def _name(message: pb.Name) -> Name:
    scalars.at_most(message.parts, MAX_VALUES, "Name.parts")
    if not message.text:
        raise MalformedStatement("Name.text is empty", field="Name.text")
    return Name(
        text=scalars.text(message.text, "Name.text"),
        kind=scalars.one_of(message.kind, _NAME_KINDS, "Name.kind"),
        script=scalars.text(message.script, "Name.script", 8),
        parts=tuple(
            NamePart(
                kind=scalars.one_of(part.kind, _PART_KINDS, "NamePart.kind"),
                text=scalars.text(part.text, "NamePart.text"),
            )
            for part in message.parts
        ),
    )


def _birth(message: pb.Birth) -> Birth:
    if message.year > 9999 or message.month > 12 or message.day > 31:
        raise MalformedStatement("Birth is no date", field="Birth")
    if not (message.year or message.month or message.day or message.text):
        raise MalformedStatement("Birth is empty", field="Birth")
    return Birth(
        text=scalars.text(message.text, "Birth.text"),
        year=message.year or None,
        month=message.month or None,
        day=message.day or None,
        calendar=scalars.text(message.calendar, "Birth.calendar", 32) or "gregorian",
    )


def _year_range(message: pb.YearRange) -> YearRange:
    if not 1 <= message.first <= message.last <= 9999:
        raise MalformedStatement("YearRange is no range of years", field="YearRange")
    return YearRange(text=scalars.text(message.text, "YearRange.text"), first=message.first, last=message.last)


def _coded(message: pb.Coded, field: str) -> Coded:
    return Coded(text=scalars.text(message.text, f"{field}.text"), code=scalars.text(message.code, f"{field}.code", 8))


def _document(message: pb.Document) -> Document:
    if not message.number:
        raise MalformedStatement("Document.number is empty", field="Document.number")
    return Document(
        kind=scalars.one_of(message.kind, _DOCUMENT_KINDS, "Document.kind"),
        number=scalars.text(message.number, "Document.number", 64),
        issuer=scalars.text(message.issuer, "Document.issuer", 8),
        expiry=scalars.text(message.expiry, "Document.expiry", 32),
    )


def _identifier(message: pb.NationalIdentifier) -> NationalIdentifier:
    if not message.number:
        raise MalformedStatement("NationalIdentifier.number is empty", field="NationalIdentifier.number")
    return NationalIdentifier(
        kind=scalars.identifier(message.kind, "NationalIdentifier.kind"),
        number=scalars.text(message.number, "NationalIdentifier.number", 64),
        issuer=scalars.text(message.issuer, "NationalIdentifier.issuer", 8),
    )
