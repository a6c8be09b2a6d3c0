"""How a member's process serves: its limits, its health, reflection if wished for, and a drain that loses nothing."""

from __future__ import annotations

import asyncio
import resource
import signal
from collections.abc import Callable, Sequence
from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1._async import HealthServicer
from grpc_health.v1.health import SERVICE_NAME
from grpc_reflection.v1alpha import reflection

from federation.calling.channels import MAX_FRAME_BYTES, MAX_PAGE_BYTES
from federation.errors import ConfigError
from federation.serving.reading import Readable
from federation.telemetry import telemetry

MOST_CONNECTIONS: Final = 2048
_GRACE_SECONDS: Final = 10.0
_OTHER_FILES: Final = 256  # open beside callers' connections: databases, peers, anchors
_OPTIONS: Final = (
    ("grpc.server_handshake_timeout_ms", 10_000),
    ("grpc.max_connection_idle_ms", 300_000),
    ("grpc.so_reuseport", 0),
    ("grpc.max_receive_message_length", 2 * MAX_FRAME_BYTES),
    ("grpc.max_send_message_length", MAX_PAGE_BYTES),
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_recv_ping_interval_without_data_ms", 10_000),
    ("grpc.http2.max_ping_strikes", 4),
    ("grpc.max_concurrent_streams", 256),
    # What a caller sent and nobody has read yet is kept for them: as much for each stream, however fast the path is.
    ("grpc.http2.bdp_probe", 0),
    ("grpc.http2.lookahead_bytes", 256 * 1024),
)


class Serving:
    """One gRPC server with its health."""

    def __init__(
        self,
        listen: str,
        credentials: grpc.ServerCredentials,
        *,
        reflect: bool,
        connections: int = MOST_CONNECTIONS,
    ) -> None:
        most = ("grpc.max_allowed_incoming_connections", min(connections, _files_to_spare()))
        self.server = grpc.aio.server(interceptors=(Readable(),), options=(*_OPTIONS, most))
        self._health = HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self.server)
        self._reflect = reflect
        self._names: tuple[str, ...] = ()
        self.port = self._bind(listen, credentials)

    def _bind(self, listen: str, credentials: grpc.ServerCredentials) -> int:
        try:
            return self.server.add_secure_port(listen, credentials)
        except RuntimeError as error:
            raise ConfigError(f"cannot listen on {listen}; is another process there?") from error

    async def start(self, names: Sequence[str]) -> None:
        """Begin to serve the services added, under these full names, and say so to health checks."""
        self._names = tuple(names)
        if self._reflect:
            reflection.enable_server_reflection((*self._names, SERVICE_NAME, reflection.SERVICE_NAME), self.server)
        await self.server.start()
        await self.healthy(True)
        telemetry().info("serving", port=self.port)

    async def healthy(self, serving: bool) -> None:
        """Tell health checks whether this member is useful now."""
        status = health_pb2.HealthCheckResponse.SERVING if serving else health_pb2.HealthCheckResponse.NOT_SERVING
        for name in ("", *self._names):
            await self._health.set(name, status)

    async def until_told_to_stop(self, on_ready: Callable[[], None] | None = None) -> None:
        """Serve until SIGTERM or SIGINT, then drain."""
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop.set)
        if on_ready is not None:
            on_ready()
        await stop.wait()
        await self.drain()

    async def drain(self, grace_seconds: float = _GRACE_SECONDS) -> None:
        """Take no new calls, finish what is in hand, then end."""
        await self._health.enter_graceful_shutdown()  # whatever is found later, this member is not SERVING again
        await self.server.stop(grace_seconds)
        telemetry().info("drained")


def _files_to_spare() -> int:
    """How many connections this process may have open, of the files that its system lets it have at most."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return wanted if soft == resource.RLIM_INFINITY else max(1, soft - _OTHER_FILES)
