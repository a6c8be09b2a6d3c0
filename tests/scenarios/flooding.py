"""Floods of a member's door, each by a process of its own: connections, readers who do not read, frames without end."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import multiprocessing
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import grpc

from federation.v1 import node_pb2 as pb
from tests.conformance.foreign import Door

CONNECTIONS: Final = 1_000
_METHOD: Final = "/federation.v1.NodeService/Ask"
_PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])  # and empty SETTINGS
_EVERY: Final = 0.001
_AT_ONCE: Final = 20
_CONTEXT: Final = multiprocessing.get_context("forkserver")
_NARROW: Final = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 65_536))
Frames = Sequence[bytes]


class Count:
    """A number that two processes see."""

    value: int


class Flood:
    """One flood of a kind of KINDS, under a member's own certificate, for as long as the block lasts."""

    def __init__(self, kind: str, door: Door, frames: Frames = ()) -> None:
        """Name it; nothing floods yet."""
        self._done = _CONTEXT.Value("L", 0)
        self._process = _CONTEXT.Process(target=_run, args=(kind, door, tuple(frames), self._done))

    @property
    def done(self) -> int:
        """How many connections were opened, or frames written."""
        return int(self._done.value)

    async def until(self, done: int, seconds: float = 60.0) -> None:
        """Wait until so much was done."""
        async with asyncio.timeout(seconds):
            while self.done < done:
                assert self._process.is_alive()
                await asyncio.sleep(0.05)

    async def __aenter__(self) -> Flood:
        """Begin."""
        self._process.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """End at once, as a process that is killed."""
        self._process.kill()
        await asyncio.to_thread(self._process.join)
        self._process.close()


def signed_frames(questions: Sequence[pb.Question], together: int = 1) -> list[bytes]:
    """Frames of so many questions each."""
    parts = [questions[at : at + together] for at in range(0, len(questions), together)]
    return [pb.NodeServiceAskRequest(questions=part).SerializeToString() for part in parts]


def rubbish_frames(question: pb.Question) -> list[bytes]:
    """Frames that are no query: broken payloads, broken signatures, nothing at all, and now and then no message."""
    frames: list[bytes] = []
    for at in range(50):
        broken = pb.Question()
        broken.CopyFrom(question)
        broken.correlation = at
        if at % 3 == 0:
            broken.query.payload = bytes([at]) * 500
        elif at % 3 == 1:
            broken.query.signatures[0].sig = bytes([at]) * 64
        else:
            broken.query.Clear()
        frames.append(pb.NodeServiceAskRequest(questions=[broken]).SerializeToString())
    return [*frames, b"\xff" * 700]


def _run(kind: str, door: Door, frames: Frames, done: Count) -> None:
    logging.getLogger("grpc").setLevel(logging.CRITICAL)
    asyncio.run(KINDS[kind](door, frames, done))


async def _connections(door: Door, _frames: Frames, done: Count) -> None:
    """Open a thousand connections, say as much as HTTP/2 asks for, and hold them."""
    context, held = door.context(), []
    room = asyncio.Semaphore(_AT_ONCE)

    async def one() -> None:
        async with room:
            with contextlib.suppress(OSError):
                reader, writer = await asyncio.open_connection(door.host, door.port, ssl=context)
                writer.write(_PREFACE)
                held.append((reader, writer))
                done.value += 1

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    await asyncio.Event().wait()


async def _half_open(door: Door, _frames: Frames, done: Count) -> None:
    """Connect a thousand times and say nothing, not even what TLS begins with; again wherever one is ended."""
    room = asyncio.Semaphore(CONNECTIONS)

    async def one() -> None:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection(door.host, door.port)
            done.value += 1
            await reader.read()
            writer.close()
        room.release()

    async with asyncio.TaskGroup() as group:
        while True:
            await room.acquire()
            group.create_task(one())


async def _frames(door: Door, frames: Frames, done: Count) -> None:
    """Write a frame each millisecond on one stream, and read all that comes; open it anew where it is ended."""
    turns = itertools.cycle(frames)
    async with _channel(door) as channel:
        while True:
            call = _open(channel)
            reading = asyncio.create_task(_drain(call))
            with contextlib.suppress(grpc.aio.AioRpcError, asyncio.InvalidStateError):
                due = time.monotonic()
                while True:
                    await call.write(next(turns))
                    done.value += 1
                    due = max(due + _EVERY, time.monotonic() - 0.1)
                    await asyncio.sleep(max(0.0, due - time.monotonic()))
            await reading


async def _slow(door: Door, frames: Frames, done: Count) -> None:
    """Write on many streams and read nothing."""

    async def one(channel: grpc.aio.Channel) -> None:
        call = _open(channel)
        for frame in itertools.cycle(frames):
            await call.write(frame)
            done.value += 1

    async with contextlib.AsyncExitStack() as stack:
        channels = [await stack.enter_async_context(_channel(door, _NARROW)) for _ in range(2)]
        await asyncio.gather(*(one(channel) for channel in channels for _ in range(16)))


def _channel(door: Door, options: Sequence[tuple[str, int]] = ()) -> grpc.aio.Channel:
    credentials = grpc.ssl_channel_credentials(
        root_certificates=door.ca.read_bytes(),
        private_key=door.key.read_bytes(),
        certificate_chain=door.certificate.read_bytes(),
    )
    return grpc.aio.secure_channel(door.address, credentials, options=[*options, ("grpc.use_local_subchannel_pool", 1)])


# REASON for the ignores: the classes take no arguments at run time, and what is written to is not iterated
def _open(channel: grpc.aio.Channel) -> grpc.aio.StreamStreamCall:  # type: ignore[type-arg]
    return channel.stream_stream(_METHOD)()  # type: ignore[call-arg]


async def _drain(call: grpc.aio.StreamStreamCall) -> None:  # type: ignore[type-arg]
    with contextlib.suppress(grpc.aio.AioRpcError):
        async for _ in call:
            pass


KINDS: Final[dict[str, Callable[[Door, Frames, Count], Awaitable[None]]]] = {
    "connections": _connections,
    "half_open": _half_open,
    "frames": _frames,
    "slow": _slow,
}
