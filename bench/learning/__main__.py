"""Learn the tables of matching/data/transliteration anew.

Usage: python -m bench.learning --names persons.txt --unihan DIR [--data DIR] [--only SCRIPT ...] [--half] [--out DIR]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from random import Random
from typing import Final

from bench.learning.han import han_pairs, han_table, read_unihan, simplified
from bench.learning.multigram import NamePair, learn, weigh_groups
from bench.learning.wikidata import Item, latin_pairs, mixed_pairs, read_items, script_pairs

SCRIPTS: Final = (
    "Arab", "Armn", "Cyrl", "Deva", "Geor", "Grek", "Hang", "Hani", "Hebr", "Kana", "Latn", "Pinyin", "Thai", "Zzzz",
)  # fmt: skip
_MOST: Final = 9_000
_OF_EACH: Final = 900
_LEAST_BITS: Final = -1.5
_HOPELESS: Final = -11.5
_HEADING: Final = """\
# How letters of {script} stand for Latin ones: each group, its Latin groups, and the bits by which each is likelier
# than by chance; "-" is nothing. Learned by bench/learning from names in Wikidata (CC0), as rigour 1.3.0 (MIT) and
# NETransliteration-COLING2018 give them{more}.
"""
_SIMPLIFIED: Final = """\
# Characters that are written simpler in mainland China, and Japanese ones beside the Chinese form of the same one.
# Source: Unihan 15.0, kSimplifiedVariant (Unicode licence); the Japanese ones by hand.
"""


def write_table(path: Path, script: str, table: Mapping[str, Mapping[str, float]]) -> None:
    """Write a table: a line for each group, what it stands for in the order of the bits."""
    more = ", and from Unihan 15.0 (Unicode licence)" if script == "Hani" else ""
    lines = [_HEADING.format(script=script, more=more)]
    for group in sorted(table):
        kept = sorted((-bits, latin) for latin, bits in table[group].items() if _is_kept(script, group, latin, bits))
        if kept:
            lines.append(f"{group or '-'}\t" + " ".join(f"{latin or '-'}:{-bits:g}" for bits, latin in kept) + "\n")
    path.write_text("".join(lines), encoding="utf-8")


def _is_kept(script: str, group: str, latin: str, bits: float) -> bool:
    if script == "Hani":
        return True
    if not group or not latin:
        return len(group or latin) == 1 and bits > _HOPELESS
    return bits >= _LEAST_BITS or (len(group) == len(latin) == 1 and bits > _HOPELESS)


def pairs_for(script: str, items: Sequence[Item], data: Path) -> list[NamePair]:
    """What a table of `script` is learned from."""
    chance = Random(7)  # the same pairs at each run
    if script == "Latn":
        return latin_pairs(items, _MOST, chance)
    if script == "Zzzz":
        return mixed_pairs(items, _OF_EACH, chance)
    return script_pairs(items, data, script, _MOST, chance)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.learning", description=__doc__)
    parser.add_argument("--names", type=Path, required=True, help="persons.txt of the wheel of rigour 1.3.0")
    parser.add_argument("--unihan", type=Path, required=True, help="/usr/share/unicode of Debian's unicode-data")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the folder that has cross_script")
    parser.add_argument("--only", nargs="+", choices=SCRIPTS, default=SCRIPTS)
    parser.add_argument(
        "--half", action="store_true", help="learn from half of the names, to measure on the other half"
    )
    parser.add_argument("--out", type=Path, help="where to write; the tables of matching unless told")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Learn and write; 2 where a source is missing."""
    options = _options(arguments)
    out = options.out or Path(str(files("matching").joinpath("data")))
    try:
        items = read_items(options.names, half=options.half)
        simple = simplified(read_unihan(options.unihan, "Variants"))
        readings = read_unihan(options.unihan, "Readings")
    except OSError as error:
        print(
            f"{error}: persons.txt is in the wheel of rigour 1.3.0, Unihan in Debian's unicode-data.", file=sys.stderr
        )
        return 2
    (out / "transliteration").mkdir(parents=True, exist_ok=True)
    forms = "".join(f"{one}\t{other}\n" for one, other in sorted(simple.items()))
    (out / "han_simplified.tsv").write_text(_SIMPLIFIED + forms, encoding="utf-8")
    for script in options.only:
        if script == "Hani":
            table = han_table(han_pairs(items, options.data, simple, Random(7)), readings, simple)
        else:
            pairs = pairs_for(script, items, options.data)
            table = weigh_groups(learn(pairs), pairs)
        write_table(out / "transliteration" / f"{script}.tsv", script, table)
        print(script, sum(map(len, table.values())), "groups", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
