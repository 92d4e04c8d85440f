"""The lists as they are in the store, once this process has caught up with it."""

import asyncio
import time

from blocklists.snapshot.replica import Replica
from blocklists.snapshot.snapshot import Snapshot
from blocklists.store.store import Store
from fanzha.errors import Unavailable

PATIENCE_SECONDS = 120.0
_LOOK_SECONDS = 0.01


class CurrentLists:
    """Waits for the snapshot that a change is judged against."""

    def __init__(self, store: Store, replica: Replica) -> None:
        self._store = store
        self._replica = replica

    async def caught_up(self) -> Snapshot:
        """Return the lists of the store; `Unavailable` when they do not come in time."""
        head = await self._store.head()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self._replica.current.version < head.version or not self._replica.loaded:
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"lists here are at version {self._replica.current.version}, those of "
                    f"the store at {head.version}; try again"
                )
            await asyncio.sleep(_LOOK_SECONDS)
        return self._replica.current
