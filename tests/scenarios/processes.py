"""A member's service as a process of its own, started, seen to serve, killed and started again."""

from __future__ import annotations

import asyncio
import multiprocessing
import signal
import sys
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from grpc_health.v1 import health_pb2, health_pb2_grpc

from federation.calling.channels import open_channel
from node.cli.main import main
from tests.federation import CARRIER, Federation

_START_SECONDS = 30.0
# Children of a process that has imported the node already: a start takes no longer than what the node itself does.
_PREPARED = multiprocessing.get_context("forkserver")
_PREPARED.set_forkserver_preload(["node.cli.main", "tests.scenarios.processes"])


class Process:
    """One node of a federation."""

    def __init__(self, federation: Federation, member: str) -> None:
        """Name it; nothing runs yet."""
        self._federation = federation
        self._member = federation.member(member)
        self._config = federation.folder(member).root / "node.toml"
        self._running: ForkServerProcess | None = None

    async def start(self) -> None:
        """Start it, and wait until it says that it serves."""
        output = self._config.with_name("telemetry.log")
        self._running = _PREPARED.Process(target=_serve, args=(self._config, output))
        self._running.start()
        async with asyncio.timeout(_START_SECONDS):
            while not await self._listening():
                assert self._running.is_alive(), output.read_text()
                await asyncio.sleep(0.02)
            async with open_channel(self._member, "node", self._federation.keys(CARRIER).tls) as channel:
                request = health_pb2.HealthCheckRequest()
                response = await health_pb2_grpc.HealthStub(channel).Check(request, wait_for_ready=True)
        assert response.status == health_pb2.HealthCheckResponse.SERVING

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL, with no time to say anything."""
        assert self._running is not None
        self._running.kill()
        self._running.join()
        assert self._running.exitcode == -signal.SIGKILL
        self._running.close()
        self._running = None

    def stop(self) -> None:
        """End it, if it runs."""
        if self._running is not None:
            self.kill()

    async def _listening(self) -> bool:
        host, port = self._member.endpoints["node"].split(":")
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True


def _serve(config: Path, output: Path) -> None:
    """What `simpul-node serve` does, its telemetry in a file."""
    with output.open("a") as file:
        sys.stdout = sys.stderr = file
        main(["serve", "--config", str(config)])
