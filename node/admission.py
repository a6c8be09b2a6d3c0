"""Whether an envelope holds a query that this node may consider: genuine, brought by its coordinator, and ours."""

from __future__ import annotations

from federation.envelope import Envelope
from federation.errors import (
    CorruptLog,
    MalformedStatement,
    UntrustedSignature,
    WrongAudience,
)
from federation.query import Query
from federation.roster import Roster
from federation.seal import Opener, Verified
from federation.tlog.receipt import Receipt
from federation.wire.entry import decode_entry


class Admission:
    """Admits queries for one member under one roster."""

    def __init__(self, opener: Opener, member: str) -> None:
        self._opener = opener
        self._member = member

    @property
    def roster(self) -> Roster:
        """The roster queries are judged by."""
        return self._opener.roster

    def admit(self, envelope: Envelope, receipt: bytes, caller: str) -> Verified[Query]:
        """Open a query that `caller` brought; raises what is wrong with it.

        SPEC: 03-node 2, steps 1 to 3: its coordinator, its signatures and receipt, its federation and audience. The
        window is checked apart, since a query known with its reply is answered whatever the window.
        """
        query = self._opener.query(envelope, countersigned=True)
        if query.statement.via != caller:
            raise WrongAudience("another coordinator than the query names brought it", via=query.statement.via)
        self._require_logged(query, receipt)
        if self._member not in query.statement.audience:
            raise WrongAudience("the query is not for this member", member=self._member)
        return query

    def _require_logged(self, query: Verified[Query], text: bytes) -> None:
        via = query.statement.via
        try:
            receipt = Receipt.parse(text)
            self._opener.require_receipt(receipt, via)
            entry = decode_entry(receipt.entry)
        except (CorruptLog, MalformedStatement) as error:
            raise UntrustedSignature("the coordinator's receipt does not verify", via=via) from error
        if entry.kind != "query_asked" or entry.statement_digest != query.digest or entry.via != via:
            raise UntrustedSignature("the coordinator's receipt is for another entry", via=via)
