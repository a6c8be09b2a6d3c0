"""Whether a query may set out: genuine, through this coordinator, by an officer who may ask this of these members."""

from __future__ import annotations

from federation.envelope import Envelope
from federation.errors import MethodNotAllowed, WrongAudience
from federation.query import Query
from federation.seal import Opener, Verified
from federation.serving.tls import Peer


def take_in(envelope: Envelope, opener: Opener, *, coordinator: str, caller: Peer) -> Verified[Query]:
    """Open an officer's query; refuses one that is not for this coordinator, or that the caller may not bring.

    An officer brings their own queries; a member's process may bring those of its officers. The window is checked
    apart, since a query asked before is resumed whatever the window.
    """
    query = opener.query(envelope, countersigned=False)
    asked, officer = query.statement, query.officers[0].statement
    if asked.via != coordinator:
        raise WrongAudience("the query names another coordinator", via=asked.via)
    if officer.member != caller.member or (caller.officer and caller.officer not in _officers(query)):
        raise MethodNotAllowed(
            "a query is brought by its officer, or by the officer's own member", member=caller.member
        )
    if any(asked.purpose not in signer.statement.purposes for signer in query.officers):
        raise MethodNotAllowed("the officer's credential does not name this purpose", purpose=asked.purpose)
    opener.roster.in_good_standing(officer.member, "requester")
    for member in asked.audience:
        opener.roster.member(member)
        if "node" not in opener.roster.member(member).roles:
            raise WrongAudience("the audience names a member that has no node", member=member)
    return query


def _officers(query: Verified[Query]) -> set[str]:
    return {signer.statement.officer for signer in query.officers}
