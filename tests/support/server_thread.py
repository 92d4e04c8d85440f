"""Runs a server in a thread of its own while a test asks it."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

Serve = Callable[[Callable[[int], None], asyncio.Event], Awaitable[None]]


@contextmanager
def in_a_thread(serve: Serve) -> Iterator[int]:
    """Give the port that *serve* calls ready with; set its event when the block ends."""
    ready, found = threading.Event(), list[Any]()

    async def run() -> None:
        stop = asyncio.Event()

        def listens(port: int) -> None:
            found.extend((port, asyncio.get_running_loop(), stop))
            ready.set()

        await serve(listens, stop)

    thread = threading.Thread(target=lambda: asyncio.run(run()))
    thread.start()
    try:
        if not ready.wait(30):
            raise AssertionError("the server did not start")
        yield found[0]
    finally:
        if found:
            found[1].call_soon_threadsafe(found[2].set)
        thread.join()
