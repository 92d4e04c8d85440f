"""The lists of this process once they have caught up with the store."""

import asyncio

from blocklists.snapshot.replica import Replica
from blocklists.snapshot.snapshot import Snapshot
from blocklists.store.store import Store
from fanzha.errors import Unavailable
from infra.clock import monotonic_seconds

PATIENCE_SECONDS = 120.0
_POLL_SECONDS = 0.01
_REREAD_SECONDS = 0.1
"""Between two looks whether the store is still behind the lists here."""


class CurrentLists:
    """Waits for the snapshot that a change is compared with."""

    def __init__(self, store: Store, replica: Replica) -> None:
        self._store = store
        self._replica = replica

    async def caught_up(self) -> Snapshot:
        """Return the lists at the version of the store; `Unavailable` after `PATIENCE_SECONDS`.

        After a failover the store may be behind: its end is lost, and the lists here have it until
        their follower notices, some seconds later. A change compared with them would conflict.
        """
        head = await self._store.head()
        deadline = monotonic_seconds() + PATIENCE_SECONDS
        while self._replica.current.version != head.version or not self._replica.loaded:
            if monotonic_seconds() > deadline:
                raise Unavailable(
                    "lists here are at version {version}, those of the store at {version_2}; try "
                    "again",
                    version=self._replica.current.version,
                    version_2=head.version,
                )
            if self._replica.current.version > head.version:
                head = await self._store.head()  # it may have moved on since
                if self._replica.current.version > head.version:
                    await asyncio.sleep(_REREAD_SECONDS)
            else:
                await asyncio.sleep(_POLL_SECONDS)
        return self._replica.current
