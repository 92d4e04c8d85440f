"""Run a step periodically and survive outages of what it needs.

The first failure of an outage and the recovery are logged, and every failure is counted by task
(`FailureKind.PERIODIC_TASK`). In an event loop, any other exception ends the task; a thread
survives every exception, since none awaits its result.
"""

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable
from typing import TypeVar

from fanzha.errors import Unavailable
from infra.backoff import Backoff
from infra.failure_counts import FAILURES, FailureKind
from infra.safe_traceback import kind_and_places

Result = TypeVar("Result")


class OutageLog:
    """Log the first failure of an outage and the recovery; count every failure."""

    def __init__(self, task: str, logger: logging.Logger) -> None:
        self._task = task
        self._logger = logger
        self._failures = 0

    def failed(self, reason: object) -> None:
        """Note a failure."""
        FAILURES.add(FailureKind.PERIODIC_TASK, self._task)
        self._failures += 1
        if self._failures == 1:
            self._logger.warning("%s failed and is retried: %s", self._task, reason)

    def succeeded(self) -> None:
        """Note a success."""
        if self._failures:
            self._logger.info("%s works again after %d failures", self._task, self._failures)
        self._failures = 0


async def run_periodically(
    step: Callable[[], Awaitable[object]],
    *,
    every_seconds: float,
    task: str,
    logger: logging.Logger,
    outages: tuple[type[Exception], ...] = (Unavailable,),
    backoff: Backoff | None = None,
    keep_going: Callable[[], bool] = lambda: True,
    work: asyncio.Event | None = None,
) -> None:
    """Await *step*, then wait, until cancelled or *keep_going* returns False.

    The wait is *every_seconds*, also after an outage unless there is a *backoff*. *task* names the
    step in logs and metrics, as ``a few words``; its values are few. With *work*, a step that has
    succeeded runs again only once the event is set, so a task without work wakes nothing; the event
    is cleared before each step, and a step with more to do later sets it.
    """
    outage = OutageLog(task, logger)
    while keep_going():
        wait = every_seconds
        if work is not None:
            work.clear()
        try:
            await step()
        except outages as error:
            outage.failed(error)
            if work is not None:
                work.set()
            if backoff is not None:
                wait = backoff.next_seconds()
        else:
            outage.succeeded()
            if backoff is not None:
                backoff.reset()
        await asyncio.sleep(wait)
        if work is not None:
            await work.wait()


def run_periodically_in_thread(
    step: Callable[[], object],
    *,
    every_seconds: float,
    task: str,
    logger: logging.Logger,
    ending: threading.Event,
    backoff: Backoff | None = None,
) -> None:
    """Call *step* in this thread, then wait *every_seconds*, until *ending* is set.

    After a failure the wait is by *backoff*, where there is one. Every exception counts as a
    failure; only its type and places are logged, and of an outage what it says.
    """
    outage = OutageLog(task, logger)
    while True:
        wait = every_seconds
        try:
            step()
        except Exception as error:
            outage.failed(error if isinstance(error, Unavailable) else kind_and_places(error))
            if backoff is not None:
                wait = backoff.next_seconds()
        else:
            outage.succeeded()
            if backoff is not None:
                backoff.reset()
        if ending.wait(wait):
            return


async def retry_until_available(
    call: Callable[[], Awaitable[Result]],
    *,
    task: str,
    logger: logging.Logger,
    backoff: Backoff | None = None,
) -> Result:
    """Await *call* until it raises no `Unavailable`, with *backoff*; return its result."""
    outage, backoff = OutageLog(task, logger), backoff or Backoff()
    while True:
        try:
            result = await call()
        except Unavailable as error:
            outage.failed(error)
            await asyncio.sleep(backoff.next_seconds())
        else:
            outage.succeeded()
            return result
