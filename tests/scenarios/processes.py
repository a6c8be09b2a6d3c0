"""A member's service as a process of its own: started, seen to serve, held still, killed and started again."""

from __future__ import annotations

import asyncio
import importlib
import multiprocessing
import os
import signal
import sys
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from grpc_health.v1 import health_pb2, health_pb2_grpc

from federation.calling.channels import open_channel
from tests.federation import CARRIER, Federation

_START_SECONDS = 30.0
# Children of a process that has imported the commands already: a start takes no longer than the member itself does.
_PREPARED = multiprocessing.get_context("forkserver")
_PREPARED.set_forkserver_preload(["node.cli.main", "coordinator.cli.main", "tests.scenarios.processes"])


class Process:
    """One node, or the coordinator, of a federation."""

    def __init__(self, federation: Federation, member: str) -> None:
        """Name it; nothing runs yet."""
        self._federation = federation
        self._member = federation.member(member)
        self._role = "coordinator" if "coordinator" in self._member.roles else "node"
        self._config = federation.folder(member).root / f"{self._role}.toml"
        self._running: ForkServerProcess | None = None

    async def start(self) -> None:
        """Start it, and wait until it says that it serves."""
        self._running = self._launch()
        async with asyncio.timeout(_START_SECONDS):
            while not await self._listening():
                assert self._running.is_alive(), self.output.read_text()
                await asyncio.sleep(0.02)
            async with open_channel(self._member, self._role, self._federation.keys(CARRIER).tls) as channel:
                request = health_pb2.HealthCheckRequest()
                response = await health_pb2_grpc.HealthStub(channel).Check(request, wait_for_ready=True)
        assert response.status == health_pb2.HealthCheckResponse.SERVING

    @property
    def output(self) -> Path:
        """Where what it writes is kept."""
        return self._config.with_name("telemetry.log")

    @property
    def pid(self) -> int:
        """The number of the process that runs."""
        assert self._running is not None
        assert self._running.pid is not None
        return self._running.pid

    async def start_beside(self) -> int:
        """Start another of the same configuration, beside the one that runs; returns with what it ended."""
        second = self._launch()
        await asyncio.to_thread(second.join, _START_SECONDS)
        assert second.exitcode is not None, "the second goes on beside the first"
        return second.exitcode

    def hold(self) -> None:
        """Hold it still, as a machine that swaps or a debugger does: its sockets stay open, and nothing is said."""
        self._signal(signal.SIGSTOP)

    def let_go(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

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

    def _launch(self) -> ForkServerProcess:
        made = _PREPARED.Process(target=_serve, args=(self._role, self._config, self.output))
        made.start()
        return made

    def _signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    async def _listening(self) -> bool:
        host, port = self._member.endpoints[self._role].split(":")
        try:
            _, writer = await asyncio.open_connection(host, int(port))
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True


def _serve(role: str, config: Path, output: Path) -> None:
    """What `simpul-node serve` or `simpul-coordinator serve` does, its telemetry in a file."""
    with output.open("a") as file:
        sys.stdout = sys.stderr = file
        importlib.import_module(f"{role}.cli.main").main(["serve", "--config", str(config)])
