"""Receipts: what each member proved to another, held against the log that it shows the auditor."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from auditor.copies import HeldReceipt
from auditor.finding import Finding, row
from auditor.reading import Line, Reading
from auditor.rosters import Rosters
from federation.entry import REPLY_KINDS, Entry
from federation.errors import FederationError
from federation.tlog.checkpoint import Checkpoint
from federation.tlog.note import Note, NoteVerifier
from federation.tlog.receipt import KnownCheckpoints, Receipt, verify
from federation.wire.entry import decode_entry

PROVEN_BY: Final[Mapping[str, frozenset[str]]] = {
    "query_received": frozenset({"query_asked"}),
    "reply_accepted": REPLY_KINDS,
}
"""Kinds of entries made on the strength of a receipt, and the kinds that the receipt may be of."""


class Receipts:
    """The receipts of one holder, judged under the log keys of the rosters and against the other copies."""

    def __init__(self, holder: Reading, readings: Mapping[str, Reading], rosters: Rosters) -> None:
        self._holder = holder
        self._readings = readings
        self._rosters = rosters
        self._known = KnownCheckpoints()

    def check(self) -> Iterator[Finding]:
        """Find receipts that do not hold, belong to no entry, are denied by their log, or are missing."""
        for held in self._holder.copy.receipts:
            yield from self._one(held)
        rows = {(held.statement_digest, held.member) for held in self._holder.copy.receipts}
        for line in self._holder.due:
            member = _counterpart(line.entry)
            if line.entry.kind in PROVEN_BY and (line.entry.statement_digest, member) not in rows:
                key = row(statement_digest=line.entry.statement_digest, member=member)
                yield self._finding("receipt_missing", (key, line, member), found="no row")

    def _one(self, held: HeldReceipt) -> Iterator[Finding]:
        key = row(statement_digest=held.statement_digest, member=held.member)
        proof = held.proof.decode(errors="backslashreplace")
        try:
            receipt, checkpoint, entry, verifier = self._open(held)
        except FederationError as error:
            line = self._line(held.statement_digest, held.member)
            yield self._finding("receipt_invalid", (key, line, held.member), found=error.message, proof=proof)
            return
        line = self._line(held.statement_digest, held.member) or self._line(entry.statement_digest, held.member)
        if entry.statement_digest != held.statement_digest or (line and entry.kind not in PROVEN_BY[line.entry.kind]):
            found = f"{entry.kind} {entry.statement_digest.hex()}"
            yield self._finding("receipt_of_another", (key, line, held.member), found=found, proof=proof)
        elif line is None or _counterpart(line.entry) != held.member:
            yield self._finding("receipt_unnamed", (key, line, held.member), expected="an entry that it is for")
        yield from self._denied(key, line, held, (receipt, checkpoint), verifier)

    def _open(self, held: HeldReceipt) -> tuple[Receipt, Checkpoint, Entry, NoteVerifier]:
        receipt = Receipt.parse(held.proof)
        origin = Note.parse(receipt.checkpoint).text.decode().partition("\n")[0]
        verifier = self._rosters.verifier(held.member, origin) or self._rosters.verifier(held.member)
        if verifier is None:
            raise _no_log(held.member)
        checkpoint = verify(receipt, verifier, self._known)
        return receipt, checkpoint, decode_entry(receipt.entry), verifier

    def _line(self, statement_digest: bytes, member: str) -> Line | None:
        """The line that a receipt is for, by the statement, preferring one that names the member."""
        lines = [x for x in self._holder.by_statement.get(statement_digest, ()) if x.entry.kind in PROVEN_BY]
        return next((line for line in lines if _counterpart(line.entry) == member), next(iter(lines), None))

    def _denied(
        self,
        key: str,
        line: Line | None,
        held: HeldReceipt,
        proven: tuple[Receipt, Checkpoint],
        verifier: NoteVerifier,
    ) -> Iterator[Finding]:
        """Hold what was proven against the log that the member now shows; a log of an earlier origin is not copied."""
        receipt, checkpoint = proven
        shown = self._readings.get(held.member)
        if shown is None or shown.verifier != verifier:
            return
        proof = f"{held.proof.decode()}\n{shown.copy.newest.decode(errors='backslashreplace')}"
        root = shown.root_at(checkpoint.size)
        if root is None and checkpoint.size <= shown.size:
            return  # the copy itself does not rebuild so far, which is a finding of its own
        if root != checkpoint.root:
            expected = "a longer log" if root is None else f"root {root.hex()} at size {checkpoint.size}"
            found = f"root {checkpoint.root.hex()} at size {checkpoint.size}"
            yield self._finding("receipt_forked", (key, line, held.member), expected=expected, found=found, proof=proof)
        if not shown.holds(receipt.index, receipt.entry):
            found = f"another entry, or none, at index {receipt.index} of the log of {held.member}"
            yield self._finding("receipt_denied", (key, line, held.member), found=found, proof=proof)

    def _finding(
        self,
        kind: str,
        place: tuple[str, Line | None, str],
        *,
        expected: str = "",
        found: str = "",
        proof: str = "",
    ) -> Finding:
        key, line, other = place
        return Finding(
            kind=kind,
            member=self._holder.member,
            table="receipt",
            row=key,
            entry=None if line is None else line.index,
            other=other,
            expected=expected,
            found=found,
            proof=proof,
        )


def _counterpart(entry: Entry) -> str:
    """Whose receipt an entry was made on."""
    if entry.kind == "query_received":
        return entry.via
    return entry.members[0] if entry.members else ""


def _no_log(member: str) -> FederationError:
    return FederationError("no roster names a log key of this member", member=member)
