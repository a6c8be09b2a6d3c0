"""The configuration file of each process of the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from deploy.ceremony.founding import Federation
from deploy.demo.agencies.loading import mapping_path
from deploy.demo.cluster import Access
from deploy.demo.province import FEDERATION

_MEMBER: Final = """[member]
federation = "{federation}"
id = "{member}"
keys = "keys"
roster_file = "roster.envelope"
authorities_file = "authorities.toml"
"""
_SERVING: Final = """
[listen]
address = "{address}"
reflection = true

[log]
anchor_file = "anchor"

[telemetry]
level = "warning"
"""
_NODE: Final = """
[database]
source_dsn = "{access.source_dsn}"
log_dsn = "{access.service_dsn}"
owner_dsn = "{access.owner_dsn}"

[records]
mapping_file = "{mapping}"

[policy]
policy_file = "{policy}"
"""
_COORDINATOR: Final = """
[database]
log_dsn = "{access.service_dsn}"
owner_dsn = "{access.owner_dsn}"

[inquiry]
deadline_seconds = 10.0
"""
_AUDITOR: Final = """
[audit]
reason = "pemeriksaan berkala / periodic audit"
case_reference = "AUDIT-{federation}-1"
"""


def write_node(federation: Federation, member: str, access: Access, address: str) -> Path:
    """Write node.toml into the member's folder."""
    mapping = mapping_path(member)
    body = _NODE.format(access=access, mapping=mapping, policy=mapping.with_name("policy.toml"))
    return _write(federation, member, "node.toml", _SERVING.format(address=address) + body)


def write_coordinator(federation: Federation, member: str, access: Access, address: str) -> Path:
    """Write coordinator.toml into the member's folder."""
    body = _SERVING.format(address=address) + _COORDINATOR.format(access=access)
    return _write(federation, member, "coordinator.toml", body)


def write_auditor(federation: Federation, member: str) -> Path:
    """Write auditor.toml into the member's folder."""
    return _write(federation, member, "auditor.toml", _AUDITOR.format(federation=FEDERATION))


def _write(federation: Federation, member: str, name: str, body: str) -> Path:
    path = federation.member(member).root / name
    path.write_text(_MEMBER.format(federation=FEDERATION, member=member) + body)
    return path
