"""Runs what gRPC's core reports in the thread of the event loop.

While there are events, the loop takes them itself, some at a time, and other tasks have their turn
in between: under load no thread is woken for a request. When none is left, a thread waits for the
next one without the interpreter's lock, and wakes the loop.
"""

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from threading import Semaphore, Thread

from services.rpc.core import api
from services.rpc.core.api import Event
from services.rpc.middleware.unexpected_errors import UnexpectedLog

MAX_EVENTS = 256
"""Taken in one turn of the loop; a request has three."""


class CompletionLoop:
    """Calls the tag of each event of a completion queue with the event."""

    def __init__(self, work: Callable[[], bool]) -> None:
        """*work* is called after the events of a turn; it says whether more of it is left."""
        self.queue = api.completion_queue()
        self._work = work
        self._unexpected = UnexpectedLog()
        self._idle = Semaphore(0)
        self._is_shut_down = False

    def start(self) -> None:
        """Take events from now on, in this loop, and as the identity that is set now."""
        self._loop = asyncio.get_running_loop()
        self._context = copy_context()
        self._ended = asyncio.Event()
        Thread(target=self._wait, name="grpc-core", daemon=True).start()

    async def close(self) -> None:
        """Take the last events; nothing may start an operation any more."""
        self.queue.shutdown()
        await self._ended.wait()

    def _wait(self) -> None:
        """Wait for the next event, whenever the loop has none left; runs in a thread."""
        while not self._is_shut_down:
            event = self.queue.poll()
            try:
                self._loop.call_soon_threadsafe(self._turn, event, context=self._context)
            except RuntimeError:
                return  # the loop is closed: the process ends
            self._idle.acquire()

    def _turn(self, event: Event = None) -> None:
        taken = 0
        if event is None:
            event = self.queue.poll(0)
        while event.completion_type != api.QUEUE_TIMEOUT:
            if event.completion_type == api.QUEUE_SHUTDOWN:
                self._is_shut_down = True
                self._ended.set()
                break
            self._dispatch(event)
            taken += 1
            if taken >= MAX_EVENTS:
                break
            event = self.queue.poll(0)
        more = self._do_work()
        if (taken or more) and not self._is_shut_down:
            self._loop.call_soon(self._turn, context=self._context)
        else:
            self._idle.release()

    def _dispatch(self, event: Event) -> None:
        try:
            event.tag(event)
        except Exception as error:
            # One request must not end the others; its caller has a deadline.
            self._unexpected.note("gRPC's core", error)

    def _do_work(self) -> bool:
        try:
            return self._work()
        except Exception as error:
            self._unexpected.note("a batch", error)
            return True
