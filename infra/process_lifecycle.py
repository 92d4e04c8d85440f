"""When a process starts and ends: signals, the parent's pipe, background tasks."""

import asyncio
import gc
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
    """The seconds that all steps of an end in order share: whoever runs us kills us soon after."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = clock() + seconds

    def left(self) -> float:
        """Return the seconds that a step may take; half a one even when all are used up."""
        return max(self._until - self._clock(), _LEAST_SECONDS)


def stop_event() -> asyncio.Event:
    """Return an event that is set by SIGTERM or Ctrl-C; in a child, when its parent dies, too."""
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
    """Tell whether a parent of ours started this process, and holds the other end of its pipe."""
    return NAME_VARIABLE in os.environ


def say_serving() -> None:
    """Tell the parent that this process is ready."""
    if is_child():
        sys.stdout.write(f"{SERVING_LINE}\n")
        sys.stdout.flush()


def settle_memory() -> None:
    """Tell Python that what lives now lives on: it need not look for garbage among it again."""
    gc.collect()
    gc.freeze()


async def first_of(stop: asyncio.Event, *tasks: asyncio.Task[None]) -> None:
    """Wait for *stop*; a task that ends before, ends the process with its error."""
    pending = asyncio.create_task(stop.wait())
    await asyncio.wait([pending, *tasks], return_when=asyncio.FIRST_COMPLETED)
    pending.cancel()
    for task in tasks:
        if task.done():
            task.result()


async def cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    """End background tasks."""
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        # More than once if need be: redis-py loses a cancellation while it connects.
        _, pending = await asyncio.wait(pending, timeout=_CANCEL_AGAIN_SECONDS)
    for task in tasks:
        with suppress(asyncio.CancelledError):
            task.result()
