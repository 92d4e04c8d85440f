"""Deletes the hit counts of entries that are no longer in the lists, once a day.

Entry ids are hashes, so those of all current entries are computed, 4 µs each, in batches. Counts
with a recent hit stay, since their entry may have been added during the run.
"""

import asyncio
import logging
from collections.abc import Callable

import numpy as np

from blocklists.snapshot.snapshot import Snapshot
from fanzha.tables import Int64s, Uint64s
from infra.periodic import run_periodically
from services.lists.hit_count_store import EntryHitStore, name_hashes
from services.lists.lifecycle import names_of

logger = logging.getLogger(__name__)

INTERVAL_SECONDS = 86_400.0
INITIAL_DELAY_SECONDS = 600.0
"""Delay after the start, so that a restart loop does not rescan all entries."""
_ROWS_AT_ONCE = 5_000
_PAUSE_SECONDS = 0.02
_RECENT_S = 3600


class HitCountRetention:
    """Deletes the hit counts of removed entries."""

    def __init__(
        self,
        store: EntryHitStore,
        current: Callable[[], Snapshot],
        now_ms: Callable[[], int],
    ) -> None:
        self._store = store
        self._current = current
        self._now_ms = now_ms

    async def run(self) -> None:
        """Run once a day until cancelled."""
        await asyncio.sleep(INITIAL_DELAY_SECONDS)
        await run_periodically(
            self.forget_gone,
            every_seconds=INTERVAL_SECONDS,
            task="hit count retention",
            logger=logger,
        )

    async def forget_gone(self) -> int:
        """Delete the counts of removed entries; return their number."""
        before_s = self._now_ms() // 1000 - _RECENT_S
        snapshot = self._current()
        rows = await asyncio.to_thread(snapshot.live_rows)
        parts = [np.zeros(0, np.uint64)]
        for start in range(0, len(rows), _ROWS_AT_ONCE):
            some = rows[start : start + _ROWS_AT_ONCE]
            parts.append(await asyncio.to_thread(_name_hashes, snapshot, some))
            await asyncio.sleep(_PAUSE_SECONDS)  # requests come first
        live = np.sort(np.concatenate(parts))
        dropped = await self._store.forget_others(live, before_s)
        if dropped:
            logger.info("deleted the hit counts of %d removed entries", dropped)
        return dropped


def _name_hashes(snapshot: Snapshot, rows: Int64s) -> Uint64s:
    return name_hashes(name for table in snapshot.table(rows) for name in names_of(table))
