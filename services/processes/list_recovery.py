"""How administration begins: what an earlier process left halfway is cleared up."""

import asyncio
import logging

from blocklists.store.follower import Follower
from fanzha.errors import Unavailable, VersionConflict
from services.changes.maintenance import ChangeMaintenance

logger = logging.getLogger(__name__)


async def recover_and_follow(upkeep: ChangeMaintenance, follower: Follower) -> None:
    """Clear up what an earlier process left halfway, and follow the store, both at once.

    Whoever applies a change waits for the lists, and holds the lock that clearing up needs: lists
    that came after it would come too late. Only compaction waits, as it takes names of commits
    away, by which clearing up finds them.
    """
    follower.hold_rebases()
    await asyncio.gather(follower.run(), _recover(upkeep, follower))


async def _recover(upkeep: ChangeMaintenance, follower: Follower) -> None:
    try:
        await upkeep.recover()
    except (Unavailable, VersionConflict) as error:
        logger.warning("change requests left halfway wait: %s", error)
    follower.allow_rebases()
