"""A wire between two members that a test may cut, hold up, slow down or garble while it is in use.

`Proxy.before(federation, member)` takes the member's place at the address that the roster names, and moves the member
itself to another: whoever calls it comes through here and cannot tell.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from tests.federation import Federation

Alter = Callable[[bytes], bytes]
_CHUNK = 16_384
_ABORTIVE = struct.pack("ii", 1, 0)


@dataclass(slots=True, eq=False)
class _Wire:
    """One connection carried: its two ends, and the tasks that carry each way."""

    near: asyncio.StreamWriter
    far: asyncio.StreamWriter | None = None
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    flows: asyncio.Event = field(default_factory=asyncio.Event)

    async def end(self) -> None:
        """Leave no task and no socket behind."""
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for end in (self.near, self.far):
            if end is not None:
                end.close()
                with suppress(OSError):
                    await end.wait_closed()


class Proxy:
    """Carries connections to one address; how it does is changed at any time, for those under way too."""

    def __init__(self, listen: str, to: str) -> None:
        """Name both addresses (host:port); nothing listens yet."""
        self._listen = _split(listen)
        self._to = _split(to)
        self._server: asyncio.Server | None = None
        self._wires: set[_Wire] = set()
        self._carries = True
        self.delay_seconds = 0.0
        self.bytes_per_second = 0.0
        self.alter_up: Alter | None = None
        self.alter_down: Alter | None = None
        self.connections = 0

    @classmethod
    async def before(cls, federation: Federation, member: str) -> Proxy:
        """Stand before a member that is not yet started."""
        root = federation.folder(member).root
        path = next(path for path in (root / "node.toml", root / "coordinator.toml") if path.exists())
        named = federation.member(member).endpoints["roster"]
        own = f"127.0.0.1:{_free_port()}"
        path.write_text(re.sub(r'(\[listen\]\n(?:.*\n)*?address = )"[^"]*"', rf'\1"{own}"', path.read_text()))
        proxy = cls(named, own)
        await proxy.start()
        return proxy

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._carry, *self._listen)

    async def close(self) -> None:
        """Listen no more, and cut what is under way."""
        await self.refuse()
        self.cut()
        while self._wires:  # noqa: ASYNC110  REASON: each takes itself away once it has ended
            await asyncio.sleep(0.01)

    async def refuse(self) -> None:
        """Listen no more: whoever connects is told so at once."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def cut(self, *, abortive: bool = True) -> None:
        """End every connection under way: by RST, as a broken path ends, or by FIN, as a polite one does."""
        for wire in tuple(self._wires):
            for end in (wire.near, wire.far):
                if end is not None:
                    _end(end, abortive=abortive)
            for task in wire.tasks:
                task.cancel()

    def half_open(self, *, new_ones_too: bool = True) -> None:
        """Carry nothing more, either way, and keep every socket open; connections made later may be carried."""
        self._carries = not new_ones_too
        for wire in self._wires:
            wire.flows.clear()

    def heal(self) -> None:
        """Carry all as it comes; what was held up goes first."""
        self.delay_seconds = self.bytes_per_second = 0.0
        self.alter_up = self.alter_down = None
        self._carries = True
        for wire in self._wires:
            wire.flows.set()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        wire = _Wire(writer)
        if self._carries:
            wire.flows.set()
        self._wires.add(wire)
        self.connections += 1
        try:
            far_reader, wire.far = await asyncio.open_connection(*self._to)
            wire.tasks = [
                asyncio.create_task(self._pump(wire, reader, wire.far, lambda: self.alter_up)),
                asyncio.create_task(self._pump(wire, far_reader, writer, lambda: self.alter_down)),
            ]
            await asyncio.wait(wire.tasks)
        except OSError:
            _end(writer, abortive=True)  # nobody listens there: whoever calls is told so at once
        finally:
            await wire.end()
            self._wires.discard(wire)

    async def _pump(
        self, wire: _Wire, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, alter: Callable[[], Alter | None]
    ) -> None:
        with suppress(OSError):
            while chunk := await reader.read(_CHUNK):
                await wire.flows.wait()
                if self.delay_seconds or self.bytes_per_second:
                    pace = len(chunk) / self.bytes_per_second if self.bytes_per_second else 0.0
                    await asyncio.sleep(self.delay_seconds + pace)
                change = alter()
                writer.write(chunk if change is None else change(chunk))
                await writer.drain()
            await wire.flows.wait()
            writer.write_eof()


def flip(chunk: bytes) -> bytes:
    """Bytes of the same number, of which the one in the middle has one bit turned."""
    at = len(chunk) // 2
    return chunk[:at] + bytes([chunk[at] ^ 1]) + chunk[at + 1 :]


def _end(writer: asyncio.StreamWriter, *, abortive: bool) -> None:
    carried: socket.socket | None = writer.get_extra_info("socket")
    if abortive and carried is not None and carried.fileno() >= 0:
        carried.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _ABORTIVE)
        writer.transport.abort()
    else:
        writer.close()


def _split(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host, int(port)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
