"""The floor's node: the same TLS, the same frames and the same bytes, and none of the work.

Usage: python -m bench.echo CERTIFICATE KEY ROOTS BYTES [NODES]; prints the port of each node, a line each.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import uvloop

from federation.v1 import node_pb2 as pb
from federation.v1.envelope_pb2 import Envelope

UNARY = "/bench.Echo/Unary"
STREAM = "/bench.Echo/Stream"


class Echo(grpc.GenericRpcHandler):  # type: ignore[type-arg]  # REASON: it takes no arguments at run time
    """Answers each question with as many bytes as a real reply has."""

    def __init__(self, size: int) -> None:
        self._reply = pb.Reply(envelope=Envelope(payload=bytes(size)))

    def service(self, handler_call_details: Any) -> Any:
        """The two methods of the floor."""
        if handler_call_details.method == UNARY:
            return grpc.unary_unary_rpc_method_handler(self._unary, pb.Question.FromString, pb.Reply.SerializeToString)
        if handler_call_details.method == STREAM:
            return grpc.stream_stream_rpc_method_handler(
                self._stream, pb.NodeServiceAskRequest.FromString, pb.NodeServiceAskResponse.SerializeToString
            )
        return None

    async def _unary(self, request: pb.Question, context: Any) -> pb.Reply:
        return self._reply

    async def _stream(
        self, frames: AsyncIterator[pb.NodeServiceAskRequest], context: Any
    ) -> AsyncIterator[pb.NodeServiceAskResponse]:
        async for frame in frames:
            items = [pb.Item(correlation=question.correlation, reply=self._reply) for question in frame.questions]
            yield pb.NodeServiceAskResponse(items=items)


async def _serve(certificate: str, key: str, roots: str, size: str, nodes: str = "1") -> None:
    files = [Path(name).read_bytes() for name in (key, certificate, roots)]  # REASON: before it serves
    credentials = grpc.ssl_server_credentials([(files[0], files[1])], files[2], require_client_auth=True)
    servers = [grpc.aio.server() for _ in range(int(nodes))]
    for server in servers:
        server.add_generic_rpc_handlers((Echo(int(size)),))
        port = server.add_secure_port("127.0.0.1:0", credentials)
        await server.start()
        sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    await asyncio.gather(*(server.wait_for_termination() for server in servers))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(*sys.argv[1:]))
