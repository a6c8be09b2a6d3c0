"""Evidence opened with the auditor's own key: what each entry's statement really says, and who signed it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from auditor.facts import contradictions
from auditor.finding import Finding, about, row
from auditor.keeping import wrap_key
from auditor.reading import Line, Reading
from auditor.rosters import Rosters
from auditor.statements import OPEN, InForce
from federation.envelope import Envelope
from federation.errors import CorruptLog, FederationError, MalformedStatement, UnknownStatementType
from federation.evidence import Ciphertext, EvidenceKey, decrypt, unwrap
from federation.roster import Roster
from federation.seal import Verified
from federation.tlog.receipt import Receipt, verify
from federation.tlog.rows import EvidenceRow
from federation.wire.entry import decode_entry
from federation.wire.envelope import decode_envelope
from federation.wire.statement import decode

Opened = Mapping[int, Verified[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Auditor:
    """Who audits, and the key that evidence is wrapped to for it."""

    member: str
    key: EvidenceKey


class Unsealing:
    """Opens the evidence of one log, line after line, under the roster that the log had accepted by then."""

    def __init__(self, reading: Reading, rosters: Rosters, auditor: Auditor) -> None:
        self._reading = reading
        self._rosters = rosters
        self._auditor = auditor
        self._rows = {kept.digest: kept for kept in reading.copy.evidence}
        self._secrets: dict[bytes, bytes | None] = {}
        self._in_force = InForce(reading, rosters)
        self.findings: list[Finding] = []

    def run(self) -> Opened:
        """Open all that is judged and can be opened; what is wrong goes to `findings`. SPEC: 07-audit 4."""
        opened: dict[int, Verified[Any]] = {}
        if self._reading.copy.withheld:
            reason = self._reading.copy.withheld
            self.findings.append(Finding(kind="wraps_withheld", member=self._reading.member, found=reason))
        for line in self._reading.due:
            envelope = self._envelope(line)
            if line.entry.kind == "roster_accepted":
                self._take_roster(line, envelope)
            elif envelope is not None:
                verified = self._verified(line, envelope)
                if verified is not None:
                    opened[line.index] = verified
        self.findings += _own_openings(self._reading)
        return opened

    def _envelope(self, line: Line) -> Envelope | None:
        """A line's envelope, out of its ciphertext; None where there is none or it does not open."""
        kept = self._rows.get(line.entry.evidence_digest)
        if kept is None or not kept.ct or hashlib.sha256(kept.ct).digest() != kept.digest:
            return None
        secret = self._secret(line)
        if secret is None:
            return None
        try:
            envelope = decode_envelope(decrypt(_ciphertext(line, kept, kept.ct), secret, self._reading.origin))
        except (CorruptLog, MalformedStatement) as error:
            self._evidence("evidence_unopened", line, found=error.message)
            return None
        if envelope.statement_digest != line.entry.statement_digest:
            self._evidence(
                "evidence_other",
                line,
                expected=f"statement digest {line.entry.statement_digest.hex()}",
                found=envelope.statement_digest.hex(),
            )
            return None
        return envelope

    def _secret(self, line: Line) -> bytes | None:
        group = line.entry.evidence_group
        if group not in self._secrets:
            self._secrets[group] = None if self._reading.copy.withheld else self._unwrap(line, group)
        return self._secrets[group]

    def _unwrap(self, line: Line, group: bytes) -> bytes | None:
        key, member = self._auditor.key, self._auditor.member
        handed = self._reading.handed_to(group, member, key.public.key_id)
        if handed is None:
            self._no_wrap(line, group)
            return None
        if not handed.wrap:
            if group not in self._reading.erased:
                self._wrap("evidence_gone", line, wrap_key(handed), "no wrap, and no entry that erased it")
            return None
        if group in self._reading.erased:
            self._wrap("evidence_kept", line, wrap_key(handed), "a wrap, after its group was erased")
        try:
            return unwrap(handed.wrap, key, origin=self._reading.origin, group=group, recipient=member)
        except CorruptLog as error:
            self._wrap("wrap_unopened", line, wrap_key(handed), error.message)
            return None

    def _no_wrap(self, line: Line, group: bytes) -> None:
        """Without a wrap: a fault, unless the evidence is older than the auditor's key."""
        keys = [
            key
            for roster in self._rosters
            if self._auditor.member in roster.by_id and roster.window.start <= line.entry.instant
            for key in roster.by_id[self._auditor.member].keys_for("evidence", line.entry.instant)
            if hashlib.sha256(key.public).hexdigest() == self._auditor.key.public.key_id
        ]
        self._wrap("wrap_absent" if keys else "wrap_before_auditor", line, row(group=group), "no row for its key")

    def _take_roster(self, line: Line, envelope: Envelope | None) -> None:
        """Note the roster that the log accepted; another one of a version held here is a fork of the roster."""
        digest = line.entry.statement_digest
        self._in_force.step()
        if self._rosters.opener(digest) is not None or envelope is None:
            return
        version = _version(envelope)
        forked = version is not None and self._rosters.missing < version <= self._rosters.newest.version
        kind = "roster_forked" if forked else "roster_unknown"
        self.findings.append(about(kind, self._reading.member, line.index, found=f"version {version}, {digest.hex()}"))

    def _verified(self, line: Line, envelope: Envelope) -> Verified[Any] | None:
        """Open a line's envelope under the roster then in force, and hold the entry against it."""
        how = OPEN.get(line.entry.kind)
        if how is None:
            return None
        reason = ""
        for opener in self._in_force.openers(line.entry.instant):
            try:
                verified = how(opener, envelope, line, self._reading.member)
            except FederationError as error:
                reason = reason or f"{type(error).__name__}: {error.message}"
                continue
            self._contradicted(line, verified)
            return verified
        self._evidence("statement_untrusted", line, expected="a statement that opens", found=reason)
        return None

    def _contradicted(self, line: Line, verified: Verified[Any]) -> None:
        for name, expected, found in contradictions(line.entry, self._reading.member, verified):
            self.findings.append(
                about(
                    "entry_contradicts",
                    self._reading.member,
                    line.index,
                    expected=f"{name}: {expected}",
                    found=f"{name}: {found}",
                )
            )

    def _evidence(self, kind: str, line: Line, *, expected: str = "", found: str = "") -> None:
        self.findings.append(
            Finding(
                kind=kind,
                member=self._reading.member,
                table="evidence",
                row=row(digest=line.entry.evidence_digest),
                entry=line.index,
                expected=expected,
                found=found,
            )
        )

    def _wrap(self, kind: str, line: Line, key: str, found: str) -> None:
        self.findings.append(
            Finding(
                kind=kind,
                member=self._reading.member,
                table="evidence_wrap",
                row=key,
                entry=line.index,
                expected=f"a wrap for {self._auditor.member}",
                found=found,
            )
        )


