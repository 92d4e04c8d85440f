"""Pulls sources when they are due or somebody asks, each on one host at a time."""

import asyncio
import logging
import os
import shutil
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from uuid import uuid4

from fanzha.errors import Unavailable
from infra import process_lifecycle
from infra.failure_counts import FAILURES, FailureKind
from infra.periodic import run_periodically
from infra.safe_traceback import kind_and_places
from services.sources.metrics import SourceFigures
from services.sources.model import DataSource, PullRequest, SourceState
from services.sources.pull_log import LeaseLost
from services.sources.puller import SourcePuller
from services.sources.store import LEASE_MS, SourceStore

logger = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
AT_ONCE = 4
"""Sources that one process pulls at the same time."""
_STORE_AGAIN_MS = 10_000
_DEFECT_AGAIN_MS = 300_000
_RENEWALS = 4
"""In the time of a lease."""


class SourceScheduler:
    """Runs the pulls of one process. *watched* are further sources whose lag it tells."""

    def __init__(
        self,
        sources: Mapping[str, DataSource],
        store: SourceStore,
        puller: SourcePuller,
        figures: SourceFigures,
        *,
        folder: Path,
        now_ms: Callable[[], int],
        watched: Mapping[str, DataSource] | None = None,
    ) -> None:
        self._sources = sources
        self._known = {**(watched or {}), **sources}
        self._store = store
        self._puller = puller
        self._figures = figures
        self._folder = folder
        self._now_ms = now_ms
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex}"
        self._running: dict[str, asyncio.Task[None]] = {}
        self._paused_until: dict[str, int] = {}

    async def run(self) -> None:
        """Look every `LOOK_SECONDS` until cancelled; then end the pulls, too."""
        if not self._known:
            await asyncio.Event().wait()
        # An earlier process may have left files with personal data.
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)
        try:
            await run_periodically(
                self.look, every_seconds=LOOK_SECONDS, task="sources", logger=logger
            )
        finally:
            await process_lifecycle.cancel(list(self._running.values()))

    async def look(self) -> None:
        """Start the pulls that are due, and set the gauges."""
        states = await self._states()
        requests = await self._store.requests(list(self._sources))
        self._figures.seen(self._known, states, self._now_ms())
        for name, source in self._sources.items():
            request = requests.get(name)
            due = request is not None or states[name].due_ms <= self._now_ms()
            paused = self._paused_until.get(name, 0) > self._now_ms()
            if due and not paused and name not in self._running and len(self._running) < AT_ONCE:
                task = asyncio.create_task(self._try(source, request))
                self._running[name] = task
                task.add_done_callback(partial(self._ended, name))

    def _ended(self, name: str, _task: "asyncio.Task[None]") -> None:
        del self._running[name]

    async def wait(self) -> None:
        """Wait until no pull of this process runs."""
        while self._running:
            await asyncio.wait(list(self._running.values()))

    async def _states(self) -> dict[str, SourceState]:
        """Return the states of all sources; a new one gets its first."""
        states = await self._store.states(list(self._known))
        for name in self._known.keys() - states.keys():
            states[name] = SourceState(since_ms=self._now_ms())
            await self._store.begin(name, states[name])
        return states

    async def _try(self, source: DataSource, request: PullRequest | None) -> None:
        """Pull a source; what goes wrong here and not there is tried again after a while."""
        try:
            await self._pull(source, request)
        except LeaseLost:
            logger.warning("source %s: another process pulls it now", source.name)
        except Unavailable as error:
            self._pause(source, _STORE_AGAIN_MS)
            logger.warning("source %s waits: %s", source.name, error)
        except Exception as error:
            self._pause(source, _DEFECT_AGAIN_MS)
            FAILURES.add(FailureKind.PERIODIC_TASK, "sources")
            logger.error(  # noqa: TRY400 - a traceback would quote what is in the file
                "source %s: the pull broke off: %s", source.name, kind_and_places(error)
            )

    def _pause(self, source: DataSource, wait_ms: int) -> None:
        self._paused_until[source.name] = self._now_ms() + wait_ms

    async def _pull(self, source: DataSource, request: PullRequest | None) -> None:
        name = source.name
        if not await self._store.lease(name, self._owner):
            return
        try:
            # Another host may have pulled it since it was looked at.
            state = (await self._store.states([name])).get(name)
            state = state or SourceState(since_ms=self._now_ms())
            asked = (await self._store.requests([name])).get(name) if request else None
            if asked is None and state.due_ms > self._now_ms():
                return
            await self._answering(source, state, asked)
        finally:
            with suppress(Unavailable):
                await self._store.release(name, self._owner)

    async def _answering(
        self, source: DataSource, state: SourceState, request: PullRequest | None
    ) -> None:
        """Pull, and forget what was asked for once that is over, whatever became of it.

        While the store is away, or another process pulls, it stays asked for.
        """
        try:
            await self._with_lease(source, state, request)
        except (Unavailable, LeaseLost):
            raise
        except Exception:
            if request is not None:
                await self._store.answered(source.name, request)
            raise
        if request is not None:
            await self._store.answered(source.name, request)

    async def _with_lease(
        self, source: DataSource, state: SourceState, request: PullRequest | None
    ) -> None:
        """Pull, and give up as soon as the lease is lost."""
        pulling = asyncio.create_task(self._puller.pull(source, self._owner, state, request))
        keeping = asyncio.create_task(self._keep(source.name))
        try:
            await asyncio.wait({pulling, keeping}, return_when=asyncio.FIRST_COMPLETED)
            if not pulling.done():
                raise LeaseLost
            await pulling
        finally:
            await process_lifecycle.cancel([pulling, keeping])

    async def _keep(self, name: str) -> None:
        """Renew the lease until it is lost."""
        while True:
            await asyncio.sleep(LEASE_MS / 1000 / _RENEWALS)
            if not await self._store.renew(name, self._owner):
                return
