"""Names as written, and the romanised tokens by which two of them are compared."""

from __future__ import annotations

from typing import Literal

from federation.person import Name

Order = Literal["as_written", "given_family", "family_given", "surname_given", "alias_list", "mrz"]


def tokens(text: str) -> tuple[str, ...]:
    """Split `text` into romanised upper-case tokens; particles, titles and placeholders are dropped."""
    raise NotImplementedError


def read_name(text: str, order: Order = "as_written") -> tuple[Name, ...]:
    """Read one cell that holds a name, or a name and its aliases, as Names; empty where it holds none."""
    raise NotImplementedError
