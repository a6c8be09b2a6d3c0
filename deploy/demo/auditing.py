"""The demo's audit: that of `simpul-auditor audit`, with its table shown and its verdict returned."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from auditor.audit import AuditReport
from auditor.cli.main import audit_members, read_settings
from auditor.report import print_report
from federation.instant import system_clock


async def run_audit(config: Path, console: Console) -> AuditReport:
    """Copy every member's log, verify, open, reconcile, and show what was found."""
    settings, keys, roster = read_settings(config, system_clock())
    report = await audit_members(settings, keys, roster, None)
    print_report(report, console, "id")
    return report
