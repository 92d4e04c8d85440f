"""Start and end of a process: signals, the pipe of the parent, background tasks."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from infra.data_paths import NAME_VARIABLE
from infra.supervisor import SERVING_LINE

_CANCEL_AGAIN_SECONDS = 0.5
_LEAST_SECONDS = 0.5


class DrainBudget:
    """Time budget of an orderly shutdown, shared by all its steps; a supervisor kills later."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = clock() + seconds

    def left(self) -> float:
        """Return the remaining budget of a step in seconds, at least 0.5."""
        return max(self._until - self._clock(), _LEAST_SECONDS)


def stop_event() -> asyncio.Event:
    """Return an event set by SIGTERM or Ctrl-C, and in a child by the death of its parent."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if is_child():

        def closed() -> None:
            if not os.read(sys.stdin.fileno(), 1):
                loop.remove_reader(sys.stdin)
                stop.set()

        loop.add_reader(sys.stdin, closed)
    return stop


def is_child() -> bool:
    """Return whether a supervisor of ours started this process and holds its pipe."""
    return NAME_VARIABLE in os.environ


def say_serving() -> None:
    """Tell the parent that this process is ready."""
    if is_child():
        sys.stdout.write(f"{SERVING_LINE}\n")
        sys.stdout.flush()


async def first_of(stop: asyncio.Event, *tasks: asyncio.Task[None]) -> None:
    """Wait for *stop*. A task that ends earlier ends the process; its error is raised."""
    pending = asyncio.create_task(stop.wait())
    await asyncio.wait([pending, *tasks], return_when=asyncio.FIRST_COMPLETED)
    pending.cancel()
    for task in tasks:
        if task.done():
            task.result()


async def cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Cancel background tasks and wait for them."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        # Cancel repeatedly, as redis-py loses a cancellation while it connects.
        _, pending = await asyncio.wait(pending, timeout=_CANCEL_AGAIN_SECONDS)
    for task in tasks:
        with suppress(asyncio.CancelledError):
            task.result()
