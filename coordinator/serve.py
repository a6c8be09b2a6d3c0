"""A coordinator as a process: everything it stands on opened in order, and closed in reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final

from coordinator.config import LoadedConfig
from coordinator.dispatch import Dispatch
from coordinator.inquiry import STEPS, Inquiry
from coordinator.places import Places
from coordinator.results import Results
from coordinator.resuming import resumed
from coordinator.service import CoordinatorServicer
from federation import config, telemetry
from federation.instant import Clock, system_clock
from federation.serving.attending import add_member_services, attended, show_member
from federation.serving.health import Probe
from federation.serving.member import open_member
from federation.serving.metrics import Metrics
from federation.serving.server import Serving
from federation.serving.tls import server_credentials
from federation.v1.coordinator_pb2_grpc import add_CoordinatorServiceServicer_to_server

COORDINATOR_MIGRATIONS: Final = Path(__file__).with_name("migrations")
SERVICES: Final = (
    "federation.v1.CoordinatorService",
    "federation.v1.QueryLogService",
    "federation.v1.RosterService",
)


async def serve(loaded: LoadedConfig, on_ready: Callable[[], None] | None = None) -> None:
    """Serve until told to stop; refuses to start on whatever does not fit, saying what mends it."""
    settings = loaded.config
    telemetry.configure("coordinator", settings.member.id, level=settings.telemetry.level)
    telemetry.telemetry().info("starting", path=str(loaded.path), sha256=config.digest(loaded.path))
    async with running(loaded, system_clock) as serving:
        await serving.until_told_to_stop(on_ready)


@asynccontextmanager
async def running(loaded: LoadedConfig, clock: Clock) -> AsyncIterator[Serving]:
    """A coordinator that serves by `clock`; the caller drains it before it leaves, and all is closed in reverse."""
    settings = loaded.config
    parts, stack = await open_member(
        settings.member,
        settings.log,
        log_dsn=settings.database.log_dsn,
        migrations=(COORDINATOR_MIGRATIONS,),
        command="simpul-coordinator",
        clock=clock,
    )
    async with stack:
        metrics = Metrics(STEPS)
        dispatch = Dispatch(parts.keys.tls, settings.inquiry.deadline_seconds, metrics)
        stack.push_async_callback(dispatch.close)
        kept = timedelta(hours=settings.inquiry.results_kept_hours)
        places = Places(settings.inquiry.max_in_flight, settings.inquiry.max_in_flight_of_an_officer)
        inquiry = Inquiry(
            membership=parts.membership,
            log=parts.log,
            dispatch=dispatch,
            results=Results(parts.pool, parts.log, kept),
            signer=parts.keys.statement,
            clock=clock,
            places=places,
            metrics=metrics,
        )
        stack.push_async_callback(inquiry.finish)
        serving = Serving(
            settings.listen.address,
            server_credentials(parts.keys.tls, parts.membership.roster),
            reflect=settings.listen.reflection,
            connections=settings.listen.connections,
        )
        add_CoordinatorServiceServicer_to_server(CoordinatorServicer(inquiry), serving.server)
        add_member_services(serving, parts, clock)
        show_member(metrics, parts, {}, clock)
        show_coordinator(metrics, dispatch, places)
        await serving.start(SERVICES)
        async with attended(serving, parts, metrics, settings.metrics, probes(inquiry)), resumed(inquiry):
            yield serving


def probes(inquiry: Inquiry) -> dict[str, Probe]:
    """What a coordinator must have to be useful, beside a log that it can write: a roster in force."""

    async def roster() -> None:
        inquiry.membership.require_in_force(inquiry.clock())

    return {"roster": roster}


def show_coordinator(metrics: Metrics, dispatch: Dispatch, places: Places) -> None:
    """Show what only a coordinator has: its streams to nodes, and the queries it carries."""
    metrics.gauges("simpul_streams_open", "Open streams, by node asked so far.", "member", dispatch.streams)
    metrics.gauges("simpul_queries_in_flight", "Queries that have a place, by requester.", "member", places.held)
