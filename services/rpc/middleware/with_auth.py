"""Puts a doorkeeper before a method: who may not ask is refused before the request is read.

gRPC reads and parses a unary request before anybody is asked about it, and 36 MB of it are read
for nobody. On the wire it looks like a stream of one, so as such it is taken here.
"""

import inspect
from collections.abc import AsyncIterator, Callable
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError

from fanzha.errors import InvalidInput
from services.rpc.middleware.auth_interceptor import Enter
from services.rpc.middleware.memory_return import MemoryReturn
from services.rpc.middleware.open_reads import MOST_BYTES, OpenReads

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


def with_auth(
    handler: Handler, enter: Enter, memory: MemoryReturn, open_reads: OpenReads | None = None
) -> Handler:
    """Return *handler* with *enter* before it; of methods open to anybody, with *open_reads*."""
    read, write = handler.request_deserializer, handler.response_serializer
    request = _Request(read, memory, open_reads)
    if handler.unary_unary is not None:
        serve = _once(handler.unary_unary, enter, request)
        return grpc.stream_unary_rpc_method_handler(serve, None, write)
    if handler.stream_unary is not None:
        serve = _streamed_once(handler.stream_unary, enter)
        return grpc.stream_unary_rpc_method_handler(serve, read, write)
    if handler.unary_stream is not None:
        serve = _often(handler.unary_stream, enter, request)
        return grpc.stream_stream_rpc_method_handler(serve, None, write)
    serve = _streamed_often(handler.stream_stream, enter)
    return grpc.stream_stream_rpc_method_handler(serve, read, write)


def _once(serve: Any, enter: Enter, request: "_Request") -> Any:
    async def after_entry(_requests: object, context: Any) -> Any:
        enter(context)
        return await serve(await request.take(context), context)

    return after_entry


def _streamed_once(serve: Any, enter: Enter) -> Any:
    async def after_entry(requests: Any, context: Any) -> Any:
        enter(context)
        return await serve(requests, context)

    return after_entry


def _often(serve: Any, enter: Enter, request: "_Request") -> Any:
    if not inspect.isasyncgenfunction(serve):  # it writes its responses itself
        return _once(serve, enter, request)

    async def after_entry(_requests: object, context: Any) -> AsyncIterator[Any]:
        enter(context)
        async for response in serve(await request.take(context), context):
            yield response

    return after_entry


def _streamed_often(serve: Any, enter: Enter) -> Any:
    if not inspect.isasyncgenfunction(serve):
        return _streamed_once(serve, enter)

    async def after_entry(requests: Any, context: Any) -> AsyncIterator[Any]:
        enter(context)
        async for response in serve(requests, context):
            yield response

    return after_entry


class _Request:
    """Takes the one request of a method."""

    def __init__(
        self,
        read: Callable[[bytes], Any] | None,
        memory: MemoryReturn,
        open_reads: OpenReads | None,
    ) -> None:
        self._read = read
        self._memory = memory
        self._open_reads = open_reads

    async def take(self, context: Any) -> Any:
        reads = self._open_reads
        data = await (context.read() if reads is None else reads.read(context))
        if data is grpc.aio.EOF:
            # Whoever asked has gone, or never sent what it asks.
            await context.abort(grpc.StatusCode.CANCELLED, "request: none came")
        self._memory.took(len(data))
        if reads is not None and len(data) > MOST_BYTES:
            raise InvalidInput(f"request: longer than {MOST_BYTES} bytes")
        try:
            return data if self._read is None else self._read(data)
        except DecodeError:
            raise InvalidInput("request: its bytes are no message of this method") from None
