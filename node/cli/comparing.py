"""Two persons in files, or a record of the index, as the node sees them: for the agency's own eyes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from federation.comparison import Comparison
from federation.errors import ConfigError
from federation.printable import printable
from matching.compare import compare
from matching.form import Form, prepare
from matching.loose import MEMBERS, read_person
from matching.model import Model
from matching.score import score

_LARGEST_FILE: Final = 1_048_576


def read_form(path: Path, today: date) -> tuple[Form, tuple[str, ...]]:
    """The normal form of the person in a JSON file, and the members that could not be read (ConfigError)."""
    try:
        data = path.read_bytes()
        given = msgspec.json.decode(data) if len(data) <= _LARGEST_FILE else None
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as JSON: {type(error).__name__}") from error
    if not isinstance(given, dict) or not given.keys() <= MEMBERS:
        raise ConfigError(f"{path} must hold one JSON object with any of {', '.join(sorted(MEMBERS))}, and no others")
    form = prepare(read_person(given, today))
    return form, tuple(sorted(_unread(given, form)))


def _unread(given: dict[str, Any], form: Form) -> set[str]:
    read = {
        "names": form.names, "given": form.names, "family": form.names, "born": form.births or form.years[0],
        "sex": form.sex, "nationality": form.nationalities, "documents": form.documents or form.national_identifiers,
    }  # fmt: skip
    return {member for member, value in given.items() if value and not read[member]}


def compared(a: Form, b: Form, model: Model, population: int) -> dict[str, Any]:
    """One comparison as a node makes it: the evidence, the total and the band."""
    comparisons = compare(a, b, model)
    found = score(comparisons, population)
    return {
        "comparisons": [_plain(each) for each in comparisons],
        "prior_bits": found.prior,
        "bits": found.bits,
        "score": found.score,
        "band": found.band,
        "population": population,
        "parameters": model.parameters.version,
    }


def _plain(comparison: Comparison) -> dict[str, Any]:
    parts = [{"a": part.asked, "b": part.held, "kind": part.kind, "bits": part.bits} for part in comparison.aligned]
    return {
        "attribute": comparison.attribute, "a": comparison.asked, "b": comparison.held, "outcome": comparison.outcome,
        "bits": comparison.bits, "evidence": comparison.evidence, "aligned": parts,
    }  # fmt: skip


def show_compared(found: dict[str, Any], unread: Sequence[tuple[str, str]]) -> None:
    """Print the comparison as a table whose bits add up to the total."""
    table = Table("attribute", "a", "b", "outcome", "bits", Column("evidence", overflow="fold"))
    for each in found["comparisons"]:
        cells = (each["attribute"], each["a"], each["b"], each["outcome"], f"{each['bits']:+g}", each["evidence"])
        table.add_row(*(Text(printable(str(cell))) for cell in cells))
    table.add_row("prior", "", "", "", f"{found['prior_bits']:+g}", f"one among {found['population']} records")
    table.add_row("total", "", "", found["band"], f"{found['bits']:+g}", f"a score of {found['score']:.4f}")
    console = Console()
    console.print(table)
    for name, member in unread:
        console.print(Text(printable(f"{name}: {member} could not be read, and is as if it were not given")))
    console.print(f"Parameters: {found['parameters']}. An indication for an officer, and never a verdict.")
