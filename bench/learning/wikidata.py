"""Names that Wikidata gives in several scripts, as pairs of tokens to learn from or to measure on."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Final

from bench.learning.multigram import NamePair
from bench.public_sets import token_pairs
from bench.split import learned_from
from matching.names import tokens

_SCRIPTS: Final = {
    "LATIN": "Latn", "CJK": "Hani", "CYRILLIC": "Cyrl", "KATAKANA": "Kana", "HIRAGANA": "Kana", "ARABIC": "Arab",
    "HANGUL": "Hang", "HEBREW": "Hebr", "GREEK": "Grek", "GEORGIAN": "Geor", "ARMENIAN": "Armn", "THAI": "Thai",
    "DEVANAGARI": "Deva", "BENGALI": "Deva", "KANNADA": "Deva", "TELUGU": "Deva", "TAMIL": "Deva", "SINHALA": "Deva",
    "GURMUKHI": "Deva", "GUJARATI": "Deva", "ORIYA": "Deva", "MALAYALAM": "Deva", "KHMER": "Zzzz", "MYANMAR": "Zzzz",
    "ETHIOPIC": "Zzzz", "MONGOLIAN": "Zzzz",
}  # fmt: skip
_SETS: Final = {
    "Arab": "arabic", "Hebr": "hebrew", "Pinyin": "chinese", "Kana": "japanese", "Hang": "korean", "Cyrl": "russian",
}  # fmt: skip
_JOINERS: Final = (" ", "-", "·", "・")
_LONGEST: Final = 15
_SPELLINGS: Final = 2


@dataclass(frozen=True, slots=True)
class Item:
    """One name: its number in Wikidata, and its spellings by script (ISO 15924)."""

    number: str
    spellings: dict[str, list[str]]


def read_items(path: Path, *, half: bool) -> list[Item]:
    """Read `persons.txt` of rigour 1.3.0; `half` leaves out those that are held out."""
    items = (_item(line) for line in path.read_text(encoding="utf-8").splitlines())
    return [each for each in items if sum(map(len, each.spellings.values())) > 1 and not (half and held_out(each))]


def held_out(item: Item) -> bool:
    """Whether the item is of the half that `--half` keeps back, to measure on."""
    return sha256(item.number.encode()).digest()[0] & 1 == 1


def _item(line: str) -> Item:
    names, _, number = line.partition(" => ")
    spellings: dict[str, list[str]] = defaultdict(list)
    for name in names.split(", "):
        script = _script(name) if name and not any(joiner in name for joiner in _JOINERS) else None
        if script:
            spellings[script].append(name)
    return Item(number.strip(), dict(spellings))


def _script(name: str) -> str | None:
    """The one script of a word; None where it has several or none that is known."""
    found = {
        _SCRIPTS.get(unicodedata.name(letter, " ").split(" ")[0])
        for letter in name
        if letter.isalpha() and unicodedata.category(letter) != "Lm"
    }
    return found.pop() if len(found) == 1 else None


def romanised(name: str) -> str:
    """One token of Latin letters."""
    return "".join(tokens(name))


def set_pairs(data: Path, script: str) -> list[tuple[str, str]]:
    """The pairs of the cross-script set of `script` that may be learned from: the token as written, the Latin one."""
    if script not in _SETS:
        return []
    pairs = token_pairs(data / "cross_script" / f"wd_{_SETS[script]}_20")
    return [pair for pair in pairs if learned_from(*pair)]


def script_pairs(items: Sequence[Item], data: Path, script: str, most: int, chance: Random) -> list[NamePair]:
    """At most `most` pairs of romanised and Latin tokens for a table of `script`; half from its set, if it has one."""
    known = [(romanised(native), latin) for native, latin in set_pairs(data, script)]
    chance.shuffle(known)
    known = known[: most if script == "Pinyin" else most // 2]
    more = [
        (romanised(chance.choice(item.spellings[script])), romanised(latin))
        for item in items
        if script in item.spellings and "Latn" in item.spellings
        for latin in _some(item.spellings["Latn"], chance)
    ]
    chance.shuffle(more)
    return fit([*known, *more[: most - len(known)]])


def latin_pairs(items: Sequence[Item], most: int, chance: Random) -> list[NamePair]:
    """Pairs of Latin spellings of one name, each in both directions."""
    spellings = [sorted({romanised(name) for name in item.spellings.get("Latn", ())}) for item in items]
    chosen = [chance.sample(found, 2) for found in spellings if len(found) > 1]
    chance.shuffle(chosen)
    pairs = [(one, other) for one, other in chosen[: most // 2]]
    return fit([*pairs, *((other, one) for one, other in pairs)])


def mixed_pairs(items: Sequence[Item], each: int, chance: Random) -> list[NamePair]:
    """As many pairs of every script with Latin, and of any two others, each in both directions."""
    pairs: dict[str, list[NamePair]] = defaultdict(list)
    for item in items:
        others = [script for script in item.spellings if script != "Latn" and not _is_japanese(item, script)]
        if "Latn" in item.spellings:
            for script in others:
                pairs[script].append((_any(item, script, chance), _any(item, "Latn", chance)))
        if len(others) > 1:
            one, other = chance.sample(others, 2)
            pairs["two"].append((_any(item, one, chance), _any(item, other, chance)))
    chosen: list[NamePair] = []
    for found in pairs.values():
        chance.shuffle(found)
        chosen += found[:each]
    return fit([*chosen, *((other, one) for one, other in chosen)])


def _is_japanese(item: Item, script: str) -> bool:
    """Whether characters are to be read the Japanese way, which their sound in Chinese does not tell."""
    return script == "Hani" and any("\u3040" <= name[0] <= "\u309f" for name in item.spellings.get("Kana", ()))


def _any(item: Item, script: str, chance: Random) -> str:
    return romanised(chance.choice(item.spellings[script]))


def _some(names: Sequence[str], chance: Random) -> Iterator[str]:
    yield from chance.sample(names, min(_SPELLINGS, len(names)))


def fit(pairs: Sequence[NamePair]) -> list[NamePair]:
    """The pairs that are neither empty nor longer than a name is."""
    return [(one, other) for one, other in pairs if one and other and max(len(one), len(other)) <= _LONGEST]
