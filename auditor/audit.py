"""How an audit runs, step by step: from copies, trusting nobody's server."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from auditor.copies import Copy
from auditor.docket import Docket
from auditor.finding import Finding
from auditor.integrity import read_log
from auditor.keeping import check_ciphertexts, check_wraps
from auditor.opening import Auditor, Opened, Unsealing
from auditor.reading import Reading
from auditor.receipts import Receipts
from auditor.reconcile import reconcile
from auditor.rosters import Rosters


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberAudit:
    """What was looked at in one member's log: `judged` entries of `entries`, envelopes opened, receipts held."""

    member: str
    origin: str
    entries: int
    judged: int
    opened: int
    receipts: int
    began: datetime
    ended: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What an audit found; `members` are those that were copied, `uncopied` those that could not be."""

    federation: str
    roster_version: int
    auditor: str
    members: tuple[MemberAudit, ...]
    uncopied: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def faults(self) -> tuple[Finding, ...]:
        """The findings without the notes."""
        return tuple(finding for finding in self.findings if finding.severity == "finding")

    @property
    def exit_code(self) -> int:
        """0 clean, 1 findings, 3 a member's log could not be copied."""
        if self.uncopied:
            return 3
        return 1 if self.faults else 0


def audit(
    copies: Mapping[str, Copy], rosters: Rosters, auditor: Auditor, failures: Iterable[Finding] = ()
) -> AuditReport:
    """Judge copies of the members' logs; `failures` say which could not be made.

    SPEC: 07-audit. Only the rosters, vouched for by pinned authorities, and the auditor's own key are believed.
    """
    findings = list(failures)
    # 1 to 3: each log by itself: signatures, one tree with every signed root, every entry in it
    readings = {}
    for member in rosters.logs():
        copy, verifier = copies.get(member.id), rosters.verifier(member.id)
        if copy is not None and verifier is not None:
            readings[member.id], found = read_log(copy, verifier)
            findings += found
    # 4: evidence as it is kept, then as it reads: digests, wraps, signatures, credentials, the roster then in force
    opened: dict[str, Opened] = {}
    for reading in readings.values():
        findings += check_ciphertexts(reading)
        findings += check_wraps(reading, rosters)
        unsealing = Unsealing(reading, rosters, auditor)
        opened[reading.member] = unsealing.run()
        findings += unsealing.findings
    # 5: members against one another: receipts on both sides, then coordinator against nodes
    for reading in readings.values():
        findings += Receipts(reading, readings, rosters).check()
    findings += reconcile({member: Docket(reading, opened[member]) for member, reading in readings.items()})
    return _report(rosters, auditor, readings, opened, findings)


def _report(
    rosters: Rosters,
    auditor: Auditor,
    readings: Mapping[str, Reading],
    opened: Mapping[str, Opened],
    findings: list[Finding],
) -> AuditReport:
    """Findings before notes, each log's by table and entry."""
    told = {finding.member for finding in findings if finding.kind == "not_copied"}
    uncopied = tuple(member.id for member in rosters.logs() if member.id not in readings)
    if rosters.missing:
        findings.append(Finding(kind="roster_missing", member="", found=f"version {rosters.missing} and before"))
    findings += [Finding(kind="not_copied", member=member) for member in uncopied if member not in told]
    ordered = sorted(
        findings, key=lambda f: (f.severity == "note", f.member, f.table, -1 if f.entry is None else f.entry)
    )
    return AuditReport(
        federation=rosters.newest.federation,
        roster_version=rosters.newest.version,
        auditor=auditor.member,
        members=tuple(_member(reading, opened[member]) for member, reading in readings.items()),
        uncopied=uncopied,
        findings=tuple(ordered),
    )


def _member(reading: Reading, opened: Opened) -> MemberAudit:
    return MemberAudit(
        member=reading.member,
        origin=reading.origin,
        entries=reading.size,
        judged=reading.judged,
        opened=len(opened),
        receipts=len(reading.copy.receipts),
        began=reading.copy.began,
        ended=reading.copy.ended,
    )
