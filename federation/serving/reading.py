"""Messages that cannot be read: malformed, said as every fault is, before any method looks at them."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError

from federation.errors import MalformedStatement
from federation.status import code, trailers

_OURS: Final = "/federation.v1."
_UNREADABLE: Final = object()  # stands in the place of a message that could not be read


class Readable(grpc.aio.ServerInterceptor):  # type: ignore[type-arg]  # REASON: it takes no arguments at run time
    """Has an unreadable message told as MalformedStatement; gRPC itself would tell of a fault of ours.

    A method of ours is given a stand-in, which `require_read` refuses, or for a stream is met with the error as it
    reads on; around a method of others both are seen to here.
    """

    def __init__(self) -> None:
        self._handlers: dict[str, Any] = {}

    async def intercept_service(
        self, continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]], handler_call_details: Any
    ) -> Any:
        """The handler of a method, with a reader that never fails otherwise; made once for each method there is."""
        method = handler_call_details.method
        found = self._handlers.get(method)
        if found is None:
            found = await continuation(handler_call_details)
            if found is not None:
                found = self._handlers[method] = _readable(found, ours=method.startswith(_OURS))
        return found


def require_read(message: object) -> None:
    """Refuse what stands in the place of a message that could not be read (MalformedStatement)."""
    if message is _UNREADABLE:
        raise _malformed()


def _readable(handler: Any, *, ours: bool) -> Any:
    kinds = {
        (False, False): ("unary_unary", grpc.unary_unary_rpc_method_handler),
        (False, True): ("unary_stream", grpc.unary_stream_rpc_method_handler),
        (True, False): ("stream_unary", grpc.stream_unary_rpc_method_handler),
        (True, True): ("stream_stream", grpc.stream_stream_rpc_method_handler),
    }
    name, make = kinds[handler.request_streaming, handler.response_streaming]
    read = reader(handler.request_deserializer, raises=handler.request_streaming)
    behaviour = getattr(handler, name)
    return make(behaviour if ours else _guarded(behaviour), read, handler.response_serializer)


def reader(read: Callable[[bytes], Any], *, raises: bool) -> Callable[[bytes], Any]:
    """Read as `read` does; of what is unreadable raise MalformedStatement, or return what `require_read` refuses."""

    def reading(content: bytes) -> Any:
        try:
            return read(content)
        except DecodeError as error:
            if raises:
                raise _malformed() from error
            return _UNREADABLE

    return reading


def _guarded(behaviour: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    async def answered(request: Any, context: Any) -> Any:
        try:
            require_read(request)
            return await behaviour(request, context)
        except MalformedStatement as error:
            await context.abort(code(error), error.message, trailers(error))

    async def streamed(request: Any, context: Any) -> AsyncIterator[Any]:
        try:
            require_read(request)
            async with aclosing(behaviour(request, context)) as responses:
                async for response in responses:
                    yield response
        except MalformedStatement as error:
            await context.abort(code(error), error.message, trailers(error))

    return streamed if inspect.isasyncgenfunction(behaviour) else answered


def _malformed() -> MalformedStatement:
    return MalformedStatement("the message is not one of this method: see that both sides are of the same contract")
