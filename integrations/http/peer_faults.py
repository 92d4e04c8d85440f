"""Ends requests whose peer broke off or broke the protocol: counted, without a traceback."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import h11
from starlette.requests import ClientDisconnect

from integrations.common.adapter_metrics import AdapterMetrics

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Message, Receive, Send], Awaitable[None]]


class PeerFaultGuard:
    """ASGI middleware around a whole application.

    uvicorn answers a malformed request with 400 by itself. Where bytes that are no HTTP follow a
    request that was read, its connection can carry no answer any more, and h11 says so to whoever
    sends one.
    """

    def __init__(self, application: Application, metrics: AdapterMetrics) -> None:
        self._application = application
        self._metrics = metrics

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        try:
            await self._application(scope, receive, send)
        except (ClientDisconnect, h11.ProtocolError):
            self._metrics.count_fault("http_broken_off")
