"""The table of Han characters: how often each is read as what, by names where they are many, else by Unihan."""

from __future__ import annotations

import bz2
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from math import log2
from pathlib import Path
from random import Random
from typing import Final

from bench.learning.multigram import BY_CHARACTER, NamePair, learn, letter_bits
from bench.learning.romanisations import hong_kong, korean, plain, wade_giles
from bench.learning.wikidata import Item, set_pairs
from matching.romanize import HAN_SURNAMES
from matching.tables import rows

_JAPANESE: Final = dict(
    zip(
        "沢斎桜恵徳浜辺辻高﨑斉広実栄竜滝亀蔵恒壱国関気円駅黒",
        "泽斋樱惠德滨边辻高崎齐广实荣龙泷龟藏恒壹国关气圆驿黑",
        strict=True,
    )
)
_FREQUENT_SURNAMES: Final = frozenset(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪"
    "范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施牛樊葛洪梅倪阮翁简纪欧"
)
_SUFFIXES: Final = ("姓", "氏", "家族")
_LONGEST_HAN: Final = 8
_LONGEST_LATIN: Final = 17
_LONGEST_READING: Final = 6
_MOST_PAIRS: Final = 45_000
_LEAST_SEEN: Final = 1.3
_LEARNED_MOST: Final = 0.6
_LEARNED_FROM: Final = 8
_CHINESE_SPELLINGS: Final = {row[0]: row[1].split() for row in rows("variants.tsv") if row[2] == "zh"}
_LEAST_SHARE: Final = 0.0035
_KEPT_ANYWAY: Final = 0.04
_SILENT: Final = 0.02
_PER_NAME: Final = 2.2  # groups that a pair has on the average

Readings = dict[str, dict[str, str]]
_Shares = defaultdict[str, float]


def read_unihan(folder: Path, name: str) -> Readings:
    """The fields of each character in `Unihan_<name>.txt` (or .txt.bz2), as Debian's unicode-data has them."""
    path = folder / f"Unihan_{name}.txt"
    text = path.read_text("utf-8") if path.is_file() else bz2.decompress(Path(f"{path}.bz2").read_bytes()).decode()
    found: Readings = defaultdict(dict)
    for line in text.splitlines():
        if line.startswith("U+"):
            code, field, value = line.split("\t", 2)
            found[chr(int(code[2:], 16))][field] = value
    return dict(found)


def simplified(variants: Readings) -> dict[str, str]:
    """Each character of the basic block that is written simpler in mainland China, and how; and Japanese forms."""
    found = dict(_JAPANESE)
    for character, fields in variants.items():
        codes = fields.get("kSimplifiedVariant", "").split()
        forms = [chr(int(code[2:].partition("<")[0], 16)) for code in codes]
        other = [form for form in forms if form != character]
        if other and _is_basic(character) and _is_basic(other[0]):
            found[character] = other[0]
    return {one: other for one, other in found.items() if one != other}


def _is_basic(character: str) -> bool:
    return "\u4e00" <= character <= "\u9fff"


def han_pairs(items: Iterable[Item], data: Path, simple: Mapping[str, str], chance: Random) -> list[NamePair]:
    """Names in simplified characters beside Latin spellings and Japanese readings of theirs."""
    fold = str.maketrans(dict(simple))
    pairs: list[NamePair] = []
    for item in items:
        written = sorted({_bare(name) for name in item.spellings.get("Hani", ())})
        latin = sorted({plain(name) for name in item.spellings.get("Latn", ())})
        kana = sorted({plain(name) for name in item.spellings.get("Kana", ())})
        for name in chance.sample(written, min(2, len(written))):
            readings = chance.sample(latin, min(3, len(latin))) + chance.sample(kana, min(1, len(kana)))
            pairs += [(name.translate(fold), reading) for reading in readings]
    chance.shuffle(pairs)
    foreign = [(native.translate(fold), latin) for native, latin in set_pairs(data, "Pinyin")]
    return [
        (one, other)
        for one, other in pairs[:_MOST_PAIRS] + foreign
        if other and len(one) <= _LONGEST_HAN and len(other) <= _LONGEST_LATIN
    ]


def _bare(name: str) -> str:
    """A surname without the word for surname that Wikidata adds to it."""
    for suffix in _SUFFIXES:
        if len(name) > len(suffix):
            name = name.removesuffix(suffix)
    return name


