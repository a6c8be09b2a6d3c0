"""The agency's records counted: read from its own tables and files, and told in one HTML page that stands alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Final

from federation.printable import printable
from matching.blocking import CAPS
from node.config import LoadedConfig
from node.records.build import secret_of
from node.records.mapping import load_mapping
from node.records.source import Source
from node.records.survey import ATTRIBUTES, Survey

Bar = tuple[str, float, str]  # a label, its share (0..1), and the figure as text

_FAMILIES: Final = {
    "A": "birth date", "C": "birth date and a part of a name", "D": "birth year and two parts", "E": "document number",
    "G": "two parts of a name", "H": "day, month and two parts",
}  # fmt: skip
_STYLE: Final = """
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}td,th{padding:.2rem .5rem;text-align:left}
td.n{text-align:right;white-space:nowrap;width:12rem}td.b{width:45%}
.bar{background:#2b6cb0;height:.8rem;min-width:1px}caption{text-align:left;font-weight:600}
@media (prefers-color-scheme:dark){body{color:#eee;background:#111}.bar{background:#63b3ed}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surveyed:
    """What was counted, and what the reading of the source had doubts about."""

    member: str
    at: datetime
    survey: Survey
    faults: dict[str, int]
    unread: list[str]


async def survey_records(loaded: LoadedConfig, at: datetime, most: int, tell: Callable[[int], None]) -> Surveyed:
    """Read at most `most` records of each type, and count. Writes nothing anywhere. Raises RecordsUnavailable."""
    source = Source(loaded.config.database.source_dsn, load_mapping(loaded.config.records.mapping_file))
    survey = Survey(secret_of(loaded.secret_file), at.year)
    for record in source.records:
        read = 0
        async for batch in source.rows(record.type):
            survey.add(batch)
            read += len(batch)
            tell(survey.records)
            if read >= most:
                break
    return Surveyed(
        member=loaded.config.member.id,
        at=at,
        survey=survey,
        faults=dict(sorted(source.faults.items())),
        unread=list(source.unread),
    )


def page(found: Surveyed) -> str:
    """The page: one file, no script, nothing loaded from elsewhere, and nobody's values."""
    survey = found.survey
    parts = [
        f"<h1>Records of {escape(printable(found.member))}</h1>",
        f"<p>{survey.records} records read at {found.at.isoformat(timespec='seconds')}. Counts alone: no value of "
        "anybody's is on this page. It is for the agency's own eyes.</p>",
        "<h2>Not understood while reading</h2>",
        _table("values or rows, by record type and column", _counted(found.faults, max(1, survey.records))),
        "".join(f"<p>{escape(printable(each))}</p>" for each in found.unread),
        *_types(survey),
        "<h2>There twice</h2>",
        _table("about how many", _doubles(survey)),
        "<h2>How records are found</h2>",
        _table("records with such a key", _coverage(survey)),
        _table("keys under which there are more records than a query reads", _overfull(survey)),
    ]
    body = "\n".join(parts)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Record profile</title>'
        f"<style>{_STYLE}</style></head><body>\n{body}\n</body></html>\n"
    )


def _types(survey: Survey) -> list[str]:
    parts: list[str] = []
    for name, of_type in sorted(survey.types.items()):
        total = max(1, of_type.records)
        missing = {attribute: total - of_type.given[attribute] for attribute in ATTRIBUTES}
        decades = {f"{decade}s": count for decade, count in sorted(of_type.decades.items())}
        parts += [
            f"<h2>{escape(printable(name))}: {of_type.records} records</h2>",
            _table("missing", _counted(missing, total)),
            _table("doubtful", _counted(dict(of_type.doubts.most_common()), total)),
            _table("names by script (ISO 15924)", _counted(dict(of_type.scripts.most_common()), total)),
            _table("born in the", _counted(decades, total)),
        ]
    return parts


def _counted(counts: dict[str, int], total: int) -> list[Bar]:
    return [(label, count / total, f"{count} ({count / total:.1%})") for label, count in counts.items()]


def _doubles(survey: Survey) -> list[Bar]:
    total = max(1, survey.records)
    found: list[Bar] = []
    for label, counts in (
        ("document numbers that several records bear", survey.numbers),
        ("names with one birth date that several records bear", survey.namesakes),
    ):
        values, records = counts.shared()
        found.append((label, records / total, f"{values}, in {records} records"))
    return found


def _coverage(survey: Survey) -> list[Bar]:
    total = max(1, survey.records)
    named = {f"{family}: {what}": survey.families[family] for family, what in _FAMILIES.items()}
    return _counted({**named, "no key at all: never found": survey.without_key}, total)


def _overfull(survey: Survey) -> list[Bar]:
    found: list[Bar] = []
    for family, what in _FAMILIES.items():
        sizes = survey.blocks[family].counts.values()
        over = sum(size > CAPS[family] for size in sizes)
        text = f"{over} of {len(sizes)}; the fullest has {max(sizes, default=0)}"
        found.append((f"{family}: {what}, more than {CAPS[family]}", over / max(1, len(sizes)), text))
    return found


def _table(caption: str, bars: list[Bar]) -> str:
    if not bars:
        return f"<p>{escape(caption)}: none.</p>"
    rows = "".join(
        f'<tr><td>{escape(printable(label))}</td><td class="b">'
        f'<div class="bar" style="width:{100 * min(1, share):.2f}%"></div></td><td class="n">{escape(text)}</td></tr>'
        for label, share, text in bars
    )
    return f"<table><caption>{escape(caption)}</caption>{rows}</table>"
