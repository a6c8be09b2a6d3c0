"""How one syllable is spelt in Latin letters by people of several places: Wade-Giles, Hong Kong, Korean passports."""

from __future__ import annotations

import re
from typing import Final

from matching.romanize import HANGUL_SURNAMES, letters
from matching.tables import rows

_WADE_INITIALS: Final = (
    ("ZH", "CH"), ("CH", "CH"), ("SH", "SH"), ("B", "P"), ("P", "P"), ("D", "T"), ("T", "T"), ("G", "K"), ("K", "K"),
    ("J", "CH"), ("Q", "CH"), ("X", "HS"), ("Z", "TS"), ("C", "TS"), ("R", "J"),
)  # fmt: skip
_WADE_SYLLABLES: Final = dict(
    pair.split(":")
    for pair in [
        "ZI:TZU",
        "CI:TZU",
        "SI:SZU",
        "ZHI:CHIH",
        "CHI:CHIH",
        "SHI:SHIH",
        "RI:JIH",
        "YI:I",
        "YOU:YU",
        "ER:ERH",
        "YE:YEH",
        "YAN:YEN",
        "GE:KO",
        "KE:KO",
        "HE:HO",
        "GUI:KUEI",
        "KUI:KUEI",
        "DUO:TO",
        "TUO:TO",
        "LUO:LO",
        "NUO:NO",
        "ZUO:TSO",
        "CUO:TSO",
        "SUO:SO",
        "ZHUO:CHO",
        "RUO:JO",
        "YONG:YUNG",
    ]
)
_JYUTPING: Final = re.compile(r"(gw|kw|ng|[bpmfdtnlgkhwzcsj]?)(.*)$")
_HONG_KONG_INITIALS: Final = dict(
    (pair.split(":")[0], pair.split(":")[1].split(","))
    for pair in ["z:TS,CH,J", "c:CH,TS", "j:Y", "gw:KW,GW", "kw:KW", "g:K,G", "d:T,D", "b:P,B", "s:S,SH"]
)
_HONG_KONG_FINALS: Final = dict(
    (pair.split(":")[0], pair.split(":")[1].split(","))
    for pair in [
        "aa:A,AH",
        "aai:AI",
        "aau:AU",
        "aam:AM",
        "aan:AN",
        "aang:ANG",
        "aap:AP",
        "aat:AT",
        "aak:AK",
        "ai:AI",
        "au:AU",
        "am:AM,UM",
        "an:AN,UN",
        "ang:ANG",
        "ap:AP,UP",
        "at:AT",
        "ak:AK",
        "e:E,EH",
        "ei:EI,I,EE",
        "eng:ENG",
        "ek:EK",
        "i:I,EE,ZE",
        "iu:IU",
        "im:IM",
        "in:IN",
        "ing:ING",
        "ip:IP",
        "it:IT",
        "ik:IK",
        "o:O,OH",
        "oi:OI",
        "ou:O,OU",
        "on:ON",
        "ong:ONG",
        "ot:OT",
        "ok:OK",
        "u:U,OO",
        "ui:UI",
        "un:UN,OON",
        "ung:UNG",
        "ut:UT",
        "uk:UK",
        "oe:EUH",
        "oeng:EUNG,EONG",
        "oek:EUK",
        "eoi:UI,EUI",
        "eon:UN,EUN",
        "eot:UT",
        "yu:U,UE,YU",
        "yun:UEN,YUEN,UN",
        "yut:UT,UET",
    ]
)
_KOREAN_VOWELS: Final = (
    ("EO", "U"), ("EO", "O"), ("EU", "U"), ("U", "OO"), ("GI", "KI"), ("AE", "E"), ("OE", "OI"), ("YEO", "YO"),
    ("YEO", "YU"), ("EO", "OU"),
)  # fmt: skip
_KOREAN_ENDS: Final = {"G": "K", "B": "P", "D": "T"}
_KOREAN_STARTS: Final = {"G": "K", "D": "T", "B": "P", "J": "CH"}
_KOREAN_SURNAMES: Final = {row[0]: row[1].split() for row in rows("variants.tsv") if row[2] == "ko"}


def plain(text: str) -> str:
    """`text` in the letters A to Z, ü as V."""
    return letters(text.replace("ü", "v"))


def wade_giles(pinyin: str) -> str:
    """One syllable of pinyin in Wade-Giles, without its apostrophes."""
    if pinyin in _WADE_SYLLABLES:
        return _WADE_SYLLABLES[pinyin]
    start, final = next(
        ((wade, pinyin[len(own) :]) for own, wade in _WADE_INITIALS if pinyin.startswith(own)), ("", pinyin)
    )
    if final.endswith("ONG"):
        final = f"{final[:-3]}UNG"
    if final == "IAN":
        final = "IEN"
    return start + (f"{final}H" if final in ("IE", "UE", "VE") else final)


def hong_kong(jyutping: str) -> list[str]:
    """One syllable of Jyutping in the spellings of Hong Kong's identity cards, the likelier first."""
    found = _JYUTPING.match(re.sub(r"\d", "", jyutping))
    if not found or not found[2]:
        return ["NG" if found and found[1] == "ng" else "M"]
    starts = _HONG_KONG_INITIALS.get(found[1], [found[1].upper()])
    finals = _HONG_KONG_FINALS.get(found[2], [found[2].upper()])
    return [
        start + (final[1:] if start == "Y" == final[0] and len(final) > 1 else final)
        for start in starts
        for final in finals
    ]


def korean(hangul: str) -> list[str]:
    """One syllable of Hangul as passports spell it, the Revised Romanization first; of a surname all spellings."""
    revised = plain(hangul)
    if not revised.endswith("NG"):
        revised = revised[:-1] + _KOREAN_ENDS.get(revised[-1:], revised[-1:])
    found = [revised]
    surname = HANGUL_SURNAMES.get(hangul)
    if surname:
        found += [surname, *(spelling for spelling in _KOREAN_SURNAMES.get(surname, ()) if len(spelling) > 1)]
    found += [revised.replace(one, other) for one, other in _KOREAN_VOWELS if one in revised]
    return [*found, _KOREAN_STARTS[revised[0]] + revised[1:]] if revised[:1] in _KOREAN_STARTS else found
