"""What a soak looks at every other second: queries done, memory, and how far behind log and loop are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from bench.ledger import read_gauges, resident_mb
from bench.plot import Panel
from deploy.demo.processes import Processes

EVERY: Final = 2.0
_WINDOW: Final = 10.0
_GAUGES: Final = ("simpul_loop_lag_seconds", "simpul_log_oldest_unproved_seconds")


class Watch:
    """Samples of two members, a node and the coordinator, over time."""

    def __init__(self, processes: Processes, *, metrics: Mapping[str, str], members: Mapping[str, Path]) -> None:
        self._processes = processes
        self._metrics = metrics
        self._members = members
        self._at: list[float] = []
        self._done: list[int] = []
        self._memory: dict[str, list[float]] = {name: [] for name in members}
        self._lag: dict[str, list[float]] = {f"{name} {kind}": [] for name in members for kind in ("loop", "log")}

    async def go_on(self, began: float, done: Callable[[], int]) -> None:
        """Sample until cancelled; a member that is down counts as nothing."""
        while True:
            await asyncio.sleep(EVERY)
            self._at.append(time.perf_counter() - began)
            self._done.append(done())
            for name, config in self._members.items():
                self._memory[name].append(resident_mb(self._processes.number(config)))
                gauges = await asyncio.to_thread(read_gauges, self._metrics[name], _GAUGES)
                for kind, gauge in zip(("loop", "log"), _GAUGES, strict=True):
                    self._lag[f"{name} {kind}"].append(gauges.get(gauge, 0.0) * 1000)

    def facts(self) -> dict[str, float]:
        """The most of each, and the memory at the beginning and at the end."""
        found = {
            f"most_{name.replace(' ', '_')}_lag_ms": round(max(line, default=0.0), 1)
            for name, line in self._lag.items()
        }
        for name, line in self._memory.items():
            up = [value for value in line if value]
            found |= {f"{name}_rss_mb_first": round(up[0], 1), f"{name}_rss_mb_last": round(up[-1], 1)} if up else {}
        return found

    def panels(self, seconds: Sequence[tuple[float, float]]) -> list[Panel]:
        """Throughput, latency, memory and lag over time; `seconds` are (when done, how long) of each query."""
        rates = [0.0, *((after - before) / EVERY for before, after in zip(self._done, self._done[1:], strict=False))]
        latency = {
            name: [_within(seconds, at, share) for at in self._at] for name, share in (("p50", 0.5), ("p99", 0.99))
        }
        return [
            Panel(title="queries a second", x=self._at, lines={"done": rates[: len(self._at)]}),
            Panel(title=f"latency in ms, of the last {_WINDOW:.0f} s", x=self._at, lines=latency),
            Panel(title="resident memory in MB", x=self._at, lines=dict(self._memory)),
            Panel(title="lag in ms", x=self._at, lines=dict(self._lag)),
        ]


def _within(seconds: Sequence[tuple[float, float]], at: float, share: float) -> float:
    found = sorted(taken for when, taken in seconds if at - _WINDOW < when <= at)
    return found[min(len(found) - 1, int(share * len(found)))] * 1000 if found else 0.0
