"""The HTTP server bounds how long a client may take to ask."""

import asyncio
import time
from contextlib import suppress

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from infra import http_server

PATIENCE_SECONDS = 60.0
SHORT_SECONDS = 0.3


async def answer(_request: Request) -> Response:
    return PlainTextResponse("here")


def an_app() -> Starlette:
    return Starlette(routes=[Route("/", answer)])


async def ends(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the server closes the connection."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        return await reader.read()


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "])
async def test_a_head_that_never_ends_closes_the_connection(sent: bytes) -> None:
    async with http_server.serve_http(an_app(), "127.0.0.1", 0, head_seconds=SHORT_SECONDS) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)

        assert await ends(reader) == b""

        writer.close()


async def test_a_byte_now_and_then_does_not_keep_it_open() -> None:
    async with http_server.serve_http(an_app(), "127.0.0.1", 0, head_seconds=SHORT_SECONDS) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        reading = asyncio.create_task(ends(reader))
        deadline = time.monotonic() + PATIENCE_SECONDS
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ")
        while not reading.done() and time.monotonic() < deadline:
            writer.write(b"a")
            await asyncio.sleep(0.05)

        assert reading.done()
        with suppress(ConnectionError):  # the end of a connection with bytes that nobody read
            await reading
        writer.close()


async def test_two_requests_of_one_connection_are_answered() -> None:
    async with http_server.serve_http(an_app(), "127.0.0.1", 0) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            assert b"200 OK" in head
            assert await reader.readexactly(4) == b"here"
        writer.close()
