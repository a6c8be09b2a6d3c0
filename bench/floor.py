"""The bare fan-outs: one question to every echo node, by unary calls and by framed streams."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import grpc

from bench.echo import STREAM, UNARY
from bench.points import Run
from federation.v1 import node_pb2 as pb
from federation.v1.envelope_pb2 import Envelope


class Floor:
    """Echo nodes in processes of their own, or all in one, with warm channels to each."""

    def __init__(
        self, count: int, identity: tuple[Path, Path, Path], question: int, reply: int, *, together: bool = False
    ) -> None:
        self._nodes = [count] if together else [1] * count
        self._identity = identity
        self._question = pb.Question(query=Envelope(payload=bytes(question)))
        self._reply = reply
        self._stack = AsyncExitStack()
        self._numbers = itertools.count(1)

    async def __aenter__(self) -> Floor:
        certificate, key, roots = self._identity
        arguments = [str(path) for path in (certificate, key, roots)]
        self._processes = [
            subprocess.Popen(
                [sys.executable, "-m", "bench.echo", *arguments, str(self._reply), str(nodes)],
                stdout=subprocess.PIPE,
                text=True,
            )
            for nodes in self._nodes
        ]
        credentials = grpc.ssl_channel_credentials(roots.read_bytes(), key.read_bytes(), certificate.read_bytes())
        ports = [
            int(process.stdout.readline())
            for process, nodes in zip(self._processes, self._nodes, strict=True)
            if process.stdout
            for _ in range(nodes)
        ]
        channels = [
            await self._stack.enter_async_context(grpc.aio.secure_channel(f"127.0.0.1:{port}", credentials))
            for port in ports
        ]
        self._unary = [
            channel.unary_unary(UNARY, pb.Question.SerializeToString, pb.Reply.FromString) for channel in channels
        ]
        self._streams = [_Stream(channel) for channel in channels]
        await self.unary()
        return self

    async def __aexit__(self, *_: object) -> None:
        for stream in self._streams:
            await stream.close()
        await self._stack.aclose()
        for process in self._processes:
            process.terminate()
            process.wait()

    async def unary(self) -> None:
        """One fan-out by unary calls."""
        await asyncio.gather(*(call(self._question) for call in self._unary))

    async def framed(self) -> None:
        """One fan-out over the streams."""
        correlation = next(self._numbers)
        question = pb.Question(correlation=correlation, query=self._question.query)
        await asyncio.gather(*(stream.ask(question) for stream in self._streams))


class _Stream:
    """One long-lived stream; what is queued when a frame is built goes with it."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        method = channel.stream_stream(
            STREAM, pb.NodeServiceAskRequest.SerializeToString, pb.NodeServiceAskResponse.FromString
        )
        self._call = method()  # type: ignore[call-arg]  # REASON: written to, not iterated
        self._waiting: dict[int, asyncio.Future[pb.Reply]] = {}
        self._outbox: asyncio.Queue[pb.Question] = asyncio.Queue()
        self._tasks = [asyncio.create_task(self._write()), asyncio.create_task(self._read())]

    async def ask(self, question: pb.Question) -> pb.Reply:
        future: asyncio.Future[pb.Reply] = asyncio.get_running_loop().create_future()
        self._waiting[question.correlation] = future
        self._outbox.put_nowait(question)
        return await future

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._call.cancel()

    async def _write(self) -> None:
        while True:
            questions = [await self._outbox.get()]
            while not self._outbox.empty():
                questions.append(self._outbox.get_nowait())
            await self._call.write(pb.NodeServiceAskRequest(questions=questions))

    async def _read(self) -> None:
        async for frame in self._call:
            for item in frame.items:
                self._waiting.pop(item.correlation).set_result(item.reply)


async def timed(work: Callable[[], Awaitable[object]], concurrency: int, count: int) -> Run:
    """Do `work` `count` times, so many at a time."""
    left = iter(range(count))
    millis: list[float] = []

    async def one() -> None:
        for _ in left:
            began = time.perf_counter()
            await work()
            millis.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*(one() for _ in range(concurrency)))
    return Run(rate=count / (time.perf_counter() - began), millis=millis)
