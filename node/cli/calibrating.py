"""Parameters estimated from the agency's own index, told as a table, and written as a file for its review."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, NamedTuple

import asyncpg
from rich.console import Console
from rich.table import Table

from federation.errors import ConfigError
from federation.keys import read_secret
from matching.estimate import Estimate, Seen, estimate
from matching.parameters import MOST_SHIFT, Made
from node.config import LoadedConfig
from node.records.draw import draw
from node.records.index import own_frequencies

_LEAST_RECORDS: Final = 1_000
_SEED: Final = 1


class Calibration(NamedTuple):
    """What was estimated, and from what."""

    made: Made
    found: Estimate


async def calibrate(loaded: LoadedConfig, at: datetime, pairs: int, tell: Callable[[str], None]) -> Calibration:
    """Estimate from at most `pairs` pairs of records of the index; refuses on too little data (ConfigError)."""
    secret = read_secret(loaded.secret_file)
    connection = await asyncpg.connect(loaded.config.index_dsn)
    try:
        drawn = await draw(connection, secret, pairs, _SEED)
        frequencies = await own_frequencies(connection, secret)
    finally:
        await connection.close()
    if drawn.records < _LEAST_RECORDS:
        raise ConfigError(f"{drawn.records} records are too few to estimate from; {_LEAST_RECORDS} are needed")
    tell(
        f"{len(drawn.sharing)} pairs that share a key and {len(drawn.by_chance)} by chance, of {drawn.records} records"
    )
    found = estimate(
        drawn.sharing,
        drawn.by_chance,
        drawn.all_pairs,
        frequencies,
        lambda number, matches: tell(f"round {number}: {matches:.0f} pairs are expected to be of one person"),
    )
    return Calibration(
        Made(at=at, records=drawn.records, pairs=len(drawn.sharing), matches=round(found.matches, 1)), found
    )


def report(calibration: Calibration) -> dict[str, Any]:
    """What was found, for a person or a program to read: the rows that differ from what was preset."""
    return {
        "records": calibration.made.records,
        "pairs": calibration.made.pairs,
        "matches": calibration.made.matches,
        "changed": [_told(name, seen) for name, seen in _named(calibration.found) if seen.bits != seen.preset],
    }


def _named(found: Estimate) -> list[tuple[str, Seen]]:
    rows = [(f"{attribute}.{kind}", seen) for (attribute, kind), seen in found.rows.items()]
    return rows + [(f"parts.{kind}", seen) for kind, seen in found.parts.items()]


def _told(name: str, seen: Seen) -> dict[str, Any]:
    return {
        "row": name,
        "of_one_person": round(seen.m, 6),
        "of_two_persons": round(seen.u, 6),
        "preset": seen.preset,
        "found": seen.bits,
        "doubtful": abs(seen.bits - seen.preset) >= MOST_SHIFT / 2,
    }


def show_calibration(found: dict[str, Any]) -> None:
    """Print what was found beside what was preset."""
    table = Table("row", "of one person", "of two", "preset", "found", "")
    for each in found["changed"]:
        shares = (f"{each['of_one_person']:.4%}", f"{each['of_two_persons']:.4%}")
        doubt = "far from the preset: look at it twice" if each["doubtful"] else ""
        table.add_row(each["row"], *shares, f"{each['preset']:g}", f"{each['found']:g}", doubt)
    console = Console()
    console.print(table)
    console.print(
        f"From {found['pairs']} pairs of {found['records']} records; {found['matches']:.0f} pairs of the whole are "
        "expected to be of one person."
    )
