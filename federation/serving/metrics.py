"""What a member's process counts and measures of itself, for Prometheus to fetch; nothing in it is about a person."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

import prometheus_client
from prometheus_client.core import CollectorRegistry, GaugeMetricFamily
from prometheus_client.registry import Collector

from federation.answer import Refusal, Reply
from federation.errors import ConfigError
from federation.telemetry import telemetry

STEP_BUCKETS: Final = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
COMMIT_BUCKETS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
_LAG_EVERY: Final = 0.5
_LAG_KEPT: Final = 60


class Timed:
    """Tells how long what is done within it took, once it is done."""

    __slots__ = ("_began", "_observe")

    def __init__(self, observe: Callable[[float], None]) -> None:
        self._observe = observe
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._observe(time.perf_counter() - self._began)


class Metrics:
    """The metrics of one process; `steps` are those that its queries go through."""

    def __init__(self, steps: Sequence[str]) -> None:
        self.collected = CollectorRegistry()
        self.commits = prometheus_client.Histogram(
            "simpul_log_commit_seconds",
            "How long a batch of entries took to be durable and anchored.",
            buckets=COMMIT_BUCKETS,
            registry=self.collected,
        )
        self._replies = prometheus_client.Counter(
            "simpul_replies",
            "Replies, silences and faults, by the member whose they are and their kind.",
            ["member", "outcome"],
            registry=self.collected,
        )
        self._counted: dict[tuple[str, str], prometheus_client.Counter] = {}
        seconds = prometheus_client.Histogram(
            "simpul_query_seconds",
            "How long each step of a query took; a node takes the queries of one frame together.",
            ["step"],
            buckets=STEP_BUCKETS,
            registry=self.collected,
        )
        self._steps = {step: seconds.labels(step) for step in steps}
        prometheus_client.ProcessCollector(registry=self.collected)

    def step(self, step: str) -> Timed:
        """Measure what is done within."""
        return Timed(self._steps[step].observe)

    def replied(self, member: str, outcome: str) -> None:
        """Count one outcome; `outcome` is one of a closed list of ids."""
        counted = self._counted.get((member, outcome))
        if counted is None:
            counted = self._counted[member, outcome] = self._replies.labels(member, outcome)
        counted.inc()

    def gauge(self, name: str, says: str, value: Callable[[], float]) -> None:
        """Show a value, asked for at each fetch."""
        self.gauges(name, says, "", lambda: {"": value()})

    def gauges(self, name: str, says: str, label: str, values: Callable[[], Mapping[str, float]]) -> None:
        """Show a value for each of a label's, asked for at each fetch."""
        self.collected.register(_Gauges(name, says, label, values))

    def text(self) -> str:
        """All of it, as Prometheus reads it."""
        return prometheus_client.generate_latest(self.collected).decode()

    @asynccontextmanager
    async def listening(self, address: str) -> AsyncIterator[int]:
        """Answer fetches at `host:port` over plain HTTP, in a thread of its own; yields the port (ConfigError)."""
        host, _, port = address.rpartition(":")
        if not host or not port.isdecimal():
            raise ConfigError('metrics.listen must be host:port, such as "127.0.0.1:9600"')
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]  # REASON: it brings no types
        try:
            server, thread = prometheus_client.start_http_server(int(port), host, self.collected)
        except OSError as error:
            raise ConfigError(f"cannot listen on {address} for metrics: {error.strerror}") from error
        telemetry().info("metrics", port=server.server_port)
        try:
            yield server.server_port
        finally:
            await asyncio.to_thread(server.shutdown)
            server.server_close()
            await asyncio.to_thread(thread.join)


class LoopLag:
    """How late the event loop runs what is due: the latest of the last thirty seconds."""

    def __init__(self) -> None:
        self._late: deque[float] = deque([0.0], maxlen=_LAG_KEPT)

    @property
    def seconds(self) -> float:
        """The greatest lag lately."""
        return max(tuple(self._late))

    async def measure(self) -> None:
        """Measure twice a second until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LAG_EVERY
            await asyncio.sleep(_LAG_EVERY)
            self._late.append(max(0.0, loop.time() - due))


class _Gauges(Collector):
    def __init__(self, name: str, says: str, label: str, values: Callable[[], Mapping[str, float]]) -> None:
        self._name = name
        self._says = says
        self._labels = [label] if label else []
        self._values = values

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Ask for the values now."""
        family = GaugeMetricFamily(self._name, self._says, labels=self._labels)
        for label, value in self._values().items():
            family.add_metric([label] if self._labels else [], value)
        yield family


def outcome_of(reply: Reply) -> str:
    """The id under which a reply is counted."""
    return f"refusal_{reply.reason}" if isinstance(reply, Refusal) else "answer"
