"""Bytes as a mapping, the file that an agency's IT writes; and a row of odd values read by it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from federation.errors import ConfigError
from node.records.mapping import parse_mapping
from node.records.reading import read_row
from node.records.row import zone_of
from node.records.statements import columns_of
from tests import agencies

_AT = datetime(2026, 11, 2, tzinfo=UTC)
_VALUES = (
    None,
    "",
    "KIM / Seoul, 12 Maret 1984",
    "0000-00-00",
    "9" * 5000,
    ["a", None, "CHEN; LI"],
    7,
    '[{"n": "E1234"}]',
)


def seeds() -> Iterator[bytes]:
    """Good mappings."""
    for member in agencies.TYPES:
        yield agencies.mapping(member).encode()
    yield _ALL.encode()


def run(data: bytes) -> None:
    """Read it, and read by it rows that hold anything."""
    try:
        mapping = parse_mapping(data)
    except ConfigError:
        return
    zone = zone_of(mapping.mapping.zone)
    for record in mapping.record:
        columns = columns_of(record)
        for first in range(len(_VALUES)):
            values = {column: _VALUES[(first + at) % len(_VALUES)] for at, column in enumerate(columns)}
            read_row(record, values, _AT, zone)


_ALL = """
[mapping]
member = "a"
version = "1"
as_of = { column = "d", format = "text_date" }
zone = "+07:00"
[person.p]
names = [{ column = "n", take = "before_slash", order = "given_family" }, { given = "g", family = "f", kind = "alias" }]
births = [
    { column = "b", format = "place_date" }, { column = "u", format = "age", observed = "o" },
    { year = "y", month = "m" },
]
birth_place = { column = "b", format = "place_date", take = "after_slash" }
sex = { column = "s", values = { "1" = "M", "2" = "F" } }
nationalities = [{ column = "c" }]
documents = [
    { column = "p", issuer = "i", expiry = "e" },
    { column = "j", json = { number = "n", kind = "k", kinds = { a = "passport" } } },
]
identifiers = [{ column = "k", kind = "nik" }]
mrz = { line1 = "l1", line2 = "l2" }
[[record]]
type = "stay_permit"
table = "t"
key = ["k", "x.l"]
person = "p"
where = [{ column = "w", one_of = ["a"] }]
joins = [{ table = "x", as = "x", on = ["k", "x.k"], kind = "left" }]
protected = "z"
[record.fields]
kind = { column = "v", values = { a = "b" } }
to = { column = "d", format = "instant" }
index = { column = "q", split = "," }
"""
