"""Run a step periodically and survive outages of what it needs.

The first failure of an outage and the recovery are logged, and every failure is counted by task
(`FailureKind.PERIODIC_TASK`). What is not an outage ends the loop with its exception.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from fanzha.errors import Unavailable
from infra.backoff import Backoff
from infra.failure_counts import FAILURES, FailureKind


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
) -> None:
    """Await *step*, then wait, until cancelled or *keep_going* returns False.

    The wait is *every_seconds*, also after an outage unless there is a *backoff*. *task* names the
    step in logs and metrics, as ``a few words``; its values are few.
    """
    outage = OutageLog(task, logger)
    while keep_going():
        wait = every_seconds
        try:
            await step()
        except outages as error:
            outage.failed(error)
            if backoff is not None:
                wait = backoff.next_seconds()
        else:
            outage.succeeded()
            if backoff is not None:
                backoff.reset()
        await asyncio.sleep(wait)
