"""What was acknowledged held against the logs, and audits while members are killed and once all is over."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import asyncpg

from auditor.audit import AuditReport, audit
from auditor.cli.main import copy_members, read_settings
from auditor.opening import Auditor
from bench.load import Acknowledged
from deploy.demo.province import COORDINATOR
from federation.instant import DEFAULT_WINDOW, system_clock
from federation.wire.entry import decode_entry

# What a kill causes by design, both notes: a reply that came after its silence was logged, and a query that was resumed
# and met another silence of the same node, of which the log keeps the first.
ALLOWED: Final = frozenset({"reply_late", "silence_told_otherwise"})
_LEAVES: Final = "SELECT index, leaf FROM simpul.log_entry ORDER BY index"
_QUERY: Final = "SELECT leaf FROM simpul.log_entry WHERE index = $1"
_BATCH: Final = 2000


async def accounted_for(told: Mapping[tuple[str, int], Acknowledged], dsn_of: Callable[[str], str]) -> dict[str, int]:
    """How many acknowledged replies are not in their node's log where the receipt says, were not logged as accepted
    by the coordinator, or were one of two different replies of a node to one query: all must be 0.

    `dsn_of` names the way into a member's database.
    """
    missing = len(told)
    for member in {member for member, _ in told}:
        async for index, leaf in _entries(dsn_of(member)):
            one = told.get((member, index))
            missing -= one is not None and one.leaf == sha256(leaf).digest()
    accepted = set()
    async for _, leaf in _entries(dsn_of(COORDINATOR)):
        entry = decode_entry(leaf)
        if entry.kind == "reply_accepted":
            accepted.add((entry.members[0], entry.statement_digest))
    replies: defaultdict[tuple[str, bytes], set[bytes]] = defaultdict(set)
    for (member, _), one in told.items():
        replies[member, one.query].add(one.reply)
    return {
        "acknowledged_and_missing": missing,
        "acknowledged_and_not_accepted": sum((member, one.reply) not in accepted for (member, _), one in told.items()),
        "told_two_replies": sum(len(digests) > 1 for digests in replies.values()),
    }


async def unexplained(report: AuditReport, calls: Mapping[bytes, int], dsn: str) -> Counter[str]:
    """What an audit found that no kill explains, by kind: all that is not `ALLOWED`, and each silence told otherwise
    whose query was put only once, so that it cannot have met two silences of one node.

    `calls` are how often each query was put, by its digest; `dsn` is the way into the coordinator's database.
    """
    left = Counter(finding.kind for finding in report.findings if finding.kind not in ALLOWED)
    connection = await asyncpg.connect(dsn)
    try:
        for finding in report.findings:
            if finding.kind == "silence_told_otherwise":
                entry = decode_entry(await connection.fetchval(_QUERY, finding.entry))
                left[finding.kind] += calls.get(entry.query_digest, 0) < 2
    finally:
        await connection.close()
    return +left


async def audit_in_between(config: Path) -> Counter[str]:
    """One audit by its command, in a process of its own; what it found by kind, and its exit code."""
    arguments = ("-m", "auditor.cli", "audit", "--config", str(config), "--json")
    # REASON: uvloop's own way to start a program forks, which gRPC does not survive
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, start_new_session=True)
    try:
        output, _ = await asyncio.to_thread(process.communicate)
    except asyncio.CancelledError:
        process.kill()
        raise
    found: dict[str, Any] = json.loads(output) if output else {"findings": []}
    return Counter(finding["kind"] for finding in found["findings"]) + Counter({f"exit_{process.returncode}": 1})


async def last_audit(config: Path) -> AuditReport:
    """What an auditor says as if it had come once every query's window was over: nothing is pending any more."""
    settings, keys, roster = read_settings(config, system_clock())
    rosters, copies, failures = await copy_members(settings, keys, roster)
    judged = {member: replace(copy, ended=copy.ended + 2 * DEFAULT_WINDOW) for member, copy in copies.items()}
    return audit(judged, rosters, Auditor(member=settings.member, key=keys.evidence), failures)


async def _entries(dsn: str) -> AsyncIterator[tuple[int, bytes]]:
    """A member's entries in their order, a batch in memory at a time."""
    connection = await asyncpg.connect(dsn)
    try:
        async with connection.transaction():
            async for row in connection.cursor(_LEAVES, prefetch=_BATCH):
                yield row["index"], row["leaf"]
    finally:
        await connection.close()
