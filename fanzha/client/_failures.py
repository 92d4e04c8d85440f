"""Failures of requests, as one class."""

from typing import Any

import grpc

_HINTS = ("retry-after-ms", "grpc-retry-pushback-ms")
"""Trailers with a server's retry hint, in milliseconds."""
MAX_HINT_SECONDS = 5.0


class RequestFailed(Exception):
    """No answer came, or none in time."""

    def __init__(
        self, status: grpc.StatusCode, message: str, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{status.name}: {message}")
        self.status = status
        self.message = message
        self.retry_after = retry_after
        """Retry hint of the server, in seconds."""


def failure_of(error: "grpc.aio.AioRpcError") -> RequestFailed:
    """Convert the error of an RPC, with its retry hint."""
    trailers: Any = error.trailing_metadata() or ()
    hints = [_seconds(value) for key, value in trailers if key in _HINTS]
    return RequestFailed(error.code(), error.details() or "", next(iter(hints), None))


def _seconds(milliseconds: str | bytes) -> float | None:
    try:
        return min(max(int(milliseconds) / 1000, 0.0), MAX_HINT_SECONDS)
    except ValueError:
        return None
