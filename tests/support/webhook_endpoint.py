"""An HTTP endpoint of webhooks that keeps what it got, and answers what it is told to."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

SECRET = "whsec_" + base64.b64encode(b"n" * 24).decode()


class Endpoint:
    """Keeps what it got, and answers what it is told to."""

    def __init__(self) -> None:
        self.status = 204
        self.headers: dict[str, str] = {}
        self.body: bytes | None = None
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.url = ""
        self.before_answer: Callable[[], object] = lambda: None
        """Called when a request has come, before it is answered."""

    async def take(self, request: Request) -> Response:
        """Answer a request."""
        self.got.append((dict(request.headers), await request.body()))
        self.before_answer()
        if self.status == 302:
            return RedirectResponse("/elsewhere", status_code=302)
        return Response(self.body, status_code=self.status, headers=self.headers)


@asynccontextmanager
async def an_endpoint(port: int = 0) -> AsyncIterator[Endpoint]:
    """Serve an endpoint on loopback."""
    endpoint = Endpoint()
    app = Starlette(routes=[Route("/{path:path}", endpoint.take, methods=["POST", "GET"])])
    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_level="error", lifespan="off", ws="none"
    )
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    endpoint.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/hook"
    yield endpoint
    server.should_exit = True
    await serving
