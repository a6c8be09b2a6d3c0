"""Names of invented people, drawn from the lists in `names/`, in their own script and as a passport writes them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from deploy.demo.population.draw import Draw, Weighted

LISTS = Path(__file__).parent / "names"
SCRIPTS = {
    "zh": "Hans",
    "zh_tw": "Hant",
    "ko": "Hang",
    "ja": "Jpan",
    "hi": "Deva",
    "ur": "Arab",
    "bn": "Beng",
    "ar": "Arab",
    "th": "Thai",
    "ru": "Cyrl",
}
NICKNAMED = frozenset({"zh", "zh_tw", "ko", "th"})
FAMILY_FIRST = frozenset({"zh", "zh_tw", "ko", "ja", "vi"})
ENGLISH_NAMES = {
    "M": ("KEVIN", "ALEX", "TONY", "JASON", "DAVID", "LEO", "PETER", "ERIC"),
    "F": ("LILY", "AMY", "LINDA", "CINDY", "JENNY", "GRACE"),
}


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a name: as written at home, and its Latin spellings, the passport's first."""

    native: str
    latin: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FullName:
    """A person's name. `family` and `given` are upper-case Latin as the passport prints them; either may be empty."""

    language: str
    native: str
    family: str
    given: str
    other_family: tuple[str, ...] = ()
    other_given: tuple[str, ...] = ()
    nickname: str = ""

    @property
    def script(self) -> str:
        """The ISO 15924 code of the script at home."""
        return SCRIPTS.get(self.language, "Latn")


@dataclass(frozen=True, slots=True)
class NameLists:
    """What one language's file holds."""

    family: dict[str, Weighted[Word]]
    given: dict[str, Weighted[Word]]
    middle: dict[str, Weighted[Word]]


@cache
def name_lists(language: str) -> NameLists:
    """Read the lists of one language; a word whose sex is `-` serves both."""
    parts: dict[str, list[tuple[Word, str, float]]] = {"family": [], "given": [], "middle": []}
    for line in (LISTS / f"{language}.tsv").read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            part, native, latin, sex, weight = line.split("\t")
            parts[part].append((Word(native, tuple(latin.split("|"))), sex, float(weight)))

    def by_sex(part: str) -> dict[str, Weighted[Word]]:
        return {
            sex: Weighted([(word, weight) for word, whose, weight in parts[part] if whose in (sex, "-")])
            for sex in ("M", "F")
            if parts[part]
        }

    return NameLists(by_sex("family"), by_sex("given"), by_sex("middle"))


def draw_name(draw: Draw, language: str, sex: str) -> FullName:
    """Draw a name as people of `language` bear them."""
    lists = name_lists(language)
    family = draw.weighted(lists.family[sex])
    given = [draw.weighted(lists.given[sex])]
    if language == "zh" and draw.happens(0.88):
        given.append(draw.weighted(lists.given[sex]))
    if language in ("ar", "ng", "en") and draw.happens(0.6):
        given.append(draw.weighted(lists.given["M" if language == "ar" else sex]))
    if language in ("ru", "vi", "fil"):
        given = _with_middle(draw, lists, language, sex, given)
    single = language in ("hi", "ur", "bn") and draw.happens(0.06)
    nickname = draw.one(ENGLISH_NAMES[sex]) if language in NICKNAMED else given[0].latin[0]
    return _named(language, None if single else family, given, nickname)


def _with_middle(draw: Draw, lists: NameLists, language: str, sex: str, given: list[Word]) -> list[Word]:
    if language == "fil":
        return [*given, draw.weighted(lists.family[sex])]
    middle = draw.weighted(lists.middle[sex])
    return [middle, *given] if language == "vi" else [*given, middle]


def _named(language: str, family: Word | None, given: list[Word], nickname: str) -> FullName:
    joiner = "" if language == "zh" else " "
    words = [word.native for word in given]
    home = joiner.join(words)
    if family is None:
        native = home
    elif language in FAMILY_FIRST:
        native = family.native + ("" if language in ("zh", "zh_tw", "ko", "ja") else " ") + home
    else:
        native = f"{home} {family.native}"
    first = [word.latin[0] for word in given]
    return FullName(
        language,
        native,
        family.latin[0] if family else "",
        joiner.join(first),
        family.latin[1:] if family else (),
        _respellings(language, given, first),
        nickname,
    )


def _respellings(language: str, given: list[Word], first: list[str]) -> tuple[str, ...]:
    """Give the other spellings of the given names: each word respelled, and for Chinese the two written apart."""
    if language == "zh":
        return (" ".join(first), "-".join(first)) if len(first) > 1 else ()
    others = []
    for at, word in enumerate(given):
        others += [" ".join([*first[:at], spelling, *first[at + 1 :]]) for spelling in word.latin[1:]]
    return tuple(others)
