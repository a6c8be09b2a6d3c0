"""A node as a process: everything it stands on opened in order, and closed in reverse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Final

from federation import config, telemetry
from federation.errors import ConfigError
from federation.instant import Clock, system_clock
from federation.person import Name, Person
from federation.serving.attending import add_member_services, attended, show_member
from federation.serving.health import Probe
from federation.serving.member import PATIENCE, open_member, open_pool
from federation.serving.metrics import Metrics
from federation.serving.server import Serving
from federation.serving.tls import server_credentials
from federation.terms import terms
from federation.v1.node_pb2_grpc import add_NodeServiceServicer_to_server
from matching.form import prepare
from matching.transliteration import load_tables
from node.config import LoadedConfig
from node.opening import opened_index
from node.policyentry import log_policy
from node.records.mapping import load_mapping
from node.responder import STEPS, Responder
from node.room import Room
from node.rules import load_policy
from node.service import Limits, NodeServicer

NOBODY: Final = Person(names=(Name(text="PROBE OF THIS NODE"),))
NODE_MIGRATIONS: Final = Path(__file__).with_name("migrations")
SERVICES: Final = (
    "federation.v1.NodeService",
    "federation.v1.QueryLogService",
    "federation.v1.RosterService",
)


async def serve(loaded: LoadedConfig, on_ready: Callable[[], None] | None = None) -> None:
    """Serve until told to stop; refuses to start on whatever does not fit, saying what mends it."""
    settings = loaded.config
    telemetry.configure("node", settings.member.id, level=settings.telemetry.level)
    telemetry.telemetry().info("starting", path=str(loaded.path), sha256=config.digest(loaded.path))
    async with running(loaded, system_clock) as serving:
        await serving.until_told_to_stop(on_ready)


@asynccontextmanager
async def running(loaded: LoadedConfig, clock: Clock) -> AsyncIterator[Serving]:
    """A node that serves by `clock`; the caller drains it before it leaves, and then all is closed in reverse."""
    settings = loaded.config
    mapping = load_mapping(settings.records.mapping_file)
    record_types = frozenset(record.type for record in mapping.record)
    policy_bytes = settings.policy.policy_file.read_bytes()  # REASON: before anything is served
    policy = load_policy(settings.policy.policy_file, terms(), record_types)
    if policy.member != settings.member.id or mapping.mapping.member != settings.member.id:
        raise ConfigError("the policy or the mapping is another member's; name the right files in the configuration")
    parts, stack = await open_member(
        settings.member,
        settings.log,
        log_dsn=settings.database.log_dsn,
        migrations=(NODE_MIGRATIONS,),
        command="simpul-node",
        clock=clock,
    )
    async with stack:
        index_pool = await stack.enter_async_context(await open_pool(settings.index_dsn, patience=PATIENCE))
        index = await stack.enter_async_context(opened_index(loaded, index_pool))
        await stack.enter_async_context(index.followed())
        await log_policy(parts.log, parts.pool, policy_bytes, clock())
        load_tables()
        metrics = Metrics(STEPS)
        responder = Responder(
            membership=parts.membership,
            log=parts.log,
            pool=parts.pool,
            records=index,
            policy=policy,
            terms=terms(),
            signer=parts.keys.statement,
            clock=clock,
            metrics=metrics,
            longest=timedelta(seconds=settings.limits.compare_seconds),
        )
        serving = Serving(
            settings.listen.address,
            server_credentials(parts.keys.tls, parts.membership.roster),
            reflect=settings.listen.reflection,
            connections=settings.listen.connections,
        )
        limits = Limits(places=Room(settings.limits.in_flight))
        node = NodeServicer(responder, limits, version=version("simpul"), record_types=sorted(record_types))
        stack.push_async_callback(node.finish)
        add_NodeServiceServicer_to_server(node, serving.server)
        add_member_services(serving, parts, clock)
        show_member(metrics, parts, {"index": index_pool}, clock)
        show_node(metrics, responder, node)
        await serving.start(SERVICES)
        async with attended(serving, parts, metrics, settings.metrics, probes(responder)):
            yield serving


def probes(responder: Responder) -> dict[str, Probe]:
    """What a node must be able to do to be useful, beside logging: look up, under a roster in force."""
    nobody = [prepare(NOBODY)]

    async def look_up() -> None:
        await responder.records.candidates(nobody)

    async def roster() -> None:
        responder.membership.require_in_force(responder.clock())

    return {"index": look_up, "roster": roster}


def show_node(metrics: Metrics, responder: Responder, node: NodeServicer) -> None:
    """Show what only a node has: the age of its index, and the streams that coordinators hold open."""
    metrics.gauge(
        "simpul_index_age_seconds",
        "Since the match index was last in step with the agency's records.",
        lambda: (responder.clock() - responder.records.as_of).total_seconds(),
    )
    metrics.gauges(
        "simpul_streams_open", "Open streams, by coordinator.", "member", lambda: dict(tuple(node.streams.items()))
    )
    metrics.gauges(
        "simpul_questions_in_flight",
        "Questions that have a place, by coordinator; their replies may wait to be read.",
        "member",
        lambda: dict(tuple(node.limits.places.held.items())),
    )
