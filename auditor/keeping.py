"""Evidence as it is kept: ciphertexts and wraps held against what the entries signed, without opening any."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from auditor.finding import Finding, row
from auditor.reading import Line, Reading
from auditor.rosters import Rosters
from federation.evidence import wraps_digest
from federation.tlog.rows import EvidenceRow, WrapRow

MUST_HAVE_EVIDENCE = frozenset(
    {
        "query_asked",
        "query_received",
        "answer_given",
        "refusal_given",
        "reply_accepted",
        "result_given",
        "evidence_opened",
        "roster_accepted",
    }
)


def check_ciphertexts(reading: Reading) -> Iterator[Finding]:
    """Hold every row of the table evidence against the entries, and every entry against the rows."""
    rows = {kept.digest: kept for kept in reading.copy.evidence}
    for line in reading.due:
        kept = rows.get(line.entry.evidence_digest)
        if kept is not None:
            yield from _of_line(reading, line, kept)
        elif line.entry.evidence_digest:
            yield _evidence("evidence_missing", reading, line.entry.evidence_digest, line, found="no row")
        elif line.entry.kind in MUST_HAVE_EVIDENCE:
            yield Finding(
                kind="evidence_absent",
                member=reading.member,
                table="log_entry",
                row=row(index=line.index),
                entry=line.index,
            )
    for kept in reading.copy.evidence:
        yield from _row_itself(reading, kept)


def check_wraps(reading: Reading, rosters: Rosters) -> Iterator[Finding]:
    """Hold every row of the table evidence_wrap against its entry's W, the rosters, and the wrap handed out."""
    groups: dict[bytes, list[WrapRow]] = defaultdict(list)
    for kept in reading.copy.wraps:
        groups[kept.group].append(kept)
    sound = {group for group, rows in groups.items() if group in reading.by_group and _sound(reading, group, rows)}
    named = [
        finding
        for kept in reading.copy.wraps
        for finding in _wrap_itself(reading, kept, rosters, sure=kept.group not in sound or not rosters.missing)
    ]
    yield from named
    strays = [kept for group, rows in groups.items() if group not in reading.by_group for kept in rows]
    placed: set[int] = set()
    explained = {finding.row for finding in named}
    for group, lines in reading.by_group.items():
        if lines[0].index < reading.judged:
            yield from _group(reading, group, (groups.get(group, []), strays), placed, explained)
    for stray in strays:
        if id(stray) not in placed:
            yield _wrap("wrap_unnamed", reading, stray)


def wrap_key(kept: WrapRow) -> str:
    """A wrap's row by its primary key."""
    return row(group=kept.group, recipient=kept.recipient, key_id=kept.key_id)


def _of_line(reading: Reading, line: Line, kept: EvidenceRow) -> Iterator[Finding]:
    if kept.group != line.entry.evidence_group:
        yield _evidence(
            "evidence_group_differs",
            reading,
            kept.digest,
            line,
            expected=f"group {line.entry.evidence_group.hex()}",
            found=f"group {kept.group.hex()}",
        )
    gone, erased = not kept.ct, kept.digest in reading.erased
    if gone and not erased and line.entry.evidence_group not in reading.erased:
        yield _evidence("evidence_gone", reading, kept.digest, line, found="no ciphertext, and no entry that erased it")
    if erased and not gone:
        yield _evidence("evidence_kept", reading, kept.digest, line)


def _row_itself(reading: Reading, kept: EvidenceRow) -> Iterator[Finding]:
    """Whether a ciphertext has its digest, and some entry names it."""
    own = hashlib.sha256(kept.ct or b"").digest()
    lines = reading.by_evidence.get(kept.digest)
    if lines is None:
        meant = next(iter(reading.by_evidence.get(own, ())), None)
        yield _evidence(
            "evidence_unnamed",
            reading,
            kept.digest,
            meant,
            expected=f"the digest of its ciphertext, {own.hex()}" if meant else "an entry that names it",
        )
    elif kept.ct and own != kept.digest:
        yield _evidence("evidence_altered", reading, kept.digest, lines[0], found=f"SHA-256 {own.hex()}")


