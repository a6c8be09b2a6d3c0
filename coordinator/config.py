"""The coordinator's configuration: one TOML file, in which every path is relative to the file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from federation.config import Strict, load
from federation.errors import ConfigError
from federation.serving.member import (
    ListenTable,
    LogTable,
    MemberTable,
    MetricsTable,
    TelemetryTable,
    member_under,
    require_no_password,
)


class DatabaseTable(Strict, frozen=True, kw_only=True):
    """[database]: the log's database, and its owner's door for migrate and create-log."""

    log_dsn: str
    owner_dsn: str


class InquiryTable(Strict, frozen=True, kw_only=True):
    """[inquiry]: how long nodes have to reply, how long a result is kept for its requester, and how many queries may be
    in flight: of all members together, who share the places, and of one officer."""

    deadline_seconds: float = 10.0
    results_kept_hours: float = 24.0
    max_in_flight: Annotated[int, msgspec.Meta(ge=8)] = 256
    max_in_flight_of_an_officer: Annotated[int, msgspec.Meta(ge=1)] = 32


class CoordinatorConfig(Strict, frozen=True, kw_only=True):
    """A coordinator's whole configuration."""

    member: MemberTable
    listen: ListenTable
    database: DatabaseTable
    log: LogTable
    inquiry: InquiryTable = msgspec.field(default_factory=InquiryTable)
    telemetry: TelemetryTable = msgspec.field(default_factory=TelemetryTable)
    metrics: MetricsTable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedConfig:
    """A configuration with its paths made absolute, and the file it came from."""

    path: Path
    config: CoordinatorConfig


def load_config(path: Path) -> LoadedConfig:
    """Read a coordinator's configuration; refuses unknown keys, passwords in DSNs, impossible limits (ConfigError)."""
    config = load(path, CoordinatorConfig)
    require_no_password(config.database.log_dsn)
    require_no_password(config.database.owner_dsn)
    if not 0 < config.inquiry.deadline_seconds <= 300 or config.inquiry.results_kept_hours < 0:
        raise ConfigError(f"{path}: inquiry.deadline_seconds must be above 0 and at most 300")
    base = path.resolve().parent
    return LoadedConfig(
        path=path,
        config=msgspec.structs.replace(
            config,
            member=member_under(config.member, base),
            log=LogTable(anchor_file=base / config.log.anchor_file),
        ),
    )