def _ciphertext(line: Line, kept: EvidenceRow, ct: bytes) -> Ciphertext:
    """A ciphertext in the group that its entry signed: a changed group is a finding of its own."""
    return Ciphertext(digest=kept.digest, group=line.entry.evidence_group, envelope_sha256=kept.envelope_sha256, ct=ct)


def _version(envelope: Envelope) -> int | None:
    try:
        roster, _ = decode(envelope.payload_type, envelope.payload)
    except FederationError:
        return None
    return roster.version if isinstance(roster, Roster) else None


def _own_openings(reading: Reading) -> list[Finding]:
    """Each opening this audit made must be proven, by a receipt, to stand in the log. SPEC: 06-evidence 5."""
    findings = []
    for opening in reading.copy.openings:
        try:
            receipt = Receipt.parse(opening.receipt)
            verify(receipt, reading.verifier)
            entry = decode_entry(receipt.entry)
            if entry.kind != "evidence_opened" or entry.statement_digest != opening.request_digest:
                raise UnknownStatementType("the receipt is for another entry")
            if not reading.holds(receipt.index, receipt.entry):
                raise CorruptLog("the log does not hold the entry that the receipt proves")
        except FederationError as error:
            findings.append(
                Finding(
                    kind="opening_unlogged",
                    member=reading.member,
                    expected=f"an entry evidence_opened of {opening.request_digest.hex()}",
                    found=error.message,
                    proof=opening.receipt.decode(errors="backslashreplace"),
                )
            )
    return findings
