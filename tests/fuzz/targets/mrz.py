"""Bytes as the two lines of a machine readable passport."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from federation.errors import MalformedStatement
from matching.form import prepare
from matching.mrz import read_lines, read_td3

_AT = date(2026, 11, 2)


def seeds() -> Iterator[bytes]:
    """The specimen of ICAO Doc 9303, and lines that an optical reader spoilt."""
    yield b"P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
    yield b"P<UT0ERIKSS0N<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL8989O2C36UTO74O8122F12O4159ZE184226B<<<<<1O"
    yield b"P<D<<MUSTERMANN<<ERIKA\nC01X00T478D<<6408125F2702283<<<<<<<<<<<<<<<4"


def run(data: bytes) -> None:
    """Read them, with and without a day."""
    upper, _, lower = data.decode("utf-8", "surrogateescape").partition("\n")
    for at in (_AT, None):
        try:
            reading = read_lines(upper, lower, at)
        except MalformedStatement:
            continue
        if read_td3(upper, lower, at) != reading.person:
            raise AssertionError("the two ways of reading differ")
        prepare(reading.person)
