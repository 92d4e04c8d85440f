"""Follows the marks of the graph into the memory of a worker, within milliseconds of a change.

At start, after every outage and every `RELOAD_SECONDS` all marks are read; between, the stream of
changes is. So a change that was trimmed from the stream before it was read is missed for minutes
only.
"""

import logging
import time
from collections.abc import Callable

from infra.backoff import Backoff
from infra.periodic import run_periodically
from services.decision.related.store import GraphStore
from services.decision.related.suspect_set import SuspectSet

logger = logging.getLogger(__name__)

RELOAD_SECONDS = 600.0
_BLOCK_MS = 5000


class SuspectFollower:
    """Keeps a `SuspectSet` as the marks in the store are."""

    def __init__(
        self,
        suspects: SuspectSet,
        store: GraphStore,
        *,
        now_ms: Callable[[], int],
        changed: Callable[[int, float], None] = lambda _size, _seconds: None,
    ) -> None:
        """Call *changed* with the size of the set, and the seconds since the change was made."""
        self._suspects = suspects
        self._store = store
        self._now_ms = now_ms
        self._changed = changed
        self._place = ""
        self._reload_at = 0.0

    async def run(self) -> None:
        """Follow until cancelled."""
        await run_periodically(
            self._step_or_reload,
            every_seconds=0,
            task="marks of the graph",
            logger=logger,
            backoff=Backoff(),
        )

    async def step(self, block_ms: int = _BLOCK_MS) -> int:
        """Take over the next changes, or all marks when it is time; return how many."""
        if not self._place or time.monotonic() >= self._reload_at:
            return await self._reload()
        changes = await self._store.changes(self._place, block_ms=block_ms)
        for place, entity, suspect in changes:
            if suspect is None:
                self._suspects.remove(entity)
            else:
                self._suspects.put(suspect)
            self._place = place
            made_at_ms = int(place.partition("-")[0])
            self._changed(len(self._suspects), max(self._now_ms() - made_at_ms, 0) / 1000)
        return len(changes)

    async def _step_or_reload(self) -> None:
        try:
            await self.step()
        except BaseException:
            self._place = ""
            raise

    async def _reload(self) -> int:
        # The place first: a change made while marks are read is taken over twice, never missed.
        place = await self._store.newest_change()
        self._suspects.replace(await self._store.suspects())
        self._place, self._reload_at = place, time.monotonic() + RELOAD_SECONDS
        self._changed(len(self._suspects), 0.0)
        return len(self._suspects)
