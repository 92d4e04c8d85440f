"""Sends a token with every request of a channel, for code that uses generated stubs."""

from collections.abc import Callable
from typing import Any

import grpc

from fanzha.client.login import Bearer


class BlockingBearer(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """For code that waits."""

    def __init__(self, bearer: Bearer) -> None:
        self._bearer = bearer

    def send(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        """Send a request on with the token."""
        metadata = (*(details.metadata or ()), *self._bearer.metadata())
        return proceed(details._replace(metadata=metadata), request)

    intercept_unary_unary: Any = send
    intercept_unary_stream: Any = send
    intercept_stream_unary: Any = send
    intercept_stream_stream: Any = send


def asynchronous(bearer: Bearer) -> list[grpc.aio.ClientInterceptor]:
    """Return what a channel for asyncio needs: it takes an interceptor for one kind only."""
    return [kind(bearer) for kind in (_UnaryUnary, _UnaryStream, _StreamUnary, _StreamStream)]


class _Sending:
    def __init__(self, bearer: Bearer) -> None:
        self._bearer = bearer

    async def send(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        """Send a request on with the token."""
        metadata = grpc.aio.Metadata(*(details.metadata or ()), *self._bearer.metadata())
        return await proceed(details._replace(metadata=metadata), request)


class _UnaryUnary(_Sending, grpc.aio.UnaryUnaryClientInterceptor):
    intercept_unary_unary: Any = _Sending.send


class _UnaryStream(_Sending, grpc.aio.UnaryStreamClientInterceptor):
    intercept_unary_stream: Any = _Sending.send


class _StreamUnary(_Sending, grpc.aio.StreamUnaryClientInterceptor):
    intercept_stream_unary: Any = _Sending.send


class _StreamStream(_Sending, grpc.aio.StreamStreamClientInterceptor):
    intercept_stream_stream: Any = _Sending.send
