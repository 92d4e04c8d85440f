"""What may go wrong with a request, as one class."""

from typing import Any

import grpc

_HINTS = ("retry-after-ms", "grpc-retry-pushback-ms")
"""Trailers by which a server says when to come again."""
LONGEST_HINT = 5.0


class RequestFailed(Exception):
    """No answer came, or none in time."""

    def __init__(
        self, status: grpc.StatusCode, message: str, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{status.name}: {message}")
        self.status = status
        self.message = message
        self.retry_after = retry_after
        """Seconds for which the server wants to be left alone, where it says so."""


def failure_of(error: "grpc.aio.AioRpcError") -> RequestFailed:
    """Read what a failed RPC says."""
    trailers: Any = error.trailing_metadata() or ()
    hints = [_seconds(value) for key, value in trailers if key in _HINTS]
    return RequestFailed(error.code(), error.details() or "", next(iter(hints), None))


def _seconds(milliseconds: str | bytes) -> float | None:
    try:
        return min(max(int(milliseconds) / 1000, 0.0), LONGEST_HINT)
    except ValueError:
        return None
