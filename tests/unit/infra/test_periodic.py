"""A periodic task survives outages; the first failure and the recovery are logged, all counted."""

import asyncio
import logging
import threading
from contextlib import suppress

import pytest

from fanzha.errors import Unavailable
from infra.backoff import Backoff
from infra.failure_counts import FAILURES, FailureKind
from infra.periodic import (
    retry_until_available,
    run_periodically,
    run_periodically_in_thread,
)

logger = logging.getLogger(__name__)


def own_messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return those of the tasks, and none of what else the process may log meanwhile."""
    return [record.getMessage() for record in caplog.records if record.name == logger.name]


class Step:
    """Fails where *outcomes* are True; `done` after the last."""

    def __init__(self, outcomes: list[bool]) -> None:
        self._outcomes = outcomes
        self.done = asyncio.Event()

    async def __call__(self) -> None:
        if not self._outcomes:
            self.done.set()
        elif self._outcomes.pop(0):
            raise Unavailable("the store is away")


async def run_until_done(step: Step, task: str, backoff: Backoff | None = None) -> None:
    running = asyncio.create_task(
        run_periodically(step, every_seconds=0, task=task, logger=logger, backoff=backoff)
    )
    await asyncio.wait_for(step.done.wait(), 60)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_the_first_failure_and_the_recovery_of_each_outage_are_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)

    await run_until_done(Step([True, True, False, True, False]), "some work")

    assert own_messages(caplog) == [
        "some work failed and is retried: the store is away",
        "some work works again after 2 failures",
        "some work failed and is retried: the store is away",
        "some work works again after 1 failures",
    ]


async def test_every_failure_is_counted() -> None:
    await run_until_done(Step([True, True, False, True, False]), "counted work")

    assert FAILURES.of(FailureKind.PERIODIC_TASK)["counted work"] == 3


async def test_backoff_grows_in_an_outage_and_is_reset_after_it() -> None:
    backoff = Backoff(first_seconds=1e-6, max_seconds=1e-3)

    await run_until_done(Step([True] * 30), "work", backoff)

    assert backoff.failures == 0


async def test_an_error_that_is_no_outage_ends_the_work() -> None:
    async def step() -> None:
        raise OSError("no such folder")

    with pytest.raises(OSError, match="no such folder"):
        await run_periodically(step, every_seconds=0, task="work", logger=logger)


async def test_the_work_ends_when_it_is_stopped() -> None:
    left = [3]

    async def step() -> None:
        left[0] -= 1

    await run_periodically(
        step, every_seconds=0, task="work", logger=logger, keep_going=lambda: left[0] > 0
    )

    assert left == [0]


async def test_a_call_is_retried_until_it_succeeds() -> None:
    outcomes = [Unavailable("away"), Unavailable("away")]

    async def call() -> str:
        if outcomes:
            raise outcomes.pop()
        return "done"

    result = await retry_until_available(
        call, task="call", logger=logger, backoff=Backoff(first_seconds=1e-6, max_seconds=1e-6)
    )

    assert result == "done"


def test_a_thread_survives_every_exception(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    ending, steps = threading.Event(), [0]

    def step() -> None:
        steps[0] += 1
        if steps[0] <= 2:
            raise ZeroDivisionError("".join(["+86138", "00138000"]))
        ending.set()

    run_periodically_in_thread(
        step, every_seconds=0, task="thread work", logger=logger, ending=ending
    )

    first, last = own_messages(caplog)
    assert first.startswith("thread work failed and is retried: ZeroDivisionError")
    assert "13800138000" not in first
    assert last == "thread work works again after 2 failures"


async def test_an_idle_task_runs_only_when_there_is_work() -> None:
    work, steps = asyncio.Event(), 0

    async def step() -> None:
        nonlocal steps
        steps += 1
        if steps == 2:
            raise Unavailable("the store is away")

    running = asyncio.create_task(
        run_periodically(step, every_seconds=0, task="work", logger=logger, work=work)
    )
    for _ in range(20):
        await asyncio.sleep(0)
    without_work = steps
    work.set()
    for _ in range(20):
        await asyncio.sleep(0)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running

    assert without_work == 1
    assert steps == 3, "a step that failed runs again without further work"
