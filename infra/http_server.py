"""Runs an ASGI application on the event loop of the process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

IDLE_SECONDS = 5
"""How long a connection stays open between two requests."""
LONGEST_HEAD_SECONDS = 10.0
"""How long a client may take to send the head of a request."""


class _BoundedHeads(H11Protocol):
    """Closes a connection whose next head takes too long; uvicorn alone waits for ever.

    Else a few clients that send a byte a minute would hold all connections (Slowloris).
    """

    head_seconds = LONGEST_HEAD_SECONDS
    _closing: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        """Take a connection."""
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        """Take some bytes."""
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget a connection."""
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        cycle: Any = self.cycle  # None before the first request
        if cycle is not None and not cycle.response_complete:
            self._forget()
        elif self._closing is None:
            self._closing = self.loop.call_later(self.head_seconds, self._close)

    def _close(self) -> None:
        self._closing = None
        if not self.transport.is_closing():
            self.transport.close()

    def _forget(self) -> None:
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None


class _Server(uvicorn.Server):
    """A server that does not install signal handlers."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signal handling to the process."""
        yield


@contextlib.asynccontextmanager
async def serve_http(
    app: Any,
    host: str,
    port: int,
    *,
    certificate: Path | None = None,
    key: Path | None = None,
    limit_concurrency: int = 256,
    drain_seconds: float | None = None,
    head_seconds: float = LONGEST_HEAD_SECONDS,
) -> AsyncIterator[int]:
    """Serve an ASGI *app* within the context and yield its port; with *certificate* over TLS.

    Requests that are not done within *drain_seconds* of its end are cancelled; None: never. A
    connection whose next head takes more than *head_seconds* is closed.
    """
    options = {
        "http": type("BoundedHeads", (_BoundedHeads,), {"head_seconds": head_seconds}),
        "limit_concurrency": limit_concurrency,
        "ssl_certfile": str(certificate) if certificate else None,
        "ssl_keyfile": str(key) if key else None,
        # Event streams never end by themselves.
        "timeout_graceful_shutdown": None if drain_seconds is None else max(1, int(drain_seconds)),
    }
    server = _Server(_config(app, host, port, options))
    running = asyncio.create_task(server.serve())
    try:
        while not server.started:
            if running.done():
                running.result()
                raise RuntimeError(f"cannot listen on {host}:{port}")
            await asyncio.sleep(0.01)
        bound: int = server.servers[0].sockets[0].getsockname()[1]
        yield bound
    finally:
        server.should_exit = True
        await running


def _config(app: Any, host: str, port: int, options: dict[str, Any]) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        # By itself it would believe whoever connects from this host.
        proxy_headers=False,
        timeout_keep_alive=IDLE_SECONDS,
        **options,
    )
