"""One record as the node sees it: how each value was read, its keys, and which other records are nearest to it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Any, Final

import asyncpg
from rich.console import Console
from rich.table import Table
from rich.text import Text

from federation.errors import ConfigError
from federation.keys import read_secret
from federation.printable import printable
from federation.serving.member import open_pool
from matching.blocking import CAPS, blocking_keys
from matching.form import Form
from matching.judge import judge
from matching.weigh import shown
from node.config import LoadedConfig
from node.opening import opened_index
from node.records.index import Index
from node.records.records import Candidate

_RECORD: Final = """
SELECT type, reference, as_of, form, fields FROM simpul_index.match_record
WHERE reference = $1 AND ($2 = '' OR type = $2) ORDER BY type LIMIT 10
"""
_HOLDERS: Final = """
SELECT u.key,
    (SELECT count(*) FROM (SELECT FROM simpul_index.match_key AS k WHERE k.key = u.key LIMIT $2) AS held) AS count
FROM unnest($1::bigint[]) AS u (key)
"""
_MOST_HOLDERS: Final = 100_000
_NEAREST: Final = 5


async def inspect(loaded: LoadedConfig, reference: str, record_type: str) -> dict[str, Any]:
    """Look the record up by the agency's own reference of it. Raises ConfigError where there is none, or several."""
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(await open_pool(loaded.config.index_dsn))
        index = await stack.enter_async_context(opened_index(loaded, pool))
        record = await _record(index, await pool.fetch(_RECORD, reference, record_type))
        form = record.form
        keys = blocking_keys(form, read_secret(loaded.secret_file))
        found = await pool.fetch(_HOLDERS, [key.value for key in keys], _MOST_HOLDERS)
        held: dict[int, int] = {each["key"]: each["count"] for each in found}
        (candidates,) = await index.candidates([form])
    nearest = [
        (judge(form, each.form, index.model, index.population), each)
        for each in candidates
        if (each.record_type, each.reference) != (record.record_type, record.reference)
    ]
    nearest.sort(key=lambda found: -found[0].bits)
    return {
        "type": record.record_type,
        "reference": record.reference,
        "as_of": _instant(record.as_of),
        "read": _read(form, index),
        "fields": record.fields,
        "keys": [
            {"family": key.family, "records": held[key.value], "cut_at": CAPS[key.family]}
            for key in sorted(keys, key=lambda key: (key.family, held[key.value]))
        ],
        "candidates": len(candidates),
        "nearest": [
            {"type": each.record_type, "reference": each.reference, "band": judged.band, "bits": judged.bits}
            for judged, each in nearest[:_NEAREST]
            if judged.band != "none"
        ],
    }


async def _record(index: Index, rows: Sequence[asyncpg.Record]) -> Candidate:
    if not rows:
        raise ConfigError("the index holds no record of that reference; it may be newer than the last refresh")
    if len(rows) > 1:
        types = ", ".join(row["type"] for row in rows)
        raise ConfigError(f"records of several types have that reference: add --type, one of {types}")
    found = await index.whole([Candidate(*rows[0])])
    if not found:
        raise ConfigError("the agency's tables hold no record of that reference any more, or it is protected")
    return found[0]


def _instant(value: datetime | None) -> str:
    return value.isoformat(timespec="seconds") if value else ""


def _read(form: Form, index: Index) -> list[dict[str, Any]]:
    """Each value as it is written and as it was read."""
    found = [
        {
            "attribute": "name",
            "written": name.text,
            "read": " ".join(f"{token} ({index.model.bits(token):.1f})" for token in name.tokens),
            "note": " ".join(
                filter(None, (name.script, name.kind, name.generation, "names a father" if name.lineage else ""))
            ),
        }
        for name in form.names
    ]
    found += [{"attribute": "birth", "written": each.text, "read": shown(each), "note": ""} for each in form.births]
    if form.years[0]:
        span = f"{form.years[0]} to {form.years[1]}"
        found.append({"attribute": "birth", "written": form.years_text, "read": span, "note": "an age"})
    if form.sex:
        found.append({"attribute": "sex", "written": form.sex_text, "read": form.sex, "note": ""})
    for text, code in zip(form.nationality_texts, form.nationalities, strict=True):
        found.append({"attribute": "nationality", "written": text, "read": code, "note": ""})
    for attribute, numbers in (("document", form.documents), ("national_identifier", form.national_identifiers)):
        for each in numbers:
            note = " ".join(filter(None, (each.kind, each.issuer)))
            found.append({"attribute": attribute, "written": each.text, "read": each.number, "note": note})
    return found


def show_inspected(found: dict[str, Any]) -> None:
    """Print the record as tables."""
    console = Console()
    console.print(Text(printable(f"{found['type']} {found['reference']}, as of {found['as_of'] or 'the index'}")))
    read = Table("attribute", "as written", "as read (bits)", "note")
    for each in found["read"]:
        read.add_row(*(Text(printable(each[column])) for column in ("attribute", "written", "read", "note")))
    console.print(read)
    keys = Table("key", "records under it", "read at most")
    for each in found["keys"]:
        keys.add_row(each["family"], str(each["records"]), str(each["cut_at"]))
    console.print(keys)
    console.print(f"A query that says the same compares {found['candidates']} candidates.")
    for each in found["nearest"]:
        line = f"near it: {each['type']} {each['reference']}, {each['band']} ({each['bits']:+g} bits)"
        console.print(Text(printable(line)))
