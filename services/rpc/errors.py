"""Turns our errors into gRPC statuses, for every method, in one place."""

import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError

from fanzha.errors import (
    FanzhaError,
    InvalidInput,
    NotAllowed,
    NotFound,
    Unavailable,
    VersionConflict,
)

logger = logging.getLogger(__name__)

STATUS_BY_ERROR: dict[type[FanzhaError], grpc.StatusCode] = {
    InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    NotFound: grpc.StatusCode.NOT_FOUND,
    NotAllowed: grpc.StatusCode.PERMISSION_DENIED,
    VersionConflict: grpc.StatusCode.ABORTED,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
}

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"


class _Unreadable:
    """Stands in for a request whose bytes are no message."""


_UNREADABLE = _Unreadable()


class ErrorInterceptor(grpc.aio.ServerInterceptor):
    """Aborts with the status of the error; anything unexpected is logged and ends as UNKNOWN."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable["Handler | None"]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "Handler | None":
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        return _guarded(handler, str(handler_call_details.method))


def _guarded(handler: Handler, method: str) -> Handler:
    read = _tolerant(handler.request_deserializer)
    write = handler.response_serializer
    if handler.unary_unary is not None:
        return grpc.unary_unary_rpc_method_handler(
            _guard_unary(handler.unary_unary, method), read, write
        )
    if handler.stream_unary is not None:
        return grpc.stream_unary_rpc_method_handler(
            _guard_unary(handler.stream_unary, method), handler.request_deserializer, write
        )
    if handler.unary_stream is not None:
        return grpc.unary_stream_rpc_method_handler(
            _guard_stream(handler.unary_stream, method), read, write
        )
    return handler


def _guard_unary(serve: Callable[[Any, Any], Awaitable[Any]], method: str) -> Any:
    async def serve_or_abort(request: Any, context: Any) -> Any:
        try:
            if request is _UNREADABLE:
                raise InvalidInput("request: its bytes are no message of this method")
            return await serve(request, context)
        except FanzhaError as error:
            await context.abort(STATUS_BY_ERROR[type(error)], str(error))
        except Exception as error:
            await _give_up(context, method, error)

    return serve_or_abort


def _guard_stream(serve: Callable[[Any, Any], AsyncIterator[Any]], method: str) -> Any:
    async def serve_or_abort(request: Any, context: Any) -> AsyncIterator[Any]:
        try:
            if request is _UNREADABLE:
                raise InvalidInput("request: its bytes are no message of this method")
            async for response in serve(request, context):
                yield response
        except FanzhaError as error:
            await context.abort(STATUS_BY_ERROR[type(error)], str(error))
        except Exception as error:
            await _give_up(context, method, error)

    return serve_or_abort


async def _give_up(context: Any, method: str, error: Exception) -> None:
    """End an RPC whose failure nobody foresaw: a log line for us, a clean status for the caller."""
    if isinstance(error, grpc.RpcError | grpc.aio.AbortError):
        raise error
    # The message of an error may quote the request, so only its type and place are logged.
    places = "".join(traceback.format_tb(error.__traceback__))
    logger.error("unexpected %s in %s\n%s", type(error).__name__, method, places)
    await context.abort(grpc.StatusCode.UNKNOWN, f"unexpected {type(error).__name__}")


def _tolerant(read: Any) -> Any:
    # Bytes that are no message would end as INTERNAL with a stack trace in the log.
    if read is None:
        return None

    def read_or_mark(data: bytes) -> Any:
        try:
            return read(data)
        except DecodeError:
            return _UNREADABLE

    return read_or_mark
