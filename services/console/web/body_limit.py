"""Bounds what a request may send, in bytes and in time: no browser is that large or that slow."""

import asyncio

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.console.web.form_numbers import whole_number

FORM_BYTES = 2 * 2**20
"""Most bytes of a form without a file."""
SILENCE_SECONDS = 30.0
"""Longest wait for the next piece of a body."""
_OVERHEAD_BYTES = 64 * 2**10
_TOO_LARGE, _TOO_SLOW = 413, 408


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__()
        self.status = status


class BodyLimit:
    """Refuses a body of more than *upload_bytes*, or of a form that is too large for one."""

    def __init__(self, app: ASGIApp, *, upload_bytes: int) -> None:
        self._app = app
        self._upload_bytes = upload_bytes + _OVERHEAD_BYTES

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD"}:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        has_file = headers.get("content-type", "").startswith("multipart/form-data")
        most = self._upload_bytes if has_file else FORM_BYTES
        length = headers.get("content-length", "0")
        started = False

        async def noted(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            _check(length, most)
            await self._app(scope, _bounded(receive, most), noted)
        except _Refused as refused:
            if started:
                raise
            close = {"connection": "close"}
            await PlainTextResponse("refused\n", refused.status, close)(scope, receive, send)


def _check(length: str, most: int) -> None:
    if whole_number(length, most=most) is None:
        raise _Refused(_TOO_LARGE)


def _bounded(receive: Receive, most: int) -> Receive:
    read = 0
    ended = False

    async def bounded() -> Message:
        nonlocal read, ended
        if ended:
            return await receive()  # waits for the reader to leave
        try:
            message = await asyncio.wait_for(receive(), SILENCE_SECONDS)
        except TimeoutError:
            raise _Refused(_TOO_SLOW) from None
        if message["type"] == "http.request":
            read += len(message.get("body", b""))
            ended = not message.get("more_body", False)
        if read > most:
            raise _Refused(_TOO_LARGE)
        return message

    return bounded
