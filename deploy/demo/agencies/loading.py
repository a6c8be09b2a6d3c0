"""Fills the eleven agencies' databases from the invented population, each in the agency's own form."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module, resources
from itertools import islice
from pathlib import Path
from typing import Any, Protocol, TextIO

from deploy.demo.agencies.noise import Noise
from deploy.demo.agencies.sheet import Sheet, View
from deploy.demo.population.individual import Individual

AGENCIES = (
    "imigrasi",
    "tni",
    "polri",
    "kejaksaan",
    "binda",
    "bnnp",
    "kesbangpol",
    "disnakertrans",
    "disdukcapil",
    "bea_cukai",
    "pemkab_serang",
)
BATCH = 4000
_JSON = json.JSONEncoder(ensure_ascii=False).encode


class Connection(Protocol):
    """What is asked of a connection to PostgreSQL: asyncpg's has it."""

    async def copy_records_to_table(
        self, table_name: str, *, records: Any, columns: Any, schema_name: str | None
    ) -> object: ...


class Truth:
    """Which records of which agencies are of which person; what no agency knows.

    With a `file` each batch of people is written there and forgotten, so that any number can pass.
    """

    def __init__(self, file: TextIO | None = None) -> None:
        self.keys: dict[int, dict[str, list[str]]] = {}
        self._file = file

    def add(self, person: Individual, agency: str, keys: list[str]) -> None:
        """Remember the records that an agency wrote of a person."""
        if keys:
            self.keys.setdefault(person.number, {})[agency] = keys

    def settle(self, people: Iterable[Individual]) -> None:
        """Write a line for each of `people`, of whom every agency has written, where there is a file."""
        if self._file is None:
            return
        for person in people:
            self._file.write(_JSON(_line(person, self.keys.get(person.number, {}))) + "\n")
        self.keys.clear()


def schema(agency: str) -> str:
    """The SQL that makes an agency's own tables."""
    return resources.files(f"deploy.demo.agencies.{agency}").joinpath("schema.sql").read_text("utf-8")


def mapping_path(agency: str) -> Path:
    """The file that tells the agency's node how to read those tables."""
    return Path(__file__).parent / agency / "mapping.toml"


def view(agency: str) -> View:
    """How an agency writes people down; ImportError for one that is not among the eleven."""
    found = import_module(f"deploy.demo.agencies.{agency}.views").VIEW
    assert isinstance(found, View)  # noqa: S101  # REASON: our own modules, for the type checker
    return found


def write(sheet: Sheet, agency: str, individuals: Iterable[Individual], truth: Truth | None = None) -> None:
    """Write on `sheet` those of `individuals` whom the agency knows."""
    pen = view(agency).write
    salt = AGENCIES.index(agency) + 1
    for person in individuals:
        if agency in person.known_to:
            pen(sheet, person, Noise(person.seed * 31 + salt, person.careful))
            keys = sheet.take_keys()
            if truth is not None:
                truth.add(person, agency, keys)


async def load(
    connection: Connection, agency: str, individuals: Iterable[Individual], truth: Truth | None = None
) -> dict[str, int]:
    """Copy those whom the agency knows into its tables, and give the number of rows of each table.

    The tables must exist (`schema`) and be empty. `truth`, where given, learns which records are whose.
    """
    return (await load_all({agency: connection}, individuals, truth))[agency]


async def load_all(
    connections: Mapping[str, Connection], individuals: Iterable[Individual], truth: Truth | None = None
) -> dict[str, dict[str, int]]:
    """Fill several agencies' databases in one pass over the people, of whom only one batch is in memory at a time."""
    sheets = {agency: Sheet(view(agency).tables) for agency in connections}
    counts = {agency: dict.fromkeys(sheet.tables, 0) for agency, sheet in sheets.items()}
    for some in _batches(individuals):
        for agency in connections:
            write(sheets[agency], agency, some, truth)
        copies = (_copy(connections[agency], view(agency), sheet, counts[agency]) for agency, sheet in sheets.items())
        await asyncio.gather(*copies)
        if truth is not None:
            truth.settle(some)
    return counts


async def _copy(connection: Connection, form: View, sheet: Sheet, counts: dict[str, int]) -> None:
    for table, rows in sheet.tables.items():
        if rows:
            await connection.copy_records_to_table(
                table, records=rows, columns=form.tables[table], schema_name=form.schema
            )
            counts[table] += len(rows)
    sheet.clear()


def write_truth(path: Path, individuals: Iterable[Individual]) -> None:
    """Write the truth as JSON Lines: a person's true attributes, and which records of which agencies are theirs.

    Records of protected persons stand under `withheld`: a node that answers with one of them is wrong. Needs no
    database; `load_all` with a `Truth` that has a file writes the same lines while it fills the databases.
    """
    with path.open("w", encoding="utf-8") as file:
        truth = Truth(file)
        for some in _batches(individuals):
            for agency in AGENCIES:
                write(Sheet(view(agency).tables), agency, some, truth)
            truth.settle(some)


def learn(individuals: Iterable[Individual]) -> Truth:
    """Learn which records are whose without any database."""
    truth = Truth()
    people = list(individuals)
    for agency in AGENCIES:
        write(Sheet(view(agency).tables), agency, people, truth)
    return truth


def _line(person: Individual, keys: dict[str, list[str]]) -> dict[str, object]:
    return {
        "truth_id": person.truth_id,
        "names": [f"{person.name.family} {person.name.given}".strip(), person.name.native],
        "born": person.born.isoformat(),
        "sex": person.sex,
        "nationality": person.nationality,
        "passports": [[each.issuer, each.number] for each in person.passports],
        "plants": list(person.plants),
        "protected": person.protected,
        "records": {} if person.protected else keys,
        "withheld": keys if person.protected else {},
    }


def _batches(individuals: Iterable[Individual]) -> Iterator[list[Individual]]:
    rest = iter(individuals)
    while some := list(islice(rest, BATCH)):
        yield some
