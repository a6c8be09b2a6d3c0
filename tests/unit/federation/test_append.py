"""A member's appends: evidence that opens again, one group for each retention rule, and nothing in the clear."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from federation.append import Draft, MemberLog
from federation.entry import Entry, request_digest
from federation.envelope import Envelope
from federation.errors import CorruptLog, LogUnavailable, QueryExpired
from federation.evidence import wraps_digest
from federation.tlog.log import Appended, Call, Leaf, Log, Placed, Wrap
from federation.tlog.rows import EvidenceRow, WrapRow
from federation.wire.entry import decode_entry
from federation.wire.envelope import encode_envelope
from tests.vectors import cast as example

ORIGIN = example.origin(example.NODE)
ENVELOPES = (example.countersigned(example.signed_query()), example.sole_query())


@dataclass
class Kept:
    """What a log was given, and gives back."""

    leaves: list[Leaf] = field(default_factory=list)
    wraps: list[Wrap] = field(default_factory=list)
    erased: bool = False
    unavailable: bool = False

    async def place(self, call: Call) -> Placed:
        """Keep all of it."""
        wraps: list[Wrap] = []
        leaves = call.make(wraps)
        if self.unavailable:
            raise LogUnavailable("not now")
        self.leaves += leaves
        self.wraps += wraps
        appended = tuple(Appended(index=n, entry=leaf.entry, fresh=True) for n, leaf in enumerate(leaves))
        return Placed(appended=appended, returned={})

    async def evidence_of(self, digests: Sequence[bytes]) -> list[EvidenceRow]:
        """The ciphertexts of these digests."""
        kept = [leaf.evidence for leaf in self.leaves if leaf.evidence and leaf.evidence.digest in digests]
        return [
            EvidenceRow(
                digest=one.digest,
                group=one.group,
                envelope_sha256=one.envelope_sha256,
                ct=None if self.erased else one.ct,
            )
            for one in kept
        ]

    async def wraps_of(self, groups: Sequence[bytes], recipient: str) -> list[WrapRow]:
        """The wraps of these groups for one recipient."""
        return [
            WrapRow(
                group=one.group,
                recipient=one.recipient,
                key_id=one.key_id,
                wrap_sha256=one.wrap_sha256,
                wrap=one.wrap,
            )
            for one in self.wraps
            if one.group in groups and one.recipient == recipient
        ]


def member_log(kept: Kept, key: int = 65, seconds: Callable[[], float] = lambda: 0.0) -> MemberLog:
    return MemberLog(
        cast("Log", kept),
        member=example.NODE,
        origin=ORIGIN,
        key=example.evidence_key(key),
        recipients=example.recipients,
        seconds=seconds,
    )


def draft(envelope: Envelope | None = ENVELOPES[0], **changes: Any) -> Draft:
    digest = envelope.statement_digest if envelope else bytes(32)
    entry = Entry(
        kind="query_received",
        instant=example.AT,
        statement_digest=digest,
        query_digest=digest,
        members=(example.NODE,),
        retention="standard",
    )
    return Draft(entry=replace(entry, **changes), envelope=envelope)


def entries(kept: Kept) -> list[Entry]:
    return [decode_entry(leaf.entry) for leaf in kept.leaves]


async def test_what_was_logged_opens_again_with_the_members_own_key() -> None:
    kept = Kept()
    log = member_log(kept)
    await log.append([draft(envelope) for envelope in ENVELOPES])
    assert tuple([await log.envelope_of(entry) for entry in entries(kept)]) == ENVELOPES


async def test_an_entry_names_its_evidence_its_group_and_the_digest_over_all_wraps() -> None:
    kept = Kept()
    await member_log(kept).append([draft()])
    (entry,), (leaf,) = entries(kept), kept.leaves
    assert leaf.evidence is not None
    assert entry.evidence_digest == leaf.evidence.digest == hashlib.sha256(leaf.evidence.ct).digest()
    assert entry.evidence_group == leaf.evidence.group
    rows = [(one.recipient, one.key_id, one.wrap_sha256) for one in kept.wraps]
    assert entry.wraps_digest == wraps_digest(rows)
    assert {one.recipient for one in kept.wraps} == {example.NODE, example.AUDITOR}
    assert leaf.request == request_digest(entry)


async def test_envelopes_of_one_retention_rule_share_a_group_and_of_two_do_not() -> None:
    kept = Kept()
    drafts = [draft(ENVELOPES[0]), draft(ENVELOPES[1]), draft(ENVELOPES[1], retention="investigation")]
    await member_log(kept).append(drafts)
    one, other, third = entries(kept)
    assert one.evidence_group == other.evidence_group != third.evidence_group
    assert len(kept.wraps) == 4


async def test_appends_of_one_second_share_a_group_and_its_wraps_are_logged_once() -> None:
    kept, now = Kept(), [100.0]
    log = member_log(kept, seconds=lambda: now[0])
    for now[0] in (100.0, 100.9, 101.0):
        await log.append([draft()])
    one, other, third = entries(kept)
    assert one.evidence_group == other.evidence_group != third.evidence_group
    assert one.wraps_digest == other.wraps_digest != third.wraps_digest
    assert [wrap.group for wrap in kept.wraps] == [one.evidence_group] * 2 + [third.evidence_group] * 2
    assert await log.envelope_of(other) == ENVELOPES[0]


async def test_a_group_takes_256_envelopes_and_no_more() -> None:
    kept = Kept()
    log = member_log(kept)
    for _ in range(257):
        await log.append([draft()])
    groups = [entry.evidence_group for entry in entries(kept)]
    assert len(set(groups[:256])) == 1
    assert groups[256] != groups[0]


async def test_one_append_of_more_than_a_group_takes_begins_another_with_its_own_wraps() -> None:
    kept = Kept()
    log = member_log(kept)
    await log.append([draft()])
    await log.append([draft() for _ in range(256)])
    groups = [entry.evidence_group for entry in entries(kept)]
    assert len(set(groups[:256])) == 1
    assert groups[256] != groups[0]
    assert {wrap.group for wrap in kept.wraps} == set(groups)
    assert await log.envelope_of(entries(kept)[256]) == ENVELOPES[0]


async def test_after_an_append_that_may_not_stand_a_new_group_begins() -> None:
    kept = Kept()
    log = member_log(kept)
    await log.append([draft()])
    kept.unavailable = True
    with pytest.raises(LogUnavailable):
        await log.append([draft()])
    kept.unavailable = False
    await log.append([draft()])
    one, other = entries(kept)
    assert one.evidence_group != other.evidence_group
    assert {wrap.group for wrap in kept.wraps} == {one.evidence_group, other.evidence_group}


async def test_an_entry_without_an_envelope_has_no_evidence_and_no_wraps() -> None:
    kept = Kept()
    await member_log(kept).append([draft(None, kind="silence", detail="busy")])
    (entry,) = entries(kept)
    assert (entry.evidence_digest, entry.evidence_group, entry.wraps_digest, kept.wraps) == (b"", b"", b"", [])
    assert kept.leaves[0].evidence is None


async def test_nothing_of_a_subject_is_kept_in_the_clear() -> None:
    kept = Kept()
    await member_log(kept).append([draft()])
    (leaf,) = kept.leaves
    assert leaf.evidence is not None
    for told in (b"ERIKSSON", b"L898902C3"):
        assert told in encode_envelope(ENVELOPES[0])
        assert told not in leaf.entry + leaf.evidence.ct + b"".join(one.wrap for one in kept.wraps)


async def test_evidence_that_was_erased_is_said_to_be() -> None:
    kept = Kept()
    log = member_log(kept)
    await log.append([draft()])
    kept.erased = True
    with pytest.raises(QueryExpired, match="erased"):
        await log.envelope_of(entries(kept)[0])
    kept.erased, kept.wraps = False, []
    with pytest.raises(QueryExpired, match="erased"):
        await log.envelope_of(entries(kept)[0])


async def test_evidence_for_a_key_that_this_process_does_not_hold_is_a_fault_of_the_log() -> None:
    kept = Kept()
    await member_log(kept).append([draft()])
    with pytest.raises(CorruptLog, match="no wrap of this evidence is for the key"):
        await member_log(kept, key=99).envelope_of(entries(kept)[0])
