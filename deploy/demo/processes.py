"""The demo's processes: each member's service, started, seen to be healthy, and stopped whatever happens."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path
from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from federation.calling.channels import TlsIdentity, open_channel
from federation.errors import ConfigError
from federation.roster import Member

_START_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 15.0


class Processes:
    """Services under way; `stop()` leaves none behind."""

    def __init__(self, logs: Path) -> None:
        self.logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, role: str, config: Path) -> None:
        """Start a service; what it writes goes to a file of its own."""
        name = config.parent.name
        with (self.logs / f"{name}.log").open("ab") as output:
            self._running[name] = subprocess.Popen(
                [sys.executable, "-m", f"{role}.cli", "serve", "--config", str(config)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self, config: Path) -> None:
        """Kill a service on the spot, as a crash would."""
        process = self._running.pop(config.parent.name)
        process.kill()
        process.wait()

    def number(self, config: Path) -> int | None:
        """The process id of a service, if it runs."""
        process = self._running.get(config.parent.name)
        return process.pid if process else None

    @property
    def numbers(self) -> tuple[int, ...]:
        """The process ids."""
        return tuple(process.pid for process in self._running.values())

    async def until_healthy(self, member: Member, kind: str, identity: TlsIdentity) -> None:
        """Wait until the member's service says that it serves; ConfigError, with where to look, if it does not."""
        async with open_channel(member, kind, identity) as channel:
            stub = health_pb2_grpc.HealthStub(channel)
            try:
                async with asyncio.timeout(_START_SECONDS):
                    while not await self._serving(stub, member.id):  # noqa: ASYNC110  # REASON: of another process
                        await asyncio.sleep(0.05)
            except TimeoutError as error:
                raise ConfigError(f"{member.id} does not serve; see {self.logs / member.id}.log") from error

    async def _serving(self, stub: health_pb2_grpc.HealthStub, name: str) -> bool:
        process = self._running.get(name)
        if process is not None and process.poll() is not None:
            raise ConfigError(f"{name} ended at its start; see {self.logs / name}.log")
        try:
            response = await stub.Check(health_pb2.HealthCheckRequest(), timeout=2.0)
        except grpc.aio.AioRpcError:
            return False
        return bool(response.status == health_pb2.HealthCheckResponse.SERVING)

    def stop(self) -> None:
        """Ask every service to drain, and end those that do not in time."""
        for process in self._running.values():
            process.terminate()
        for process in self._running.values():
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._running.clear()
