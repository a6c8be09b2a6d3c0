"""Scores that open tools give to pairs of persons; runs in their environment (`make peers`), imports nothing here.

Usage: peer_scores.py NAME < pairs > scores   (a JSON array `[a, b]` of PERSON a line; a score a line, then seconds)
       peer_scores.py recordlinkage|splink FOLDER > links   (FEBRL 4's two files; a JSON array `[a, b, score]` a line)
"""

from __future__ import annotations

import csv
import itertools
import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

Score = Callable[[Any, Any], float]
_WARM = 50


def _texts(value: Any) -> list[str]:
    return [str(each) for each in (value if isinstance(value, list) else [value]) if each]


def _names(person: Mapping[str, Any]) -> list[str]:
    whole = " ".join(str(person[part]) for part in ("given", "family") if person.get(part))
    return _texts(person.get("names")) + ([whole] if whole else [])


def nomenklatura(algorithm: str) -> tuple[Callable[[Mapping[str, Any]], Any], Score]:
    """logic-v1 or logic-v2 on FollowTheMoney persons, each with an id of its own: its cache is by id."""
    from followthemoney import EntityProxy
    from nomenklatura.matching import get_algorithm
    from nomenklatura.matching.types import ScoringConfig

    found, config = get_algorithm(algorithm), ScoringConfig.defaults()
    if found is None:
        raise ValueError(f"this nomenklatura has no {algorithm}")
    ids = itertools.count()
    members = {"born": "birthDate", "sex": "gender", "nationality": "nationality", "documents": "passportNumber"}

    def read(person: Mapping[str, Any]) -> Any:
        properties = {name: _texts(person.get(member)) for member, name in members.items()}
        properties["name"] = _names(person)
        return EntityProxy.from_dict(
            {"id": f"p{next(ids)}", "schema": "Person", "properties": properties}, cleaned=False
        )

    return read, lambda one, other: found.compare(one, other, config).score


def rapidfuzz_names() -> tuple[Callable[[Mapping[str, Any]], Any], Score]:
    """token_sort_ratio of the best pair of names, in lower case: nothing but letters."""
    from rapidfuzz.fuzz import token_sort_ratio

    return (
        lambda person: [name.lower() for name in _names(person)],
        lambda one, other: max((token_sort_ratio(a, b) for a in one for b in other), default=0.0) / 100,
    )


def febrl(folder: Path, part: str) -> Iterator[dict[str, Any]]:
    """The records of one of FEBRL's files: id, given, family, born; None where empty."""
    with (folder / f"dataset4{part}.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, skipinitialspace=True):
            cells = {"id": "rec_id", "given": "given_name", "family": "surname", "born": "date_of_birth"}
            yield {name: row[column].strip() or None for name, column in cells.items()}


def recordlinkage_links(folder: Path) -> Iterator[tuple[str, str, float]]:
    """Jaro-Winkler on names, equality of dates, ECM; blocked on each attribute."""
    import pandas as pd
    import recordlinkage

    one, other = (pd.DataFrame(febrl(folder, part)).set_index("id") for part in "ab")
    indexer = recordlinkage.Index()
    for column in ("given", "family", "born"):
        indexer.block(column)
    compare = recordlinkage.Compare()
    for column in ("given", "family"):
        compare.string(column, column, method="jarowinkler", threshold=0.85, label=column)
    compare.exact("born", "born", label="born")
    features = compare.compute(indexer.index(one, other), one, other)
    classifier = recordlinkage.ECMClassifier()
    classifier.fit(features)
    for (a, b), probability in classifier.prob(features).items():
        yield a, b, float(probability)


def splink_links(folder: Path) -> Iterator[tuple[str, str, float]]:
    """EM with term frequencies, fuzzy levels on names and dates; blocked on each attribute."""
    import pandas as pd
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    database = DuckDBAPI()
    frames = [pd.DataFrame(febrl(folder, part)).rename(columns={"id": "unique_id"}) for part in "ab"]
    tables = [database.register(frame) for frame in frames]
    rules = [block_on(column) for column in ("given", "family", "born")]
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            cl.JaroWinklerAtThresholds("given", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.JaroWinklerAtThresholds("family", [0.92, 0.8]).configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("born", [1, 2]),
        ],
        blocking_rules_to_generate_predictions=rules,
    )
    linker = Linker(tables, settings, log_level="ERROR")
    linker.training.estimate_probability_two_random_records_match(rules[:1], recall=0.6)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for rule in (rules[0], rules[2]):
        linker.training.estimate_parameters_using_expectation_maximisation(rule)
    for row in linker.inference.predict().as_record_list():
        yield row["unique_id_l"], row["unique_id_r"], float(row["match_weight"])


def score_lines(name: str) -> None:
    """Score the pairs of standard input; then print the seconds that scoring alone took, warm."""
    read, score = rapidfuzz_names() if name == "rapidfuzz" else nomenklatura(name)
    pairs = [[read(person) for person in json.loads(line)] for line in sys.stdin]
    for one, other in pairs[:_WARM]:
        score(one, other)
    began = time.perf_counter()
    scores = [score(one, other) for one, other in pairs]
    seconds = time.perf_counter() - began
    sys.stdout.write("".join(f"{each!r}\n" for each in scores) + f"{seconds!r}\n")


if __name__ == "__main__":
    if sys.argv[1] in ("recordlinkage", "splink"):
        links = {"recordlinkage": recordlinkage_links, "splink": splink_links}[sys.argv[1]](Path(sys.argv[2]))
        sys.stdout.write("".join(json.dumps(link) + "\n" for link in links))
    else:
        score_lines(sys.argv[1])
