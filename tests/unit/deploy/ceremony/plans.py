"""Members and instants that the ceremony's tests share."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from deploy.ceremony.members import MemberPlan
from deploy.ceremony.officers import OfficerPlan

AT: Final = datetime(2026, 11, 20, 8, 30, 15, 123456, tzinfo=UTC)


def plan(member_id: str, *roles: str) -> MemberPlan:
    """A member that serves on the loopback address."""
    return MemberPlan(
        id=member_id,
        name_indonesian=f"Kantor {member_id}",
        name_english=f"Office {member_id}",
        roles=frozenset(roles or ("node", "requester")),
        endpoints={"node": "127.0.0.1:7001"},
    )


def officer(hours: int = 12) -> OfficerPlan:
    """An officer who may look after routine oversight."""
    return OfficerPlan(
        id="alya", office="Wasdak", purposes=("routine_oversight",), coordinator="koordinator", hours=hours
    )
