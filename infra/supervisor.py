"""Supervises child processes: restarts each with backoff when it dies, stops all on request.

Children are forked by a fork server that has loaded what they import, or started anew where there
is none; never forked from a process that has used gRPC. The standard input of each is a pipe that
closes when the supervisor dies, so none outlives it. A child writes the line ``serving`` when it is
ready.
"""

import asyncio
import logging
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from infra.forked_processes import ForkRefused, ForkServer

logger = logging.getLogger(__name__)

SERVING_LINE = "serving"
FIRST_PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 5.0
HEALTHY_SECONDS = 10.0
"""A child that ran this long resets its backoff."""
KILL_MARGIN_SECONDS = 5.0
"""Grace after the drain timeout before a child is killed."""


class ChildProcess(Protocol):
    """A running child, however it was started."""

    pid: int
    stdout: asyncio.StreamReader | None

    @property
    def returncode(self) -> int | None:
        """Status, or None while it runs."""
        ...

    async def wait(self) -> int:
        """Wait for the end; return the status."""
        ...

    def send_signal(self, number: int, /) -> None:
        """Send a signal."""
        ...


@dataclass(slots=True, kw_only=True)
class Child:
    """A process that runs as long as the supervisor."""

    name: str
    arguments: Sequence[str]
    """Arguments after ``python -m services``."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables added to the environment of the supervisor."""
    process: ChildProcess | None = None
    serving: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self.process.pid if self.process else None


class Supervisor:
    """Runs *children* until it is stopped."""

    def __init__(
        self,
        children: Sequence[Child],
        *,
        drain_seconds: float,
        on_death: Callable[[int], None] = lambda _pid: None,
        forks: ForkServer | None = None,
    ) -> None:
        """*forks* forks the children; without, each is started anew."""
        self.children = tuple(children)
        self._forks = forks
        self._drain_seconds = drain_seconds
        self._on_death = on_death
        self._stopping = asyncio.Event()

    async def run(self) -> None:
        """Supervise all children; return once they have ended after `stop`."""
        async with asyncio.TaskGroup() as keepers:
            for child in self.children:
                keepers.create_task(self._keep(child))

    async def wait_serving(self, seconds: float) -> bool:
        """Wait until every child is ready; return whether all are."""
        try:
            async with asyncio.timeout(seconds):
                await asyncio.gather(*(child.serving.wait() for child in self.children))
        except TimeoutError:
            return False
        return True

    def stop(self) -> None:
        """Ask every child to drain and end."""
        self._stopping.set()

    async def _keep(self, child: Child) -> None:
        pause = FIRST_PAUSE_SECONDS
        while not self._stopping.is_set():
            started = time.monotonic()
            code = await self._run_once(child)
            if self._stopping.is_set():
                return
            if time.monotonic() - started > HEALTHY_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            logger.warning("%s ended with %s; restarting in %.1f s", child.name, code, pause)
            await _sleep_unless(self._stopping, pause)
            pause = min(pause * 2, LONGEST_PAUSE_SECONDS)

    async def _run_once(self, child: Child) -> int:
        process = await self._launch(child)
        child.process = process
        reading = asyncio.create_task(self._read_lines(child, process))
        ending = asyncio.create_task(self._end_when_stopping(process))
        code = await process.wait()
        child.serving.clear()
        for task in (reading, ending):
            task.cancel()
        await asyncio.gather(reading, ending, return_exceptions=True)
        self._on_death(process.pid)
        return code

    async def _launch(self, child: Child) -> ChildProcess:
        command = (sys.executable, "-m", "services", *child.arguments)
        environment = os.environ | dict(child.environment)
        if self._forks is not None:
            try:
                return await self._forks.launch(child.arguments, environment, " ".join(command))
            except ForkRefused as error:
                logger.warning("%s is started anew: %s", child.name, error)
        return await asyncio.create_subprocess_exec(
            *command,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            # Ctrl-C must reach the supervisor alone, which stops the children in order.
            start_new_session=True,
        )

    async def _read_lines(self, child: Child, process: ChildProcess) -> None:
        if process.stdout is None:
            return
        async for line in process.stdout:
            if line.decode(errors="replace").strip() == SERVING_LINE:
                child.serving.set()

    async def _end_when_stopping(self, process: ChildProcess) -> None:
        await self._stopping.wait()
        _signal(process, signal.SIGTERM)
        await asyncio.sleep(self._drain_seconds + KILL_MARGIN_SECONDS)
        logger.error("process %d did not end in time; it is killed", process.pid)
        _signal(process, signal.SIGKILL)


def _signal(process: ChildProcess, number: signal.Signals) -> None:
    if process.returncode is None:
        process.send_signal(number)


async def _sleep_unless(event: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return