def _wrap_itself(reading: Reading, kept: WrapRow, rosters: Rosters, *, sure: bool) -> Iterator[Finding]:
    """What a row shows of itself: a recipient that no roster names, a wrap handed out that has another digest.

    A recipient may be of a roster that the auditor lacks: then, unless `sure`, it is believed.
    """
    if sure and not rosters.knows_recipient(kept.recipient, kept.key_id):
        yield _wrap("wrap_recipient_unknown", reading, kept, expected="a member's evidence key in a roster")
    for handed in reading.handed_for(kept):
        own = hashlib.sha256(handed.wrap or b"").digest()
        if handed.wrap and own != kept.wrap_sha256:
            expected, found = kept.wrap_sha256.hex(), own.hex()
            yield _wrap("wrap_altered", reading, kept, expected=f"SHA-256 {expected}", found=f"SHA-256 {found}")


def _group(
    reading: Reading,
    group: bytes,
    rows: tuple[Sequence[WrapRow], Sequence[WrapRow]],
    placed: set[int],
    explained: set[str],
) -> Iterator[Finding]:
    """Hold a group's wraps against the W of its entries; where one is missing, look for it among the strays."""
    own, strays = rows
    signed = _signed(reading, group)
    for digest, line in signed.items():
        if len(signed) > 1 and digest != next(iter(signed)):
            yield _group_finding(reading, group, line, "another W than the group's other entries")
    if _sound(reading, group, own):
        return
    for stray in strays:
        if _digest([*own, stray]) in signed:
            placed.add(id(stray))
            line = reading.by_group[group][0]
            yield _wrap("wrap_misplaced", reading, stray, expected=f"group {group.hex()}", line=line)
            return
    if not any(wrap_key(kept) in explained for kept in own):
        held = ", ".join(f"{kept.recipient} {kept.key_id}" for kept in own) or "no wraps"
        yield _group_finding(reading, group, reading.by_group[group][0], held)


def _sound(reading: Reading, group: bytes, rows: Sequence[WrapRow]) -> bool:
    return _digest(rows) in _signed(reading, group)


def _signed(reading: Reading, group: bytes) -> Mapping[bytes, Line]:
    """The W of a group as its entries signed it; where it was wrapped anew, as the entries since then did."""
    found: dict[bytes, Line] = {}
    anew = reading.rewrapped.get(group)
    for line in reading.by_group[group] if anew is None else (anew,):
        found.setdefault(line.entry.wraps_digest, line)
    return found


def _digest(rows: Sequence[WrapRow]) -> bytes:
    try:
        return wraps_digest((kept.recipient, kept.key_id, kept.wrap_sha256) for kept in rows)
    except ValueError:
        return b""  # a key id that is not hex, which no entry can have signed


def _group_finding(reading: Reading, group: bytes, line: Line, found: str) -> Finding:
    return Finding(
        kind="wraps_differ",
        member=reading.member,
        table="evidence_wrap",
        row=row(group=group),
        entry=line.index,
        expected=f"W {line.entry.wraps_digest.hex()}",
        found=found,
    )


def _wrap(
    kind: str, reading: Reading, kept: WrapRow, *, expected: str = "", found: str = "", line: Line | None = None
) -> Finding:
    lines = (line,) if line is not None else reading.by_group.get(kept.group, ())
    return Finding(
        kind=kind,
        member=reading.member,
        table="evidence_wrap",
        row=wrap_key(kept),
        entry=lines[0].index if lines else None,
        expected=expected,
        found=found,
    )


def _evidence(
    kind: str, reading: Reading, digest: bytes, line: Line | None, *, expected: str = "", found: str = ""
) -> Finding:
    return Finding(
        kind=kind,
        member=reading.member,
        table="evidence",
        row=row(digest=digest),
        entry=None if line is None else line.index,
        expected=expected,
        found=found,
    )
