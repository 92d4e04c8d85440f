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
from services.rpc.doorkeeper import Enter

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


def behind(handler: Handler, enter: Enter) -> Handler:
    """Return *handler* with *enter* before it."""
    read, write = handler.request_deserializer, handler.response_serializer
    if handler.unary_unary is not None:
        serve = _once(handler.unary_unary, enter, read)
        return grpc.stream_unary_rpc_method_handler(serve, None, write)
    if handler.stream_unary is not None:
        serve = _streamed_once(handler.stream_unary, enter)
        return grpc.stream_unary_rpc_method_handler(serve, read, write)
    if handler.unary_stream is not None:
        serve = _often(handler.unary_stream, enter, read)
        return grpc.stream_stream_rpc_method_handler(serve, None, write)
    serve = _streamed_often(handler.stream_stream, enter)
    return grpc.stream_stream_rpc_method_handler(serve, read, write)


def _once(serve: Any, enter: Enter, read: Callable[[bytes], Any] | None) -> Any:
    async def after_entry(_requests: object, context: Any) -> Any:
        enter(context)
        return await serve(await _request(context, read), context)

    return after_entry


def _streamed_once(serve: Any, enter: Enter) -> Any:
    async def after_entry(requests: Any, context: Any) -> Any:
        enter(context)
        return await serve(requests, context)

    return after_entry


def _often(serve: Any, enter: Enter, read: Callable[[bytes], Any] | None) -> Any:
    if not inspect.isasyncgenfunction(serve):  # it writes its responses itself
        return _once(serve, enter, read)

    async def after_entry(_requests: object, context: Any) -> AsyncIterator[Any]:
        enter(context)
        async for response in serve(await _request(context, read), context):
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


async def _request(context: Any, read: Callable[[bytes], Any] | None) -> Any:
    data = await context.read()
    if data is grpc.aio.EOF:
        # Whoever asked has gone, or never sent what it asks.
        await context.abort(grpc.StatusCode.CANCELLED, "request: none came")
    try:
        return data if read is None else read(data)
    except DecodeError:
        raise InvalidInput("request: its bytes are no message of this method") from None
