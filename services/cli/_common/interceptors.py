"""What commands add to each request: a deadline, and the language of the user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc

from fanzha.translation import negotiation
from fanzha.translation.catalogue import ENGLISH, LOCALES, language


def intercepted(channel: grpc.Channel, deadline_seconds: float) -> grpc.Channel:
    """Return *channel* with a deadline for unary calls that have none, and with a language."""
    return grpc.intercept_channel(channel, _DefaultDeadline(deadline_seconds), _Language())


class _Language(
    grpc.UnaryUnaryClientInterceptor,
    grpc.UnaryStreamClientInterceptor,
    grpc.StreamUnaryClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):
    """Asks servers for errors in the language of the user."""

    def send(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        """Send a request on."""
        if language() != ENGLISH:
            wish = (negotiation.HEADER, LOCALES[language()].replace("_", "-"))
            details = details._replace(metadata=(*(details.metadata or ()), wish))
        return proceed(details, request)

    intercept_unary_unary: Any = send
    intercept_unary_stream: Any = send
    intercept_stream_unary: Any = send
    intercept_stream_stream: Any = send


class _DefaultDeadline(grpc.UnaryUnaryClientInterceptor):
    """Gives a deadline to each unary call that has none; streams may take as long as they need."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def send(self, proceed: Callable[..., Any], details: Any, request: Any) -> Any:
        """Send a request on."""
        if details.timeout is None:
            details = details._replace(timeout=self._seconds)
        return proceed(details, request)

    intercept_unary_unary: Any = send
