"""A lie told by one node of an audience, and what must come of it: a silence, recorded, that spoils no other."""

from __future__ import annotations

from federation.wire.entry import decode_entry
from tests.agencies import HELD
from tests.federation import COORDINATOR, LIAR, Federation
from tests.liar import Liar, Lie


async def require_unacceptable(federation: Federation, liar: Liar, lie: Lie) -> None:
    """Have the lie told, refused and recorded; then an honest answer to the next query is accepted again."""
    envelope = federation.sign(federation.query(HELD[0].person, audience=(LIAR, "imigrasi")))
    with liar.lying(lie):
        told = await federation.ask(envelope)
    assert told.silence(LIAR) == "unacceptable"
    assert told.answer("imigrasi").subjects[0].band == "strong"
    assert told.result.subjects[0].silent == (LIAR,)
    rows = await federation.rows(COORDINATOR, "SELECT leaf FROM simpul.log_entry")
    about = [decode_entry(row["leaf"]) for row in rows]
    found = [e for e in about if e.query_digest == envelope.statement_digest and e.members == (LIAR,)]
    assert [(entry.kind, entry.detail) for entry in found] == [("silence", "unacceptable")]
    honest = await federation.ask(federation.query(HELD[0].person, audience=(LIAR, "imigrasi")))
    assert honest.answer(LIAR).subjects[0].band == "none"
