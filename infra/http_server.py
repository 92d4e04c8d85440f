"""Runs an ASGI application on the event loop of the process."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import uvicorn

LONGEST_HEAD_SECONDS = 5


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
) -> AsyncIterator[int]:
    """Serve an ASGI *app* within the context and yield its port; with *certificate* over TLS.

    Requests that are not done within *drain_seconds* of its end are cancelled; None: never.
    """
    options = {
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
        timeout_keep_alive=LONGEST_HEAD_SECONDS,
        **options,
    )
