"""What ways of agreeing and differing weigh, as a file that an agency makes of its own data, reviews and keeps."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

import msgspec

from federation.errors import ConfigError
from matching.features import BY_KIND, CONTRADICTION, MISSING, QUALITIES

PRESET_VERSION: Final = "preset-1"
MOST_SHIFT: Final = 6.0
_LARGEST_FILE: Final = 65_536
_PARTS: Final = frozenset(QUALITIES) - {"same", "short_typo", "long_typo"}

Row = tuple[str, str]
_Share = Annotated[float, msgspec.Meta(ge=0.05, le=1.0)]


def estimable() -> tuple[Row, ...]:
    """The rows of FEATURES, attribute and kind, whose bits a file of parameters may give.

    Not those of names, which are worked out from their parts, nor a nationality in common, from how common it is.
    """
    return tuple(row for row in BY_KIND if row[0] != "name" and row != ("nationality", "same"))


class Parameters(msgspec.Struct, frozen=True, kw_only=True):
    """`rows`: bits by attribute and kind. `parts`: what share of a name part's bits each kind of likeness keeps.

    `contradiction` and `missing` are the bits of a name's part that meets another, or none. `version` is `preset-1`
    or the first 16 hexadecimal digits of the SHA-256 of the file.
    """

    version: str
    rows: Mapping[Row, float]
    parts: Mapping[str, float]
    contradiction: float
    missing: float


PRESET: Final = Parameters(
    version=PRESET_VERSION,
    rows=MappingProxyType({row: feature.bits for row, feature in BY_KIND.items()}),
    parts=MappingProxyType({kind: QUALITIES[kind] for kind in sorted(_PARTS)}),
    contradiction=CONTRADICTION,
    missing=MISSING,
)


class Made(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[made]: when, from how many records, and from how many pairs, of which so many were taken to be one person."""

    at: datetime
    records: int
    pairs: int
    matches: float


class ParametersFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file of parameters as `simpul-node calibrate` writes it; what it leaves out is as preset."""

    made: Made
    birth: dict[str, float] = {}
    document: dict[str, float] = {}
    national_identifier: dict[str, float] = {}
    sex: dict[str, float] = {}
    nationality: dict[str, float] = {}
    parts: dict[str, _Share] = {}
    contradiction: float = CONTRADICTION
    missing: float = MISSING


def load_parameters(path: Path) -> Parameters:
    """Read a file of parameters. Raises ConfigError that names the file and the value to mend."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from error
    if len(data) > _LARGEST_FILE:
        raise ConfigError(f"{path} is larger than a file of parameters can be")
    try:
        found = msgspec.convert(tomllib.loads(data.decode()), ParametersFile)
    except (msgspec.ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: {error}; make it anew with simpul-node calibrate") from error
    rows = dict(PRESET.rows)
    for attribute in ("birth", "document", "national_identifier", "sex", "nationality"):
        for kind, bits in getattr(found, attribute).items():
            if (attribute, kind) not in estimable():
                raise ConfigError(f"{path}: [{attribute}] has no {kind}; see docs/matching.md for what may be weighed")
            rows[attribute, kind] = _checked(path, f"{attribute}.{kind}", bits, PRESET.rows[attribute, kind])
    if not found.parts.keys() <= _PARTS:
        raise ConfigError(
            f"{path}: [parts] has no {min(found.parts.keys() - _PARTS)}; it has {', '.join(sorted(_PARTS))}"
        )
    return Parameters(
        version=sha256(data).hexdigest()[:16],
        rows=rows,
        parts={**PRESET.parts, **found.parts},
        contradiction=_checked(path, "contradiction", found.contradiction, CONTRADICTION),
        missing=_checked(path, "missing", found.missing, MISSING),
    )


def _checked(path: Path, name: str, bits: float, preset: float) -> float:
    """`bits`, where they are so near what was preset that no slip in a file can turn matching over."""
    if not isfinite(bits) or abs(bits - preset) > MOST_SHIFT:
        raise ConfigError(f"{path}: {name} is {bits:g}; it must lie within {MOST_SHIFT:g} bits of {preset:g}")
    return bits


def parameters_text(made: Made, parameters: Parameters) -> str:
    """The text of a file of parameters: what differs from the preset, each beside what was preset."""
    lines = [
        "# Estimated by simpul-node calibrate from this agency's own records. Read it, mend what seems wrong, then",
        "# name it in node.toml: [matching] parameters_file. What is not here is as preset. parts: shares of bits.",
    ]
    for name, bits, preset in (
        ("contradiction", parameters.contradiction, CONTRADICTION),
        ("missing", parameters.missing, MISSING),
    ):
        lines += [f"{name} = {bits!r}  # preset {preset!r}"] if bits != preset else []
    lines += ["", "[made]", f"at = {made.at.isoformat(timespec='seconds')}"]
    lines += [f"records = {made.records}", f"pairs = {made.pairs}", f"matches = {made.matches!r}"]
    for attribute in dict.fromkeys(row[0] for row in BY_KIND):
        changed = [
            f"{kind} = {bits!r}  # preset {PRESET.rows[attribute, kind]!r}"
            for (of, kind), bits in parameters.rows.items()
            if of == attribute and bits != PRESET.rows[of, kind]
        ]
        lines += ["", f"[{attribute}]", *changed] if changed else []
    parts = [
        f"{kind} = {share!r}  # preset {PRESET.parts[kind]!r}"
        for kind, share in parameters.parts.items()
        if share != PRESET.parts[kind]
    ]
    lines += ["", "[parts]", *parts] if parts else []
    return "\n".join(lines) + "\n"
