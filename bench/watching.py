"""What a soak looks at now and then: queries done, memory by role, and how far behind logs and loops are."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bench.ledger import read_gauges, resident_mb
from bench.plot import Panel
from deploy.demo.processes import Processes

LEAST_SECONDS: Final = 2.0
_SAMPLES: Final = 240
_WINDOW: Final = 10.0
_GAUGES: Final = {"loop": "simpul_loop_lag_seconds", "log": "simpul_log_oldest_unproved_seconds"}
Seconds = Sequence[tuple[float, float]]  # of each query: when it was done, how long it took


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A member that is looked at: its role, and where it tells its metrics."""

    role: str
    config: Path
    metrics: str


@dataclass(slots=True)
class Watch:
    """Samples over time; of several members of one role the most counts, and one that is down counts as nothing."""

    processes: Processes
    members: Sequence[Watched]
    postgres: Path
    every: float = LEAST_SECONDS
    at: list[float] = field(default_factory=list)
    done: list[int] = field(default_factory=list)
    memory: dict[str, list[float]] = field(default_factory=dict)
    lag: dict[str, list[float]] = field(default_factory=dict)

    def spread_over(self, seconds: float) -> None:
        """Look so seldom that a plot of so many seconds stays small."""
        self.every = max(LEAST_SECONDS, seconds / _SAMPLES)

    async def go_on(self, began: float, done: Callable[[], int]) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(self.every)
            told = await asyncio.gather(
                *(asyncio.to_thread(read_gauges, one.metrics, list(_GAUGES.values())) for one in self.members)
            )
            memory = await asyncio.to_thread(self._memory)
            self.at.append(time.perf_counter() - began)
            self.done.append(done())
            self._remember(self.memory, memory)
            self._remember(self.lag, _lags(self.members, told))

    def _memory(self) -> dict[str, float]:
        found = {"officers": resident_mb(os.getpid()), "PostgreSQL": shared_mb(self.postgres)}
        for one in self.members:
            found[one.role] = max(found.get(one.role, 0.0), resident_mb(self.processes.number(one.config)))
        return found

    @staticmethod
    def _remember(lines: dict[str, list[float]], now: Mapping[str, float]) -> None:
        for name, value in now.items():
            lines.setdefault(name, []).append(value)

    def facts(self) -> dict[str, float]:
        """The most of each lag, and the memory at the beginning, at the end, and at its most."""
        found = {f"most_{name.replace(' ', '_')}_lag_ms": round(max(line), 1) for name, line in self.lag.items()}
        for name, line in self.memory.items():
            up = [value for value in line if value] or [0.0]
            for when, value in (("first", up[0]), ("last", up[-1]), ("most", max(up))):
                found[f"{name.lower()}_mb_{when}"] = round(value, 1)
        return found

    def panels(self, seconds: Seconds) -> list[Panel]:
        """Throughput, latency, memory and lag over time."""
        steps = zip([0, *self.done], self.done, [0.0, *self.at], self.at, strict=False)
        rates = [(after - before) / (end - start) for before, after, start, end in steps]
        shares = (("p50", 0.5), ("p99", 0.99))
        window = max(_WINDOW, self.every)
        latency = {
            name: [percentile_ms(within(seconds, at - window, at), share) for at in self.at] for name, share in shares
        }
        return [
            Panel(title="queries a second", x=self.at, lines={"done": rates}),
            Panel(title=f"latency in ms, of the last {window:.0f} s", x=self.at, lines=latency),
            Panel(title="memory in MB", x=self.at, lines=self.memory),
            Panel(title="lag in ms, the most of any member", x=self.at, lines=self.lag),
        ]

    def slices(self, seconds: Seconds, whole: float, count: int = 10) -> list[dict[str, float]]:
        """The run in so many equal parts: rate, latency, and the most memory and lag in each."""
        return [self._slice(seconds, whole * place / count, whole * (place + 1) / count) for place in range(count)]

    def _slice(self, seconds: Seconds, start: float, end: float) -> dict[str, float]:
        taken = within(seconds, start, end)
        places = [place for place, at in enumerate(self.at) if start < at <= end]
        found = {"start": start, "end": end, "rate": len(taken) / (end - start)}
        found |= {"p50_ms": percentile_ms(taken, 0.5), "p99_ms": percentile_ms(taken, 0.99)}
        for kind, lines in (("MB", self.memory), ("lag", self.lag)):
            for name, line in lines.items():
                found[f"{name} {kind}"] = max((line[place] for place in places), default=0.0)
        return found


def within(seconds: Seconds, start: float, end: float) -> list[float]:
    """How long those took that were done between two times."""
    return [taken for when, taken in seconds if start < when <= end]


def percentile_ms(taken: Sequence[float], share: float) -> float:
    """The milliseconds below which a share of them lies; 0 of none."""
    if len(taken) < 2:
        return sum(taken) * 1000
    return statistics.quantiles(taken, n=1000, method="inclusive")[round(share * 1000) - 1] * 1000


def shared_mb(data: Path) -> float:
    """The memory of PostgreSQL and all its sessions, what they share counted once; 0 while it is down."""
    try:
        first = int((data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    except (OSError, ValueError, IndexError):
        return 0.0
    return sum(_proportional_kb(number) for number in (str(first), *children)) / 1024


def _proportional_kb(number: str) -> int:
    try:
        lines = Path(f"/proc/{number}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def _lags(members: Sequence[Watched], told: Sequence[Mapping[str, float]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for one, gauges in zip(members, told, strict=True):
        for kind, gauge in _GAUGES.items():
            name = f"{one.role} {kind}"
            found[name] = max(found.get(name, 0.0), gauges.get(gauge, 0.0) * 1000)
    return found
