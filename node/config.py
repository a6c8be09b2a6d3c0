"""The node's configuration: one TOML file, in which every path is relative to the file."""

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
from matching.parameters import PRESET, Parameters, load_parameters
from node.records.state import Keeps


class DatabaseTable(Strict, frozen=True, kw_only=True):
    """[database]: the agency's own (`source_dsn`, read only), the log's, the index's, and the owner's for migrate.

    An agency whose records are all in files has no `source_dsn`.
    """

    log_dsn: str
    owner_dsn: str
    source_dsn: str = ""
    index_dsn: str = ""


class IndexTable(Strict, frozen=True, kw_only=True):
    """[index]: how often `simpul-node refresh --follow` looks for changes (0.1 to 3600 seconds), and what it keeps.

    `values`: the normal form and the disclosable fields of each record. `keys`: nothing of a record but its key in the
    agency's table and digests; its values are read from that table whenever it is compared.
    """

    refresh_s: float = 5.0
    keeps: Keeps = "values"


class RecordsTable(Strict, frozen=True, kw_only=True):
    """[records]: the mapping of the agency's tables."""

    mapping_file: Path


class MatchingTable(Strict, frozen=True, kw_only=True):
    """[matching]: the reviewed file of parameters that `simpul-node calibrate` wrote; without it, the preset ones."""

    parameters_file: Path | None = None


class LimitsTable(Strict, frozen=True, kw_only=True):
    """[limits]: places for questions in flight, all callers together (at least 128), and the seconds that comparing
    one query may take (0.1 to 60)."""

    in_flight: Annotated[int, msgspec.Meta(ge=128)] = 512
    compare_seconds: Annotated[float, msgspec.Meta(ge=0.1, le=60)] = 5.0


class PolicyPathTable(Strict, frozen=True, kw_only=True):
    """[policy]: the agency's law for itself."""

    policy_file: Path


class NodeConfig(Strict, frozen=True, kw_only=True):
    """A node's whole configuration."""

    member: MemberTable
    listen: ListenTable
    database: DatabaseTable
    log: LogTable
    records: RecordsTable
    index: IndexTable = msgspec.field(default_factory=IndexTable)
    policy: PolicyPathTable
    matching: MatchingTable = msgspec.field(default_factory=MatchingTable)
    limits: LimitsTable = msgspec.field(default_factory=LimitsTable)
    telemetry: TelemetryTable = msgspec.field(default_factory=TelemetryTable)
    metrics: MetricsTable | None = None

    @property
    def index_dsn(self) -> str:
        """Where the match index lies: with the log, unless said otherwise."""
        return self.database.index_dsn or self.database.log_dsn


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedConfig:
    """A configuration with its paths made absolute, and the file it came from."""

    path: Path
    config: NodeConfig

    @property
    def secret_file(self) -> Path:
        """The secret under which the match index is built."""
        return self.config.member.keys / "index.secret"


def parameters_of(loaded: LoadedConfig) -> Parameters:
    """The parameters that the configuration names, or the preset ones (ConfigError)."""
    named = loaded.config.matching.parameters_file
    return load_parameters(named) if named else PRESET


def load_config(path: Path) -> LoadedConfig:
    """Read a node's configuration; refuses unknown keys and passwords in DSNs (ConfigError)."""
    config = load(path, NodeConfig)
    for dsn in (config.database.source_dsn, config.database.log_dsn, config.database.owner_dsn, config.index_dsn):
        require_no_password(dsn)
    if not 0.1 <= config.index.refresh_s <= 3600:
        raise ConfigError(f"{path}: index.refresh_s is {config.index.refresh_s}; write 0.1 to 3600 seconds")
    base = path.resolve().parent
    named = config.matching.parameters_file
    return LoadedConfig(
        path=path,
        config=msgspec.structs.replace(
            config,
            member=member_under(config.member, base),
            log=LogTable(anchor_file=base / config.log.anchor_file),
            records=RecordsTable(mapping_file=base / config.records.mapping_file),
            matching=MatchingTable(parameters_file=named and base / named),
            policy=PolicyPathTable(policy_file=base / config.policy.policy_file),
        ),
    )
