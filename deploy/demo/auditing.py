"""The demo's audit: the same as `simpul-auditor audit`, with its table shown and its verdict returned."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from auditor.audit import AuditReport, audit
from auditor.collect import collect, find_rosters
from auditor.config import load_keys, load_roster, load_settings
from auditor.mirror import Mandate
from auditor.opening import Auditor
from auditor.report import print_report
from auditor.rosters import beside
from federation.instant import system_clock


async def run_audit(config: Path, console: Console) -> AuditReport:
    """Copy every member's log, verify, open, reconcile, and show what was found."""
    settings = load_settings(config)
    keys, roster = load_keys(settings), load_roster(settings)
    mandate = Mandate(
        federation=roster.statement.federation,
        auditor=settings.member,
        reason=settings.reason,
        case_reference=settings.case_reference,
        signer=keys.statement,
    )
    rosters = await find_rosters(roster, beside(settings.roster_file), keys.tls)
    copied, failures = await collect(rosters, keys.tls, mandate, system_clock)
    report = audit(copied, rosters, Auditor(member=settings.member, key=keys.evidence), failures)
    print_report(report, console, "id")
    return report
