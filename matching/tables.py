"""The tables under `matching/data`, each line of which a reviewer can read and correct."""

from __future__ import annotations

from importlib.resources import files


def rows(name: str) -> list[list[str]]:
    """Read the table `name` as rows of cells; lines that start with `#` are its source and are skipped."""
    text = files("matching").joinpath("data", name).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line.strip() and not line.startswith("#")]


def mapping(name: str) -> dict[str, str]:
    """Read a table of two columns as a mapping of the first to the second."""
    return {row[0]: row[1] for row in rows(name)}
