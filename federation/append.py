"""A member's appends: entries and their evidence made ready together, logged in one transaction, and read back."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from federation.entry import Entry, request_digest
from federation.envelope import Envelope
from federation.errors import CorruptLog, QueryExpired, QueryIdReused
from federation.evidence import Ciphertext, EvidenceGroup, EvidenceKey, Recipient, decrypt, unwrap
from federation.query import Query
from federation.seal import Verified
from federation.terms import terms
from federation.tlog.log import Appended, Beside, Call, Log, Placed
from federation.tlog.rows import Evidence, Leaf, ReceiptRow, Wrap
from federation.wire.entry import decode_entry, encode_entry
from federation.wire.envelope import decode_envelope, encode_envelope

GROUP_SECONDS: Final = 1.0
GROUP_ENVELOPES: Final = 256
_STANDARD: Final = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What is to be logged: an entry without its evidence fields, and the envelope that is its evidence, if any."""

    entry: Entry
    envelope: Envelope | None = None


class MemberLog:
    """The log of this member, with the keys that evidence is encrypted to."""

    def __init__(
        self,
        log: Log,
        *,
        member: str,
        origin: str,
        key: EvidenceKey,
        recipients: Callable[[], Sequence[Recipient]],
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.log = log
        self.member = member
        self.origin = origin
        self._key = key
        self._recipients = recipients
        self._seconds = seconds
        self._held: dict[str, _Held] = {}

    async def append(
        self, drafts: Sequence[Draft], *, receipts: Sequence[ReceiptRow] = (), beside: Sequence[Beside] = ()
    ) -> tuple[Appended, ...]:
        """Log drafts in one transaction; see `Log.append` for what stands and falls with them."""
        return (await self.place(drafts, receipts=receipts, beside=beside)).appended

    async def place(
        self, drafts: Sequence[Draft], *, receipts: Sequence[ReceiptRow] = (), beside: Sequence[Beside] = ()
    ) -> Placed:
        """Log drafts, and say also what the inserts beside them returned.

        What is logged within one second shares one evidence group for each retention rule, up to 256 envelopes.
        """
        used: set[_Held] = set()

        def make(wraps: list[Wrap]) -> Sequence[Leaf]:
            recipients = tuple(self._recipients())
            return [self._leaf(draft, recipients, wraps, used) for draft in drafts]

        try:
            placed = await self.log.place(Call(make=make, size=len(drafts), receipts=receipts, beside=beside))
        except BaseException:
            self._held.clear()
            raise
        if all(place.fresh for place in placed.appended):
            for held in used:
                held.stored = True
        return placed

    async def receipt(self, appended: Appended) -> bytes:
        """The receipt of an entry as C2SP tlog-proof text, under the newest checkpoint."""
        return (await self.log.receipt(appended)).encode()

    async def envelope_of(self, entry: Entry) -> Envelope:
        """Open the evidence of one of this member's own entries; QueryExpired where it has been erased."""
        found = await self.log.evidence_of((entry.evidence_digest,))
        wraps = [w for w in await self.log.wraps_of((entry.evidence_group,), self.member) if w.wrap]
        if not found or found[0].ct is None or not wraps:
            raise QueryExpired("the evidence of this query was erased under its retention rule")
        row = found[0]
        ciphertext = Ciphertext(
            digest=row.digest, group=row.group, envelope_sha256=row.envelope_sha256, ct=row.ct or b""
        )
        for wrap in wraps:
            if wrap.key_id == self._key.public.key_id and wrap.wrap is not None:
                secret = unwrap(
                    wrap.wrap, self._key, origin=self.origin, group=entry.evidence_group, recipient=self.member
                )
                return decode_envelope(decrypt(ciphertext, secret, self.origin))
        raise CorruptLog("no wrap of this evidence is for the key this process holds")

    def _leaf(self, draft: Draft, recipients: tuple[Recipient, ...], wraps: list[Wrap], used: set[_Held]) -> Leaf:
        if draft.envelope is None:
            return Leaf(request=request_digest(draft.entry), entry=encode_entry(draft.entry), evidence=None)
        held = self._hold(draft.entry.retention, recipients, wraps)
        used.add(held)
        held.envelopes += 1
        sealed = held.group.encrypt(encode_envelope(draft.envelope))
        entry = replace(
            draft.entry,
            evidence_digest=sealed.digest,
            evidence_group=sealed.group,
            wraps_digest=held.group.wraps_digest,
        )
        evidence = Evidence(
            digest=sealed.digest, group=sealed.group, envelope_sha256=sealed.envelope_sha256, ct=sealed.ct
        )
        return Leaf(request=request_digest(entry), entry=encode_entry(entry), evidence=evidence)

    def _hold(self, retention: str, recipients: tuple[Recipient, ...], wraps: list[Wrap]) -> _Held:
        """The group in use, or a new one where it may not go on; until the log has its wraps, they go with it."""
        now = self._seconds()
        found = self._held.get(retention)
        if found is None or not found.may_go_on(recipients, now):
            found = self._held[retention] = _Held(EvidenceGroup(self.origin, recipients), recipients, now)
        if not found.stored and all(wrap.group != found.group.group for wrap in wraps):
            wraps += [
                Wrap(group=w.group, recipient=w.recipient, key_id=w.key_id, wrap_sha256=w.wrap_sha256, wrap=w.wrap)
                for w in found.group.wraps
            ]
        return found


@dataclass(slots=True, eq=False)
class _Held:
    """An evidence group in use: for whom, since when, for how many envelopes, and whether the log has its wraps."""

    group: EvidenceGroup
    recipients: tuple[Recipient, ...]
    since: float
    envelopes: int = 0
    stored: bool = False

    def may_go_on(self, recipients: tuple[Recipient, ...], now: float) -> bool:
        young = now - self.since < GROUP_SECONDS and self.envelopes < GROUP_ENVELOPES
        return young and self.recipients == recipients


def query_entry(
    kind: str,
    query: Verified[Query],
    at: datetime,
    *,
    statement_digest: bytes = b"",
    members: tuple[str, ...] = (),
    detail: str = "",
) -> Entry:
    """An entry about a query: of the query itself, unless a reply's digest and its node are named."""
    asked, officer = query.statement, query.officers[0]
    purpose = terms().purpose.get(asked.purpose)
    return Entry(
        kind=kind,
        instant=at,
        statement_digest=statement_digest or query.digest,
        query_digest=query.digest,
        query_id=asked.query_id,
        requester=officer.statement.member,
        credential_digest=officer.digest,
        via=asked.via,
        members=members or asked.audience,
        purpose=asked.purpose,
        subjects=len(asked.subjects),
        retention=purpose.retention if purpose else _STANDARD,
        detail=detail,
    )


def id_reused(query: Verified[Query]) -> QueryIdReused:
    """What is told of a query whose id the log holds with other bytes."""
    return QueryIdReused("this query id was used for another query", query_id=query.statement.query_id.hex())


def stored_request(content: bytes) -> bytes:
    """The request digest of an entry's stored bytes, as the log's own check recomputes it."""
    return request_digest(decode_entry(content))
