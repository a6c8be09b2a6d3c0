"""The members of the demo's federation: eleven agencies, the coordinator they share, and the auditors."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from deploy.ceremony.members import MemberPlan

FEDERATION: Final = "banten"
COORDINATOR: Final = "sekretariat"
AUDITOR: Final = "inspektorat"
ASKER: Final = "imigrasi"
_PORTS: Final[Iterator[int]] = iter(range(20_000 + os.getpid() * 97 % 11_000, 32_000))

_AGENCIES: Final[Mapping[str, tuple[str, str]]] = {
    "imigrasi": ("Imigrasi", "Immigration"),
    "tni": ("TNI", "Armed forces"),
    "polri": ("Polri", "Police"),
    "kejaksaan": ("Kejaksaan", "Prosecution"),
    "binda": ("BINDA", "Intelligence agency"),
    "bnnp": ("BNNP", "Narcotics agency"),
    "kesbangpol": ("Kesbangpol", "Kesbangpol"),
    "disnakertrans": ("Disnakertrans", "Manpower"),
    "disdukcapil": ("Disdukcapil", "Civil registry"),
    "bea_cukai": ("Bea Cukai", "Customs"),
    "pemkab_serang": ("Pemkab Serang", "Serang regency"),
}


def plans() -> tuple[MemberPlan, ...]:
    """Every member, with free ports of this machine for those that serve."""
    ports = iter(free_ports(len(_AGENCIES) + 1))
    agencies = tuple(
        _plan(member, names, {"node", "requester", "witness"}, _endpoints("node", next(ports)))
        for member, names in _AGENCIES.items()
    )
    coordinator = _plan(
        COORDINATOR,
        ("Sekretariat Timpora", "Timpora secretariat"),
        {"coordinator", "witness"},
        _endpoints("coordinator", next(ports)),
    )
    auditor = _plan(AUDITOR, ("Inspektorat", "Inspectorate"), {"auditor"}, {})
    return (*agencies, coordinator, auditor)


def is_free(port: int) -> bool:
    """Whether nobody listens on a port of this machine."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def _plan(member: str, names: tuple[str, str], roles: set[str], endpoints: Mapping[str, str]) -> MemberPlan:
    return MemberPlan(
        id=member,
        name_indonesian=names[0],
        name_english=names[1],
        roles=frozenset(roles),
        endpoints=endpoints,
    )


def _endpoints(role: str, port: int) -> Mapping[str, str]:
    return {kind: f"127.0.0.1:{port}" for kind in (role, "querylog", "roster")}


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens at, none named twice by this process.

    They lie below those that systems give to callers, so that none is taken before its member starts.
    """
    return list(islice((port for port in _PORTS if is_free(port)), count))
