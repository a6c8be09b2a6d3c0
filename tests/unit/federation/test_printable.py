"""Text of unknown origin: no character of it acts where it is shown, and a program reads it back as it was."""

from __future__ import annotations

import json
import unicodedata

import pytest

from federation.printable import json_text, printable

ACTING = (
    "\x00",
    "\x07",
    "\x1b",
    "\x7f",
    "\x9b",
    "\xad",
    "\u200b",
    "\u200e",
    "\u202e",
    "\u2028",
    "\u2066",
    "\ufeff",
    "\ud800",
)


@pytest.mark.parametrize("character", ACTING)
def test_a_character_that_acts_is_shown_as_its_code(character: str) -> None:
    assert printable(f"a{character}b") == f"a<U+{ord(character):04X}>b"


@pytest.mark.parametrize("text", ["CHEN XIAOMING", "陳小明", "Jose\u0301", "ع م ر", "😀", "[bold]", ""])
def test_a_text_that_only_reads_is_shown_as_it_is(text: str) -> None:
    assert printable(text) == text


def test_a_newline_is_shown_as_its_code_unless_it_is_to_be_kept() -> None:
    assert printable("a\nb") == "a<U+000A>b"
    assert printable("a\nb\x1b", keep="\n") == "a\nb<U+001B>"


def test_of_heaped_marks_eight_are_shown_and_the_rest_counted() -> None:
    assert printable("a" + "\u0301" * 1000 + "b") == "a" + "\u0301" * 8 + "<+992 marks>b"
    assert printable("a" + "\u0301" * 9) == "a" + "\u0301" * 8 + "<+1 marks>"
    assert printable("\u0301" * 8) == "\u0301" * 8


@pytest.mark.parametrize("character", [*ACTING, "\U000e0001", "\U0001d173", "\n", "\t", '"', "\\"])
def test_json_holds_no_character_that_acts_and_reads_back_as_it_was(character: str) -> None:
    value = {f"key {character}": [f"ü陳 {character}", 1, None]}
    text = json_text(value)
    assert json.loads(text) == value
    assert not [c for c in text if c != "\n" and unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
    assert "陳" in text
