"""The normal form of a person: everything a comparison needs and everything its evidence shows, computed once."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec

from federation.errors import MalformedStatement
from federation.person import Document, NationalIdentifier, Person
from matching.documents import clean, fold
from matching.names import generation_of, names_a_father, parts_of, script_of
from matching.transliteration import ANY

VERSION: Final = 2


class NameForm(msgspec.Struct, frozen=True, array_like=True, gc=False, cache_hash=True):
    """One name: as written, its kind, its romanised tokens in the order of the text, its script (ISO 15924).

    `han` holds the Han characters that each token was read from, simplified; it is empty for other scripts.
    `generation` is `JR`, `SR`, `II`, `III` or `IV` where the name says so, `lineage` whether it names a father.
    """

    text: str
    kind: str = "primary"
    tokens: tuple[str, ...] = ()
    script: str = "Latn"
    han: tuple[str, ...] = ()
    generation: str = ""
    lineage: bool = False


class BirthForm(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One birth date, as written and as read; 0 where a part is unknown."""

    text: str
    year: int = 0
    month: int = 0
    day: int = 0


class NumberForm(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A document or national identifier: as written, cleaned, with look-alike characters folded."""

    text: str
    kind: str
    number: str
    folded: str
    issuer: str = ""


class Form(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A person in normal form. `years` is the range an age allows, both ends included, or (0, 0)."""

    version: int = VERSION
    names: tuple[NameForm, ...] = ()
    births: tuple[BirthForm, ...] = ()
    years: tuple[int, int] = (0, 0)
    years_text: str = ""
    sex: str = ""
    sex_text: str = ""
    nationalities: tuple[str, ...] = ()
    nationality_texts: tuple[str, ...] = ()
    documents: tuple[NumberForm, ...] = ()
    national_identifiers: tuple[NumberForm, ...] = ()


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Form)


def prepare(person: Person) -> Form:
    """Compute the normal form of `person`; refuses nothing: a value that cannot be read is left out."""
    ages = person.year_range
    read = tuple(coded for coded in person.nationalities if coded.code)
    return Form(
        names=_names(person),
        births=tuple(
            BirthForm(birth.text, birth.year, birth.month or 0, birth.day or 0) for birth in person.births if birth.year
        ),
        years=(ages.first, ages.last) if ages else (0, 0),
        years_text=ages.text if ages else "",
        sex=person.sex.code if person.sex else "",
        sex_text=person.sex.text if person.sex else "",
        nationalities=tuple(coded.code for coded in read),
        nationality_texts=tuple(coded.text for coded in read),
        documents=_numbers(person.documents),
        national_identifiers=_numbers(person.national_identifiers),
    )


def _names(person: Person) -> tuple[NameForm, ...]:
    forms: dict[tuple[tuple[str, ...], str], NameForm] = {}
    for name in person.names:
        found = name_form(name.text, name.kind)
        if found.tokens:
            forms.setdefault((found.tokens, found.script), found)
    return tuple(forms.values())


@lru_cache(maxsize=16_384)
def name_form(text: str, kind: str = "primary") -> NameForm:
    """The normal form of one name."""
    parts = parts_of(text)
    script = script_of(text)
    return NameForm(
        text,
        kind,
        tuple(part.token for part in parts),
        "Kana" if script == "Hira" else script or ANY,
        tuple(part.han for part in parts) if script == "Hani" else (),
        generation_of(text),
        names_a_father(text),
    )


def _numbers(numbers: tuple[Document, ...] | tuple[NationalIdentifier, ...]) -> tuple[NumberForm, ...]:
    forms: list[NumberForm] = []
    for each in numbers:
        cleaned = clean(each.number)
        if cleaned and not cleaned.isalpha():  # letters and digits are all that is left
            forms.append(NumberForm(each.number, each.kind, cleaned, fold(cleaned), each.issuer))
    return tuple(dict.fromkeys(forms) if len(forms) > 1 else forms)


def encode(form: Form) -> bytes:
    """Write `form` as MessagePack, its version first."""
    return _ENCODER.encode(form)


def decode(data: bytes) -> Form:
    """Read what `encode` wrote. Raises MalformedStatement where the bytes are no form of this version."""
    try:
        form = _DECODER.decode(data)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise MalformedStatement("These bytes are no prepared person; index the record again.") from error
    if form.version != VERSION:
        raise MalformedStatement("This person was prepared by another version; index the records again.", ours=VERSION)
    return form


def enough(form: Form) -> bool:
    """Whether the form can identify a person: a number, or a name and at least a birth year or an age."""
    return bool(form.documents or form.national_identifiers or (form.names and (form.births or form.years[0])))
