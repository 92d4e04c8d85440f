"""Serves RPCs of ours to a test: real sockets, in the loop of the test or in a thread beside it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass

from services.rpc.security import DEVELOPMENT, PortSecurity
from services.rpc.server import RpcServer

MAX_MESSAGE_BYTES = 2**24
START_SECONDS = 60


@asynccontextmanager
async def rpc_server(
    servicers: Mapping[str, object], *, security: PortSecurity = DEVELOPMENT
) -> AsyncIterator[str]:
    """Serve *servicers*, by their keys in `RpcServer`, on a free port; yield the address."""
    server = RpcServer(dict(servicers), max_message_bytes=MAX_MESSAGE_BYTES, security=security)
    port = await server.start("127.0.0.1", 0)
    await server.serve()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.drain(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Serving:
    address: str
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event


@contextmanager
def in_a_thread(serving: Callable[[], AbstractAsyncContextManager[str]]) -> Iterator[str]:
    """Enter *serving* in a thread with its own event loop; yield its address."""
    begun, ready = list[_Serving](), threading.Event()

    async def serve() -> None:
        stop = asyncio.Event()
        async with serving() as address:
            begun.append(_Serving(address=address, loop=asyncio.get_running_loop(), stop=stop))
            ready.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    try:
        if not ready.wait(START_SECONDS):
            raise AssertionError("the server did not start")
        yield begun[0].address
    finally:
        for one in begun:
            one.loop.call_soon_threadsafe(one.stop.set)
        thread.join()
