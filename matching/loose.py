"""A person read from loose values, as a JSON object of them has: names, a date as written, any usual code."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from datetime import date
from typing import Any, Final

from federation.errors import MalformedStatement
from federation.person import Birth, Name, NamePart, Person, YearRange
from matching.dates import read_birth
from matching.describe import describe
from matching.names import script_of, tokens

MEMBERS: Final = frozenset({"names", "given", "family", "born", "sex", "nationality", "documents"})


def read_person(given: Mapping[str, Any], today: date) -> Person:
    """Read a person from any of `MEMBERS`; a value that cannot be read is left out, as where a source's row holds one.

    `names`, `nationality` and `documents` are a text or a list of texts, the others a text; an age is one of `today`.
    """
    parts: dict[str, Any] = {"names": (), "births": (), "documents": (), "national_identifiers": ()}
    for text in _texts(given.get("names")):
        _take(parts, names=[text])
    parts["names"] += _whole(_text(given.get("given")), _text(given.get("family")))
    parts.update(_born(_text(given.get("born")), today))
    _take(parts, sex=_text(given.get("sex")))
    for text in _texts(given.get("nationality")):
        _take(parts, nationality=text)
    for text in _texts(given.get("documents")):
        _take(parts, documents=[text])
    return Person(**parts)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _texts(value: Any) -> list[str]:
    return [_text(item) for item in value] if isinstance(value, list) else [_text(value)]


def _take(parts: dict[str, Any], **values: Any) -> None:
    """Add what `describe` reads of one value to what was read before."""
    with suppress(MalformedStatement):
        read = describe(**values)
        for member in Person.__dataclass_fields__:
            found = getattr(read, member)
            if found:
                parts[member] = parts.get(member, ()) + found if isinstance(found, tuple) else found


def _born(text: str, today: date) -> dict[str, Any]:
    """A birth date, or what is left of one that does not exist, as in a register's row."""
    found = read_birth(text, today, lenient=True)
    ages = [each for each in found if isinstance(each, YearRange)]
    births = tuple(each for each in found if isinstance(each, Birth))
    return {"births": births, "year_range": ages[0] if ages and not births else None}


def _whole(given: str, family: str) -> tuple[Name, ...]:
    whole = " ".join(part for part in (given.strip(), family.strip()) if part)
    if not tokens(whole):
        return ()
    told = (NamePart(kind="given", text=given), NamePart(kind="family", text=family))
    return (Name(text=whole, script=script_of(whole), parts=tuple(part for part in told if part.text)),)
