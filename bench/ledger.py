"""Where a query's CPU goes: by process while queries run, and by step at one node, beside the design's budget."""

from __future__ import annotations

import os
import re
import statistics
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table

from deploy.demo.province import free_ports

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_STEP: Final = re.compile(r'^simpul_query_seconds_(sum|count)\{step="(\w+)"\} (\S+)$', re.MULTILINE)
_BUDGET_MS: Final = {
    "admit": 0.26,  # frame in and parse, two signatures, digest
    "log_query": 0.15,  # half of two appends and of the evidence, and the log's part of the last line
    "decide": 0.05,
    "records": 0.3,
    "compare": 0.3,
    "log_reply": 0.3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """CPU milliseconds a query, by role; `node` is the mean of the nodes, `total` all there is."""

    officers: float
    coordinator: float
    node: float
    nodes: float
    postgres: float

    @property
    def total(self) -> float:
        """What one query costs the machine."""
        return self.officers + self.coordinator + self.nodes + self.postgres


class Ledger:
    """CPU time read from /proc before and after; `members` are the process numbers, the coordinator's last."""

    def __init__(self, members: Sequence[int], postgres_data: Path) -> None:
        self._members = tuple(members)
        self._postgres = _postmaster(postgres_data)

    def read(self) -> tuple[float, ...]:
        """CPU seconds used so far: this process, each member, PostgreSQL with what it has started."""
        return (sum(os.times()[:2]), *(_seconds(number) for number in self._members), _family_seconds(self._postgres))

    def spent(self, before: Sequence[float], after: Sequence[float], queries: int) -> Spent:
        """What the queries between two readings cost, each."""
        own, *members, postgres = [(end - start) / queries * 1000 for start, end in zip(before, after, strict=True)]
        *nodes, coordinator = members
        return Spent(
            officers=round(own, 2),
            coordinator=round(coordinator, 2),
            node=round(statistics.mean(nodes), 2),
            nodes=round(sum(nodes), 2),
            postgres=round(postgres, 2),
        )


def read_steps(metrics_address: str) -> Mapping[str, tuple[float, float]]:
    """Seconds and counts of each step that a node's queries went through, from its metrics."""
    with urllib.request.urlopen(f"http://{metrics_address}/metrics", timeout=10) as response:  # loopback
        text = response.read().decode()
    found: dict[str, dict[str, float]] = {}
    for kind, step, value in _STEP.findall(text):
        found.setdefault(step, {})[kind] = float(value)
    return {step: (values["sum"], values["count"]) for step, values in found.items()}


def read_gauges(metrics_address: str, names: Sequence[str]) -> Mapping[str, float]:
    """Gauges of a member by name; none where it does not answer."""
    try:
        with urllib.request.urlopen(f"http://{metrics_address}/metrics", timeout=2) as response:
            lines = response.read().decode().splitlines()
    except OSError:
        return {}
    pairs = [line.rpartition(" ") for line in lines if not line.startswith("#")]
    return {name: float(value) for name, _, value in pairs if name in names}


def resident_mb(number: int | None) -> float:
    """Resident memory of a process; 0 where there is none."""
    try:
        status = Path(f"/proc/{number}/status").read_text()
    except OSError:
        return 0.0
    line = next((line for line in status.splitlines() if line.startswith("VmRSS")), "VmRSS: 0 kB")
    return int(line.split()[1]) / 1024


def with_metrics(config: Path) -> str:
    """Have a member tell its metrics, from its next start on; returns the address."""
    address = f"127.0.0.1:{free_ports(1)[0]}"
    config.write_text(f'{config.read_text()}\n[metrics]\nlisten = "{address}"\n')
    return address


def show_spent(console: Console, spent: Mapping[str, Spent]) -> None:
    """Print the CPU of each point, by process."""
    table = Table("CPU ms a query", "officers", "coordinator", "each node", "all nodes", "PostgreSQL", "total")
    for label, one in spent.items():
        cells = (one.officers, one.coordinator, one.node, one.nodes, one.postgres, one.total)
        table.add_row(label, *(f"{cell:.1f}" for cell in cells))
    console.print(table)


def show_steps(
    console: Console, before: Mapping[str, tuple[float, float]], after: Mapping[str, tuple[float, float]]
) -> None:
    """Print the time that one node's steps took, each query alone, beside the CPU that the design gives them."""
    table = Table("step at one node, c=1", "budget ms (CPU)", "ms (elapsed)")
    for step, budget in _BUDGET_MS.items():
        began, ended = before.get(step, (0.0, 0.0)), after.get(step, (0.0, 0.0))
        count = ended[1] - began[1]
        elapsed = (ended[0] - began[0]) / count * 1000 if count else 0.0
        table.add_row(step, f"{budget:.2f}", f"{elapsed:.2f}")
    console.print(table)


def _postmaster(data: Path) -> int:
    return int((data / "postmaster.pid").read_text().splitlines()[0])


def _seconds(number: int) -> float:
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _family_seconds(number: int) -> float:
    """A process, its living children, and those of its children that have ended."""
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    ended = (int(fields[13]) + int(fields[14])) / _TICKS
    children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
    return _seconds(number) + ended + sum(_seconds(int(child)) for child in children)
