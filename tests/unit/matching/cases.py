"""The cases of `cases.toml`, and persons made in one line."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any, Final

from federation.person import Document, NationalIdentifier
from matching.describe import describe
from matching.form import Form, prepare

AT: Final = date(2025, 10, 25)
CASES: Final[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("cases.toml").read_text(encoding="utf-8"))


def form(
    *names: str,
    born: str = "",
    sex: str = "",
    nationality: str = "",
    documents: tuple[str | Document | NationalIdentifier, ...] = (),
) -> Form:
    """The normal form of a person described in typed values on 25 October 2025."""
    return prepare(describe(names=names, born=born, sex=sex, nationality=nationality, documents=documents, at=AT))
