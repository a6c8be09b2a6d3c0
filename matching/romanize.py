"""Names in any script written in Latin letters, with the readings that surnames have in their own country."""

from __future__ import annotations

from typing import Final, NamedTuple

from anyascii import anyascii

from matching.tables import mapping

HAN_SURNAMES: Final = mapping("han_surnames.tsv")
JAPANESE_SURNAMES: Final = mapping("japanese_surnames.tsv")
_SIMPLIFIED: Final = str.maketrans(mapping("han_simplified.tsv"))
HANGUL_SURNAMES: Final = mapping("hangul_surnames.tsv")
ARABIC_NAMES: Final = mapping("arabic_names.tsv")

_LATIN_END: Final = 0x24F
_VOWEL_SIGNS: Final = dict.fromkeys([*range(0x64B, 0x660), 0x670, 0x640, *range(0x591, 0x5C8)])
_ARABIC_LETTERS: Final = str.maketrans({"ة": "ه", "ى": "ي", "ی": "ي", "ک": "ك", "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا"})
_ARABIC_FOLDED: Final = {key.translate(_ARABIC_LETTERS): value for key, value in ARABIC_NAMES.items()}
_SURNAME_LENGTHS: Final = (3, 2, 1)
_LONGEST_EAST_ASIAN: Final = 4


def is_latin(word: str) -> bool:
    """Whether every letter of `word` is a Latin one."""
    return word.isascii() or all(ord(letter) <= _LATIN_END or 0x1E00 <= ord(letter) <= 0x1EFF for letter in word)


class Part(NamedTuple):
    """One token of a name, A to Z, and the Han characters it was read from, simplified; empty for other scripts."""

    token: str
    han: str = ""


def romanize(word: str, *, foreign: bool = False) -> tuple[Part, ...]:
    """Write one word of any script in the letters A to Z, as one or more upper-case tokens.

    A Han word is a surname, by its reading as one, and a token for each further character; a Hangul word a surname
    and a given name; anything else, and a `foreign` name written in such characters, is one token. Characters
    without a Latin reading vanish.
    """
    if is_latin(word):
        return _whole(word)
    first = ord(word[0])
    if 0x3400 <= first <= 0x9FFF or 0x20000 <= first <= 0x3FFFF or 0xF900 <= first <= 0xFAFF:
        return _whole(word, word.translate(_SIMPLIFIED)) if foreign else _han(word)
    if foreign:
        return _whole(word)
    if 0xAC00 <= first <= 0xD7A3:
        return _hangul(word)
    if 0x600 <= first <= 0x6FF:
        return _arabic(word)
    return _whole(word)


def _whole(word: str, han: str = "") -> tuple[Part, ...]:
    token = letters(word)
    return (Part(token, han),) if token else ()


def letters(text: str) -> str:
    """`text` in the letters A to Z, upper case; what has no such letter vanishes."""
    upper = anyascii(text).upper()
    return upper if upper.isascii() and upper.isalpha() else "".join(each for each in upper if "A" <= each <= "Z")


def _han(word: str) -> tuple[Part, ...]:
    plain = word.translate(_SIMPLIFIED)
    for length in _SURNAME_LENGTHS:
        surname = JAPANESE_SURNAMES.get(word[:length]) or HAN_SURNAMES.get(word[:length])
        if surname and len(word) >= length:
            return (Part(surname, plain[:length]), *_syllables(plain[length:]))
    if len(word) > _LONGEST_EAST_ASIAN:
        return _whole(word, plain)
    return _syllables(plain)


def _syllables(word: str) -> tuple[Part, ...]:
    parts = (Part(letters(character), character) for character in word)
    return tuple(part for part in parts if part.token)


def _hangul(word: str) -> tuple[Part, ...]:
    if len(word) > _LONGEST_EAST_ASIAN:
        return _whole(word)
    for length in (2, 1):
        surname = HANGUL_SURNAMES.get(word[:length])
        if surname and len(word) > length:
            return (Part(surname), *_whole(word[length:]))
    if len(word) == 1 and word in HANGUL_SURNAMES:
        return (Part(HANGUL_SURNAMES[word]),)
    return _whole(word)


def _arabic(word: str) -> tuple[Part, ...]:
    letters = word.translate(_VOWEL_SIGNS).translate(_ARABIC_LETTERS)
    for form in (letters, letters.removeprefix("ال"), letters.removeprefix("وال")):
        known = _ARABIC_FOLDED.get(form)
        if known:
            return (Part(known),)
    bare = letters.removeprefix("ال") if len(letters) > 4 else letters
    return _whole(bare)
