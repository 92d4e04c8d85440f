"""Server-Sent Events: parts of a page that arrive while it is open.

A stream ends with the session, and when nobody has read from it for a while; browsers connect
again by themselves.
"""

import asyncio
from collections.abc import AsyncIterator
from time import time

from starlette.responses import StreamingResponse

from services.console.backend.faults import BackendFault

KEEPALIVE_SECONDS = 15.0
LONGEST_SECONDS = 120.0
"""Then the browser connects anew, with a session that is checked anew."""
_RETRY_MS = 2000


def response(parts: AsyncIterator[tuple[str, str]], *, until_s: float) -> StreamingResponse:
    """Answer with *parts*: pairs of a name of an event, and its data, which may be HTML."""
    return StreamingResponse(
        _written(parts, min(until_s, time() + LONGEST_SECONDS)),
        media_type="text/event-stream",
        headers={"cache-control": "no-store", "x-accel-buffering": "no"},
    )


def event(name: str, data: str) -> str:
    """Write one event."""
    lines = data.splitlines() or [""]
    return f"event: {name}\n" + "".join(f"data: {line}\n" for line in lines) + "\n"


async def _written(parts: AsyncIterator[tuple[str, str]], until_s: float) -> AsyncIterator[str]:
    yield f"retry: {_RETRY_MS}\n\n"
    iterator = aiter(parts)
    coming: asyncio.Task[tuple[str, str]] | None = None
    try:
        while (left := until_s - time()) > 0:
            if coming is None:
                coming = asyncio.ensure_future(anext(iterator))
            await asyncio.wait([coming], timeout=min(left, KEEPALIVE_SECONDS))
            if not coming.done():
                yield ": still here\n\n"
                continue
            name, data = coming.result()
            coming = None
            yield event(name, data)
    except StopAsyncIteration:
        yield event("end", "")
    except BackendFault as fault:
        yield event("fault", fault.message)
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
        close = getattr(iterator, "aclose", None)
        if close is not None:
            await close()
