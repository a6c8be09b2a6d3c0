"""What an audit tells people and other programs, and what it never tells."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import auditor.report
from auditor.audit import AuditReport
from auditor.finding import Finding, kinds, row
from auditor.report import print_report, to_json
from federation.append import query_entry
from federation.terms import Language
from tests.unit.auditor.invented import AT, Invented


def printed(report: AuditReport, language: Language) -> str:
    console = Console(file=io.StringIO(), width=200)
    print_report(report, console, language)
    text: str = console.file.getvalue()  # type: ignore[attr-defined]
    return text


def test_a_clean_audit_says_so_in_both_languages() -> None:
    report = Invented().audit()
    assert "Clean" in printed(report, "en")
    assert "Bersih" in printed(report, "id")


def test_a_finding_is_printed_with_its_table_row_and_entry() -> None:
    world = Invented()
    copies = world.copies()
    copies["polri"] = replace(copies["polri"], evidence=())
    text = printed(world.audit(copies), "en")
    assert "evidence_missing" in text
    assert f"evidence digest={world.logs['polri'].evidence[0].digest.hex()[:8]}" in text
    assert "1 findings, 0 notes" in text


def test_a_member_that_was_not_copied_is_printed() -> None:
    world = Invented()
    copies = world.copies()
    del copies["polri"]
    assert "Not copied: polri." in printed(world.audit(copies), "en")


def test_the_json_holds_every_finding_with_its_words() -> None:
    world = Invented()
    copies = world.copies()
    copies["polri"] = replace(copies["polri"], tiles=(), newest_edge=b"")
    report = json.loads(to_json(world.audit(copies), "id"))
    assert report["exit_code"] == 1
    assert [(f["kind"], f["severity"], f["member"]) for f in report["findings"]] == [
        ("edge_differs", "finding", "polri")
    ]
    assert report["findings"][0]["says"] == kinds()["edge_differs"].indonesian


def test_no_report_holds_an_attribute_of_the_person_asked_about() -> None:
    world = Invented()
    asked = world.carry(at=AT)
    forged = replace(asked.query.envelope, signatures=asked.query.envelope.signatures[:1])
    world.logs["imigrasi"].append((query_entry("query_received", asked.query, AT), forged))
    copies = world.copies()
    copies["satgas"] = replace(copies["satgas"], evidence=(), receipts=(), tiles=())
    report = world.audit(copies)
    assert len(report.faults) > 5
    assert b"Invented" not in to_json(report, "en")


def test_a_finding_of_a_kind_that_is_not_told_is_refused() -> None:
    with pytest.raises(ValueError, match=r"kinds\.toml"):
        Finding(kind="unheard_of", member="polri")


def test_a_row_is_named_by_its_primary_key() -> None:
    assert row(group=b"\x01\x02", recipient="polri", n=3) == "group=0102 recipient=polri n=3"


def test_every_kind_that_is_told_is_found_somewhere() -> None:
    folder = Path(auditor.report.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("*.py"))
    assert [kind for kind in kinds() if f'"{kind}"' not in source] == []
