"""Nationality and sex as clerks write them, read as codes."""

from __future__ import annotations


def read_nationality(text: str) -> str:
    """The ISO 3166-1 alpha-3 code (or XXA, XXB, XXC, XXX) of a nationality as written, or empty."""
    raise NotImplementedError


def read_sex(text: str) -> str:
    """`M`, `F` or `X` of a sex as written (note that `P` is perempuan, female), or empty."""
    raise NotImplementedError