def han_table(pairs: Sequence[NamePair], readings: Readings, simple: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """For each character the bits, in quarters, of each of its readings over the same letters by chance."""
    learned: dict[str, _Shares] = defaultdict(lambda: defaultdict(float))
    for (character, latin), share in learn(pairs, BY_CHARACTER).items():
        if character and share * len(pairs) * _PER_NAME >= _LEAST_SEEN:
            learned[character][latin] = share * len(pairs) * _PER_NAME
    seen = Counter("".join(name for name, _ in pairs))
    chance = letter_bits(latin for _, latin in pairs)
    older: dict[str, list[str]] = defaultdict(list)
    for character, form in simple.items():
        older[form].append(character)
    return {
        character: _weighed(learned[character], _expected(character, older[character][:2], readings), chance)
        for character in sorted({*learned, *readings})
        if _is_basic(character) and character not in simple and _is_used(character, seen, readings)
    }


def _is_used(character: str, seen: Counter[str], readings: Readings) -> bool:
    known = "kHanyuPinlu" in readings.get(character, {})
    return known or seen[character] >= 3 or character in _FREQUENT_SURNAMES


def _weighed(learned: _Shares, expected: _Shares, chance: Mapping[str, float]) -> dict[str, float]:
    """Mix what was learned with what is expected, the more of it the oftener the character was seen."""
    count, total = sum(learned.values()), sum(expected.values())
    own = min(_LEARNED_MOST, count / (count + _LEARNED_FROM)) if total else 1.0
    found: dict[str, float] = {}
    for reading in sorted({*learned, *expected}):
        share = own * (learned[reading] / count if count else 0.0)
        share += (1 - own) * (expected[reading] / total if total else 0.0)
        bits = log2(share) + sum(chance.get(letter, 9.0) for letter in reading) if share else 0.0
        if not reading and share > _SILENT:
            found[reading] = round(bits * 8) / 8
        elif (
            reading and len(reading) <= _LONGEST_READING and share > _LEAST_SHARE and (bits > 0 or share > _KEPT_ANYWAY)
        ):
            found[reading] = round(bits * 4) / 4
    return found


def _expected(character: str, older: Sequence[str], readings: Readings) -> _Shares:
    """Shares of readings by the countries that use the character: Mandarin first, then Cantonese, Korean, Japanese."""
    found: _Shares = defaultdict(float)
    for each in (character, *older):
        for reading, share in _read(readings.get(each, {})).items():
            found[reading] += share / (1 + len(older))
    if character in _FREQUENT_SURNAMES:
        _add(found, _surname_spellings(character, readings.get(character, {})), 0.5, first=0.4)
    return found


def _read(fields: Mapping[str, str]) -> _Shares:
    found: _Shares = defaultdict(float)
    mandarin = [plain(each).replace("V", "U") for each in fields.get("kMandarin", "").split()]
    _add(found, mandarin, 0.34)
    _add(found, [wade_giles(each) for each in mandarin], 0.07)
    _add(found, [each for sound in fields.get("kCantonese", "").split()[:1] for each in hong_kong(sound)], 0.14)
    hangul = [each.partition(":")[0] for each in fields.get("kHangul", "").split()[:2]]
    _add(found, [each for sound in hangul for each in korean(sound)], 0.14)
    _add(found, fields.get("kJapaneseOn", "").split()[:2], 0.10)
    _add(found, [each for each in fields.get("kJapaneseKun", "").split()[:4] if len(each) <= _LONGEST_READING], 0.08)
    _add(found, [plain(each) for each in fields.get("kVietnamese", "").split()[:1]], 0.05)
    return found


def _add(found: _Shares, readings: Iterable[str], share: float, *, first: float = 0.6) -> None:
    """Divide `share` among readings: so much to the first, the rest to the others alike."""
    kept = [reading for reading in dict.fromkeys(readings) if reading]
    for place, reading in enumerate(kept):
        part = 1.0 if len(kept) == 1 else first if place == 0 else (1 - first) / (len(kept) - 1)
        found[reading] += share * part


def _surname_spellings(character: str, fields: Mapping[str, str]) -> list[str]:
    mandarin = HAN_SURNAMES.get(character) or plain((fields.get("kMandarin", "").split() or [""])[0])
    return [mandarin, *_CHINESE_SPELLINGS.get(mandarin, ())]
