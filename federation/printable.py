"""Text of unknown origin made fit to be shown: whatever could act on a terminal or a reader is shown as its code."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from typing import Any, Final

# Controls (C0, C1), formats (bidirectional marks, zero width), halves of characters, private use, line separators.
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_MARK: Final = frozenset({"Mn", "Me"})
_MOST_MARKS: Final = 8
_PLAIN: Final = re.compile(r"[\x20-\x7e]*")


def printable(text: str, keep: str = "") -> str:
    """`text` with every control, format and bidirectional character as `<U+001B>`, but for those of `keep`.

    Of combining marks heaped on one letter the first eight are shown, and how many more there are.
    """
    if _PLAIN.fullmatch(text):
        return text
    shown: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        if category in _MARK:
            marks += 1
            if marks > _MOST_MARKS:
                continue
        else:
            shown += _rest(marks)
            marks = 0
        shown.append(code(character) if category in _UNSEEN and character not in keep else character)
    return "".join((*shown, *_rest(marks)))


def code(character: str) -> str:
    """A character as its code."""
    return f"<U+{ord(character):04X}>"


def json_text(value: Any) -> str:
    """A value as indented JSON in which no character acts: those that `printable` shows as codes are `\\u` escapes."""
    text = json.dumps(value, ensure_ascii=False, indent=2)
    return text if text.isascii() and "\x7f" not in text else "".join(map(_escaped, text))


def require_any_character() -> None:
    """Let standard output take every character: what its encoding lacks is written as an escape, never a fault."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _rest(marks: int) -> tuple[str, ...]:
    return (f"<+{marks - _MOST_MARKS} marks>",) if marks > _MOST_MARKS else ()


def _escaped(character: str) -> str:
    # what remains a newline is the indentation's own: within a text JSON has escaped it already
    if character == "\n" or unicodedata.category(character) not in _UNSEEN:
        return character
    return "".join(f"\\u{unit:04x}" for unit in _utf16(character))


def _utf16(character: str) -> tuple[int, ...]:
    number = ord(character)
    if number < 0x10000:
        return (number,)
    high, low = divmod(number - 0x10000, 0x400)
    return (0xD800 + high, 0xDC00 + low)
