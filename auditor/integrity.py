"""Whether a copy of a log is the log that its member signed: checkpoints, tree, entries, tiles, and their order."""

from __future__ import annotations

from collections.abc import Iterable

from auditor.copies import Copy
from auditor.entries import Shelf, compare_edges, compare_entries, compare_tiles, shelve
from auditor.finding import Finding, about
from auditor.heads import compare_roots, read_heads
from auditor.reading import Line, Reading
from auditor.rebuild import Rebuilt, rebuild
from federation.entry import KINDS, request_digest
from federation.errors import MalformedStatement
from federation.instant import SKEW
from federation.tlog.note import NoteVerifier
from federation.wire.entry import decode_entry


def read_log(copy: Copy, verifier: NoteVerifier) -> tuple[Reading, list[Finding]]:
    """Check a copy against the signatures of its log; return what of it is genuine, and what is wrong.

    SPEC: 07-audit 1 to 3. Nothing stored is believed that the signed roots do not vouch for.
    """
    heads, findings = read_heads(copy, verifier)  # 1 signatures
    shelf = shelve(copy, heads)
    tree = rebuild(shelf.options(), heads.anchors())  # 2 one tree with every signed root
    findings += compare_roots(copy, heads, tree.roots)
    findings += compare_entries(copy.member, shelf, tree, heads.size)  # 3 every entry in it
    findings += compare_tiles(copy, tree, heads.judged, heads.size)
    findings += compare_edges(copy, heads, tree)
    lines, unreadable = _read_lines(copy.member, shelf, tree)
    reading = Reading(
        member=copy.member,
        copy=copy,
        verifier=verifier,
        judged=min(heads.judged, shelf.size),
        size=shelf.size,
        settled=tree.settled,
        leaves=tree.leaves,
        lines=lines,
        roots=tree.roots,
    )
    return reading, [*findings, *unreadable, *_doubled(reading), *_ids_reused(reading), *_clock(reading)]


def _read_lines(member: str, shelf: Shelf, tree: Rebuilt) -> tuple[tuple[Line, ...], list[Finding]]:
    lines: list[Line] = []
    findings: list[Finding] = []
    for index in range(shelf.size):
        genuine = next((r.kept for r in shelf.rows.get(index, ()) if r.leaf == tree.leaves[index]), None)
        if genuine is None:
            continue
        try:
            line = Line(index=index, content=genuine.entry, entry=decode_entry(genuine.entry))
        except MalformedStatement as error:
            findings.append(about("entry_unreadable", member, index, found=error.message))
            continue
        lines.append(line)
        if line.entry.kind not in KINDS:
            findings.append(about("entry_kind_unknown", member, index, found=line.entry.kind))
    return tuple(lines), findings


def _doubled(reading: Reading) -> Iterable[Finding]:
    """Two entries of one request: the log's own rule makes them one."""
    first: dict[bytes, int] = {}
    for line in reading.lines:
        before = first.setdefault(request_digest(line.entry), line.index)
        if before != line.index:
            yield about("entry_twice", reading.member, line.index, found=f"the same as at index {before}")


def _ids_reused(reading: Reading) -> Iterable[Finding]:
    first: dict[bytes, Line] = {}
    for line in reading.lines:
        if not line.entry.query_id:
            continue
        before = first.setdefault(line.entry.query_id, line)
        if before.entry.query_digest != line.entry.query_digest:
            yield about(
                "query_id_reused",
                reading.member,
                line.index,
                expected=f"query digest {before.entry.query_digest.hex()}, as at index {before.index}",
                found=f"query digest {line.entry.query_digest.hex()}",
            )


def _clock(reading: Reading) -> Iterable[Finding]:
    """Instants never fall by more than clocks may differ, and none lies after the copy was made."""
    latest = None
    for line in reading.lines:
        at = line.entry.instant
        if latest is not None and at < latest - SKEW:
            yield about(
                "clock_set_back",
                reading.member,
                line.index,
                expected=f"not before {latest.isoformat()}",
                found=at.isoformat(),
            )
        if at > reading.copy.ended + SKEW:
            yield about(
                "clock_set_back",
                reading.member,
                line.index,
                expected=f"not after {reading.copy.ended.isoformat()}",
                found=at.isoformat(),
            )
        latest = at if latest is None else max(latest, at)
