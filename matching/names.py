"""Names as written, and the romanised tokens by which two of them are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Final, Literal

from federation.person import Name, NamePart
from matching.romanize import Part, is_latin, romanize
from matching.tables import rows

Order = Literal["as_written", "given_family", "family_given", "surname_given", "alias_list", "mrz"]

_WORDS: Final = {row[0]: frozenset(row[1].split()) for row in rows("words.tsv")}
PARTICLES: Final = _WORDS["particle"]
GENERATIONS: Final = _WORDS["generation"]
_NOTHING: Final = _WORDS["title"] | _WORDS["placeholder"] | GENERATIONS
_FIRST: Final = _WORDS["first"]
_CHILD_OF: Final = re.compile(r"\b(?:[SDWC]\s*/\s*O|A\s*/\s*[LP])\b\.?", re.IGNORECASE)
_FATHER: Final = re.compile(
    r"(?<=\S)\s(?:b\.|bin|ibn|ben|binti?|binte|بن|ابن)\s|(?:[SD]\s*/\s*O|A\s*/\s*[LP])\b", re.IGNORECASE
)
_ALIAS: Final = re.compile(
    r"\s+(?:alias|als\.?|a\.?k\.?a\.?|dikenal sebagai|panggilan)\s+|\s*@\s*|\s*;\s*|\s+a/k/a\s+", re.IGNORECASE
)
_APOSTROPHES: Final = dict.fromkeys(map(ord, "'`´‘’ʻʼʽʿʾ＇״׳"))
_MARKS: Final = (
    r"\u0300-\u036f\u0483-\u0489\u0591-\u05c7\u0610-\u061a\u064b-\u0670\u06d6-\u06ed"
    r"\u0900-\u0fff\u1000-\u109f\u1780-\u17d3"
)
_WORD: Final = re.compile(rf"[^\W\d_](?:[^\W\d_]|[{_MARKS}])*")
_CAMEL: Final = re.compile(r"(?<=[a-z]{2})(?=[A-Z][a-z]{2})")
_SCOTS: Final = re.compile(r"^(?:Mac|Mc|De|Di|La|Le|Fitz|O)[A-Z]")
_SERVANT: Final = re.compile(r"^(?:ABD(?:[AEOU]?L|[UEAI][RSNZTD](?=[RSNZTD]))|ABDOUL)(?=[A-Z]{3})")
_SERVANTS: Final = frozenset({"ABD", "ABDUL", "ABDEL", "ABDAL", "ABDOUL", "ABDOL", "ABDUR", "ABDER", "ABDUS", "ABDUN"})
_ONE_NAME: Final = frozenset({"ABDULLAH", "ABDALLAH", "ABDULLA", "ABDALLA", "ABDOULAYE"})
_FOREIGN_DOTS: Final = ("·", "・", "•", "‧")
_PINYIN: Final = re.compile(
    r"(?:(?:[ZCS]H|[BPMFDTNLGKHJQXZCSRYW])?"
    r"(?:I?A(?:NG|N|O|I)?|UA(?:NG|N|I)?|I?E(?:NG|N|I)?|I(?:NG|N|U|ONG)?|O(?:NG|U)?|U(?:I|N|O|E)?|V|YU))+"
)
_LONGEST_PINYIN: Final = 14
_LONGEST: Final = 400
_MOST_TOKENS: Final = 12


def tokens(text: str) -> tuple[str, ...]:
    """Split `text` into romanised upper-case tokens: those of `parts_of(text)`."""
    return tuple(part.token for part in parts_of(text))


@lru_cache(maxsize=32_768)
def parts_of(text: str) -> tuple[Part, ...]:
    """Split `text` into romanised upper-case tokens; particles, titles and placeholders are dropped.

    `text` beyond 400 characters and tokens beyond the twelfth are ignored. A name that consists of particles keeps
    them, and so does one of Chinese syllables alone (Liu De Hua); one of titles or placeholders has no token.
    """
    plain = text[:_LONGEST] if text.isascii() else unicodedata.normalize("NFKC", text[:_LONGEST])
    plain = plain.translate(_APOSTROPHES)
    words = _WORD.findall(_CHILD_OF.sub(" ", plain) if "/" in plain else plain)
    foreign = not plain.isascii() and _is_foreign(plain, words)
    found = [part for word in words for part in _romanised(word, foreign and len(word) > 1)]
    while len(found) > 1 and found[0].token in _FIRST:
        found = found[1:]
    nothing = _NOTHING if script_of(text) == "Latn" else _WORDS["placeholder"]  # Ир is a name, Ir. a title
    named = [part for part in found if part.token not in nothing]
    if not all(is_pinyin(part.token) for part in named):
        named = [part for part in named if part.token not in PARTICLES] or named
    kept = [each for part in named for each in _servant(part)][:_MOST_TOKENS]
    return tuple(kept[:1]) if len({part.token for part in kept}) == 1 else tuple(kept)


@lru_cache(maxsize=16_384)
def with_particles(text: str) -> Mapping[str, str]:
    """The tokens of `text` that particles stand before, each with these: ROSARIO as DEL ROSARIO."""
    words = [word.upper() for word in _WORD.findall(text)] if text.isascii() else []
    found: dict[str, str] = {}
    before = ""
    for word in words:
        if word in PARTICLES:
            before += f"{word} "
            continue
        if before:
            found[word] = before + word
        before = ""
    return found


def names_a_father(text: str) -> bool:
    """Whether `text` has a word between names that says of whom the one is a child (bin, ibn, S/O)."""
    return _FATHER.search(text) is not None


def generation_of(text: str) -> str:
    """`JR`, `SR`, `II`, `III` or `IV` where `text` ends with it, before a comma or not; else empty."""
    last = text.rstrip(" .,)").upper().rpartition(" ")[2]
    return last if last in GENERATIONS else ""


def _is_foreign(plain: str, words: list[str]) -> bool:
    """Whether each word in East Asian letters is one name: a dot parts them, or blanks part words of Hangul."""
    return any(dot in plain for dot in _FOREIGN_DOTS) or (len(words) > 1 and "\uac00" <= words[0][0] <= "\ud7a3")


@lru_cache(maxsize=16_384)
def _romanised(word: str, foreign: bool) -> tuple[Part, ...]:
    """The tokens of one word; KimMinJun is three words, and McDonald one."""
    parts = _CAMEL.split(word) if is_latin(word) and not _SCOTS.match(word) else [word]
    return tuple(token for part in parts for token in romanize(part, foreign=foreign))


@lru_cache(maxsize=16_384)
def is_pinyin(token: str) -> bool:
    """Whether `token` (A to Z) is made of syllables of pinyin alone."""
    return len(token) <= _LONGEST_PINYIN and _PINYIN.fullmatch(token) is not None


@lru_cache(maxsize=16_384)
def _servant(part: Part) -> tuple[Part, ...]:
    """Write ABDUL RAHMAN, ABD EL RAHMAN, ABDURRAHMAN and ABDULRAHMAN alike: ABDUL and the name that follows."""
    token = part.token
    if token in _SERVANTS:
        return (Part("ABDUL", part.han),)
    glued = None if token in _ONE_NAME else _SERVANT.match(token)
    return (Part("ABDUL"), Part(token[glued.end() :], part.han)) if glued else (part,)


@lru_cache(maxsize=32_768)
def read_name(text: str, order: Order = "as_written") -> tuple[Name, ...]:
    """Read one cell that holds a name, or a name and its aliases, as Names; empty where it holds none.

    `A alias B`, `A @ B` and `A; B` give a primary name and aliases, whatever the order. `given_family` takes the last
    word as the family name, `family_given` and `surname_given` the first; a comma (`FROST, William`) ends a surname
    in every order. `mrz` reads the name field of a machine readable line, where `<<` ends the surname.
    """
    if order == "mrz":
        surname, _, given = text.strip("< ").partition("<<")
        return _one(_mrz(surname), _mrz(given), "primary")
    pieces = [piece.strip(" ,-/") for piece in _ALIAS.split(text)]
    names: list[Name] = []
    for piece in (piece for piece in pieces if tokens(piece)):
        names.extend(_parted(piece, order, "alias" if names else "primary"))
    return tuple(names)


def _mrz(field: str) -> str:
    return " ".join(field.replace("<", " ").split())


def _parted(text: str, order: Order, kind: str) -> tuple[Name, ...]:
    surname, comma, given = text.partition(",")
    if comma and surname.strip() and given.strip():
        return _one(surname.strip(), given.strip(), kind, text)
    words = text.split()
    if len(words) > 1 and order == "given_family":
        return _one(words[-1], " ".join(words[:-1]), kind, text)
    if len(words) > 1 and order in ("family_given", "surname_given"):
        return _one(words[0], " ".join(words[1:]), kind, text)
    return (Name(text=text, kind=kind, script=script_of(text)),)


def _one(family: str, given: str, kind: str, text: str = "") -> tuple[Name, ...]:
    whole = text or " ".join(part for part in (family, given) if part)
    if not tokens(whole):
        return ()
    parts = (NamePart(kind="family", text=family), NamePart(kind="given", text=given))
    return (Name(text=whole, kind=kind, script=script_of(whole), parts=tuple(p for p in parts if p.text)),)


_SCRIPTS: Final = (
    (0x24F, "Latn"), (0x3FF, "Grek"), (0x52F, "Cyrl"), (0x58F, "Armn"), (0x5FF, "Hebr"), (0x6FF, "Arab"),
    (0x74F, ""), (0x77F, "Arab"), (0x8FF, ""), (0x97F, "Deva"), (0x9FF, "Beng"), (0xA7F, "Guru"), (0xAFF, "Gujr"),
    (0xB7F, "Orya"), (0xBFF, "Taml"), (0xC7F, "Telu"), (0xCFF, "Knda"), (0xD7F, "Mlym"), (0xDFF, "Sinh"),
    (0xE7F, "Thai"), (0xEFF, "Laoo"), (0xFFF, "Tibt"), (0x109F, "Mymr"), (0x10FF, "Geor"), (0x11FF, "Hang"),
    (0x137F, "Ethi"), (0x177F, ""), (0x17FF, "Khmr"), (0x18AF, "Mong"), (0x1C8F, ""), (0x1CBF, "Geor"), (0x1DFF, ""),
    (0x1EFF, "Latn"), (0x1FFF, "Grek"), (0x303F, ""), (0x309F, "Hira"), (0x30FF, "Kana"), (0x33FF, ""),
    (0x9FFF, "Hani"), (0xABFF, ""), (0xD7A3, "Hang"), (0xF8FF, ""), (0xFAFF, "Hani"), (0x1FFFF, ""),
    (0x3FFFF, "Hani"),
)  # fmt: skip


def script_of(text: str) -> str:
    """The ISO 15924 code of the script of the first letter of `text`, or empty where it is not one we name."""
    for character in text:
        if character.isalpha():
            letter = ord(character)
            return next((code for end, code in _SCRIPTS if letter <= end), "")
    return ""
