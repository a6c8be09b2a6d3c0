"""What goes on beside the queries while a member serves: its health is looked at, and it measures itself."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Any, Final

import asyncpg
from cryptography import x509

from federation.instant import Clock
from federation.serving.health import Health, Probe
from federation.serving.member import MemberParts, MetricsTable
from federation.serving.membership import RosterServicer
from federation.serving.metrics import LoopLag, Metrics
from federation.serving.querylog import QueryLogServicer
from federation.serving.server import Serving
from federation.v1.membership_pb2_grpc import add_RosterServiceServicer_to_server
from federation.v1.querylog_pb2_grpc import add_QueryLogServiceServicer_to_server

_USES: Final = ("statement", "log", "evidence")


@asynccontextmanager
async def attended(
    serving: Serving, parts: MemberParts, metrics: Metrics, table: MetricsTable | None, probes: Mapping[str, Probe]
) -> AsyncIterator[None]:
    """Watch the health of what serves and, if a table asks for it, have its metrics fetched."""
    log, lag = parts.log.log, LoopLag()
    log.observe_commits(metrics.commits.observe)
    metrics.gauge("simpul_loop_lag_seconds", "The greatest delay of the event loop in 30 seconds.", lambda: lag.seconds)
    async with AsyncExitStack() as stack:
        if table is not None:
            await stack.enter_async_context(metrics.listening(table.listen))
        for work in (Health(serving, log, probes).watch(), lag.measure()):
            stack.push_async_callback(_end, asyncio.create_task(work))
        yield


def add_member_services(serving: Serving, parts: MemberParts, clock: Clock) -> None:
    """Serve what every member does: its log to auditors and members, its roster to whoever asks."""
    querylog = QueryLogServicer(parts.log, parts.membership, clock)
    add_QueryLogServiceServicer_to_server(querylog, serving.server)
    add_RosterServiceServicer_to_server(RosterServicer(parts.membership, clock), serving.server)


def show_member(metrics: Metrics, parts: MemberParts, pools: Mapping[str, asyncpg.Pool], clock: Clock) -> None:
    """Show what every serving member has: its log, its pools, and what of its expires."""
    log = parts.log.log
    metrics.gauge("simpul_log_size", "Entries that the newest checkpoint covers.", lambda: log.size)
    metrics.gauge(
        "simpul_log_oldest_unproved_seconds",
        "For how long the append that waits longest has waited to be durable; 0 where none waits.",
        lambda: log.oldest_unproved_seconds,
    )
    pools = {"member": parts.pool, **pools}
    metrics.gauges(
        "simpul_pool_waiting",
        "Queries that wait for a connection of a pool.",
        "pool",
        lambda: {name: waiting(pool) for name, pool in pools.items()},
    )
    _show_expiry(metrics, parts, clock)


def waiting(pool: Any) -> int:
    """How many wait for a connection of a pool."""
    # asyncpg counts them nowhere that is public; a test fails if it keeps them elsewhere one day
    return sum(not waiter.done() for waiter in tuple(pool._queue._getters))


def _show_expiry(metrics: Metrics, parts: MemberParts, clock: Clock) -> None:
    certificate = x509.load_pem_x509_certificate(parts.keys.tls.certificate).not_valid_after_utc

    def left(end: datetime) -> float:
        return (end - clock()).total_seconds()

    def keys() -> dict[str, float]:
        enrolled = parts.membership.roster.member(parts.log.member)
        ends = {use: [key.window.end for key in enrolled.keys_for(use, clock())] for use in _USES}
        return {use: left(max(found)) if found else 0.0 for use, found in ends.items()}

    metrics.gauge(
        "simpul_roster_expires_seconds", "Until the roster expires.", lambda: left(parts.membership.roster.window.end)
    )
    metrics.gauges("simpul_key_expires_seconds", "Until no key of a use is in force any more.", "use", keys)
    metrics.gauge("simpul_certificate_expires_seconds", "Until the TLS certificate expires.", lambda: left(certificate))


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
