"""Reports: what an audit looked at and found, as a table for people and as JSON for other tools."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from auditor.audit import AuditReport
from auditor.finding import Finding
from federation.printable import json_text, printable
from federation.terms import Language

_WORDS: Final[dict[str, dict[str, str]]] = {
    "en": {
        "members": "Logs copied from federation {federation}, roster {version}",
        "findings": "Findings",
        "columns": "member|entries|judged|envelopes opened|receipts|copied until",
        "rows": "|what|member|table and row|entry|details",
        "finding": "finding",
        "note": "note",
        "clean": "Clean: no findings.",
        "sum": "{faults} findings, {notes} notes.",
        "uncopied": "Not copied: {members}.",
        "expected": "expected",
        "found": "found",
        "against": "against",
    },
    "id": {
        "members": "Log yang disalin dari federasi {federation}, roster {version}",
        "findings": "Temuan",
        "columns": "anggota|entri|dinilai|amplop dibuka|tanda terima|disalin hingga",
        "rows": "|apa|anggota|tabel dan baris|entri|rincian",
        "finding": "temuan",
        "note": "catatan",
        "clean": "Bersih: tidak ada temuan.",
        "sum": "{faults} temuan, {notes} catatan.",
        "uncopied": "Tidak disalin: {members}.",
        "expected": "seharusnya",
        "found": "ditemukan",
        "against": "terhadap",
    },
}


def to_json(report: AuditReport, language: Language) -> bytes:
    """The whole report, every finding with its words and its proof."""
    found: dict[str, Any] = {
        "federation": report.federation,
        "roster_version": report.roster_version,
        "auditor": report.auditor,
        "members": [asdict(member) for member in report.members],
        "uncopied": list(report.uncopied),
        "findings": [
            {**asdict(finding), "severity": finding.severity, "says": finding.says(language)}
            for finding in report.findings
        ],
        "exit_code": report.exit_code,
    }
    return json_text(msgspec.to_builtins(found)).encode() + b"\n"


def print_report(report: AuditReport, console: Console, language: Language) -> None:
    """What was copied, then a line for each finding; proofs are in the JSON."""
    words = _WORDS[language]
    console.print(_members(report, words))
    if report.findings:
        table = Table(*words["rows"].split("|"), title=words["findings"])
        for finding in report.findings:
            table.add_row(*_line(finding, words, language))
        console.print(table)
    if report.uncopied:
        console.print(Text(printable(words["uncopied"].format(members=", ".join(report.uncopied)))), style="bold red")
    faults = len(report.faults)
    if faults:
        console.print(words["sum"].format(faults=faults, notes=len(report.findings) - faults), style="bold red")
    else:
        console.print(words["clean"], style="bold green")


def _members(report: AuditReport, words: dict[str, str]) -> Table:
    title = words["members"].format(federation=report.federation, version=report.roster_version)
    table = Table(*words["columns"].split("|"), title=Text(printable(title)))
    for member in report.members:
        numbers = (member.entries, member.judged, member.opened, member.receipts)
        table.add_row(Text(printable(member.member)), *map(str, numbers), f"{member.ended:%Y-%m-%d %H:%M:%S}Z")
    return table


def _line(finding: Finding, words: dict[str, str], language: Language) -> tuple[Text, ...]:
    style = "red" if finding.severity == "finding" else "yellow"
    details = [
        f"{words[name]}: {value}"
        for name, value in (("against", finding.other), ("expected", finding.expected), ("found", finding.found))
        if value
    ]
    return (
        Text(words[finding.severity], style=style),
        Text(f"{finding.says(language)} ({finding.kind})"),
        Text(printable(finding.member)),
        Text(printable(f"{finding.table} {finding.row}".strip())),
        Text("" if finding.entry is None else str(finding.entry)),
        Text("\n".join(map(printable, details))),
    )
