"""Turns our errors into gRPC statuses, for every method, in one place."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from traceback import clear_frames
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError

from fanzha.errors import (
    InvalidInput,
    NotAllowed,
    NotFound,
    Unauthenticated,
    Unavailable,
    VersionConflict,
)
from services.rpc.middleware.load_shedder import DeadlinePassed, Overloaded
from services.rpc.middleware.memory_return import MemoryReturn
from services.rpc.middleware.retry_hint import retry_trailers
from services.rpc.middleware.unexpected_errors import UnexpectedLog

STATUS_BY_ERROR: dict[type[Exception], grpc.StatusCode] = {
    InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    NotFound: grpc.StatusCode.NOT_FOUND,
    Unauthenticated: grpc.StatusCode.UNAUTHENTICATED,
    NotAllowed: grpc.StatusCode.PERMISSION_DENIED,
    VersionConflict: grpc.StatusCode.ABORTED,
    Unavailable: grpc.StatusCode.UNAVAILABLE,
    Overloaded: grpc.StatusCode.RESOURCE_EXHAUSTED,
    DeadlinePassed: grpc.StatusCode.DEADLINE_EXCEEDED,
    # Of generated servicers: the health service has a method that its library does not.
    NotImplementedError: grpc.StatusCode.UNIMPLEMENTED,
}

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
TurnedAway: TypeAlias = Callable[[str, str, Unauthenticated | NotAllowed], None]
"""Takes the method, the address of the peer, and why."""


def status_of(error: Exception) -> grpc.StatusCode:
    """Return the status of the nearest class of *error* that has one; UNKNOWN where none has."""
    for kind in type(error).__mro__:
        if kind in STATUS_BY_ERROR:
            return STATUS_BY_ERROR[kind]
    return grpc.StatusCode.UNKNOWN


class _Unreadable:
    """Stands in for a request whose bytes are no message."""


_UNREADABLE = _Unreadable()


def guarded(
    handler: Handler,
    method: str,
    failed: Callable[[str], None],
    turned_away: TurnedAway,
    *,
    unexpected: UnexpectedLog,
    memory: MemoryReturn,
) -> Handler:
    """Abort with the status of the error; anything *unexpected* is logged and ends as UNKNOWN.

    *failed* is told the status of every request that ends so, such as ``not_found``;
    *turned_away* of those whose sender is not known, or may not do what it asks; *memory* how many
    bytes each request had.
    """
    return _Guard(method, failed, turned_away, unexpected=unexpected, memory=memory).around(handler)


class _Guard:
    """What stands around one method."""

    def __init__(
        self,
        method: str,
        failed: Callable[[str], None],
        turned_away: TurnedAway,
        *,
        unexpected: UnexpectedLog,
        memory: MemoryReturn,
    ) -> None:
        self._method = method
        self._failed = failed
        self._turned_away = turned_away
        self._unexpected = unexpected
        self._memory = memory

    def around(self, handler: Handler) -> Handler:
        read = _tolerant(handler.request_deserializer, self._memory)
        write = handler.response_serializer
        if handler.unary_unary is not None:
            serve = self._answering_once(handler.unary_unary)
            return grpc.unary_unary_rpc_method_handler(serve, read, write)
        if handler.stream_unary is not None:
            serve = self._answering_once(_checking(handler.stream_unary, read))
            return grpc.stream_unary_rpc_method_handler(serve, read, write)
        if handler.unary_stream is not None:
            serve = self._answering(handler.unary_stream)
            return grpc.unary_stream_rpc_method_handler(serve, read, write)
        serve = self._answering(_checking(handler.stream_stream, read))
        return grpc.stream_stream_rpc_method_handler(serve, read, write)

    def _answering(self, method: Any) -> Any:
        # Generated servicers yield their responses; that of health writes them itself.
        yields = inspect.isasyncgenfunction(method)
        return self._answering_often(method) if yields else self._answering_once(method)

    def _answering_once(self, serve: Callable[[Any, Any], Awaitable[Any]]) -> Any:
        async def serve_or_abort(request: Any, context: Any) -> Any:
            try:
                _check_read(request)
                return await serve(request, context)
            except Exception as error:
                del request  # see `_let_go`
                await self._abort(context, error)

        return serve_or_abort

    def _answering_often(self, serve: Any) -> Any:
        async def serve_or_abort(request: Any, context: Any) -> AsyncIterator[Any]:
            try:
                _check_read(request)
                async for response in serve(request, context):
                    yield response
            except Exception as error:
                del request  # see `_let_go`
                await self._abort(context, error)

        return serve_or_abort

    async def _abort(self, context: Any, error: Exception) -> None:
        if isinstance(error, grpc.RpcError | grpc.aio.AbortError):
            raise error
        status = status_of(error)
        message = str(error)
        if status is grpc.StatusCode.UNKNOWN:
            # Its message may quote the request, so only its type and place are told.
            message = f"unexpected {type(error).__name__}"
            self._unexpected.note(self._method, error)
        _let_go(error)
        self._failed(status.name.lower())
        if isinstance(error, Unauthenticated | NotAllowed):
            self._turned_away(self._method, context.peer(), error)
        trailers: Any = ()
        if isinstance(error, Overloaded):
            trailers = retry_trailers(status.value[0], message, error.wait_seconds)
        await context.abort(status, message, trailers)


def _let_go(error: BaseException) -> None:
    """Empty the frames that *error* came through: they hold the request, and its bytes.

    The error that gRPC aborts with refers to this one, and to itself by way of the context, so it
    waits for Python to look for garbage, with all its frames.
    """
    found: BaseException | None = error
    while found is not None:
        clear_frames(found.__traceback__)
        found = found.__cause__ or found.__context__


def _check_read(request: Any) -> None:
    if request is _UNREADABLE:
        raise InvalidInput("request: its bytes are no message of this method")


def _checking(serve: Any, read: Any) -> Any:
    """Let *serve* take the requests of a stream, up to the first whose bytes are no message."""
    if read is None:
        return serve

    async def checked(requests: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for request in requests:
            _check_read(request)
            yield request

    if inspect.isasyncgenfunction(serve):

        async def serve_often(requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
            async for response in serve(checked(requests), context):
                yield response

        return serve_often

    async def serve_once(requests: AsyncIterator[Any], context: Any) -> Any:
        return await serve(checked(requests), context)

    return serve_once


def _tolerant(read: Any, memory: MemoryReturn) -> Any:
    # Bytes that are no message would end as INTERNAL with a stack trace in the log.
    if read is None:
        return None

    def read_or_mark(data: bytes) -> Any:
        memory.took(len(data))
        try:
            return read(data)
        except DecodeError:
            return _UNREADABLE

    return read_or_mark
