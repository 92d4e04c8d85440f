"""When a process starts and ends: signals, the parent's pipe, background tasks."""

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from services.supervisor import SERVING_LINE


def stop_event(*, also_when_parent_dies: bool = False) -> asyncio.Event:
    """Return an event that is set by SIGTERM or Ctrl-C, or when the parent's pipe closes."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if also_when_parent_dies and not sys.stdin.isatty():

        def closed() -> None:
            if not sys.stdin.buffer.read1(1):
                loop.remove_reader(sys.stdin)
                stop.set()

        loop.add_reader(sys.stdin, closed)
    return stop


def say_serving() -> None:
    """Tell the parent that this process is ready."""
    sys.stdout.write(f"{SERVING_LINE}\n")
    sys.stdout.flush()


async def first_of(stop: asyncio.Event, *tasks: asyncio.Task[None]) -> None:
    """Wait for *stop*; a task that ends before, ends the process with its error."""
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    for task in tasks:
        if task.done():
            task.result()


async def cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    """End background tasks."""
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task
