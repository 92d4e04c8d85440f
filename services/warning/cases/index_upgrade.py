"""Puts the cases of an earlier release into the indexes by state, tier and officer, once.

Until all are in them, lists by any of these scan the index of the region instead.
"""

import logging
from typing import Any

from infra.periodic import run_periodically
from infra.redis.client import Client, within
from services.warning import keys
from services.warning.cases import projections
from services.warning.cases.store import READ_SECONDS, WRITE_SECONDS, CaseStore

logger = logging.getLogger(__name__)

_VERSION = "2"
_MARKER = "fanzha:warning:case_indexes"
_AT_ONCE = 200
_EVERY_SECONDS = 60.0
"""Done once, the task only asks itself."""

_ADD = """
if redis.call('HGET', KEYS[1], 'revision') ~= ARGV[1] then return 0 end
for i = 2, #KEYS do redis.call('ZADD', KEYS[i], ARGV[i + 1], ARGV[2]) end
return 1
"""
"""KEYS: a case, its indexes. ARGV: its revision and id, its score in each. Later changes write
them too."""


class CaseIndexUpgrade:
    """Adds what the indexes of cases lack. May run in several processes at once."""

    def __init__(self, client: Client, store: CaseStore) -> None:
        """*client* must decode answers."""
        self._client = client
        self._store = store
        self._complete = False

    async def complete(self) -> bool:
        """Return whether all cases are in all indexes. True stays true."""
        if not self._complete:
            async with within(READ_SECONDS):
                self._complete = await self._client.get(_MARKER) == _VERSION
        return self._complete

    async def keep(self) -> None:
        """Add what is lacking, also when the store is away at first; until cancelled."""
        await run_periodically(
            self.run, every_seconds=_EVERY_SECONDS, task="indexes of cases", logger=logger
        )

    async def run(self) -> int:
        """Add what is lacking, unless that is done; return how many cases were added."""
        if await self.complete():
            return 0
        added = 0
        for shard in keys.SHARDS:
            async with within(READ_SECONDS):
                ids: Any = await self._client.zrange(keys.key(shard, "all"), 0, -1)
            for first in range(0, len(ids), _AT_ONCE):
                added += await self._add(ids[first : first + _AT_ONCE])
        async with within(WRITE_SECONDS):
            await self._client.set(_MARKER, _VERSION)
        if added:
            logger.info("cases indexed by state, tier and officer", extra={"cases": added})
        return added

    async def _add(self, ids: list[str]) -> int:
        cases = [case for case in await self._store.find(ids) if case is not None]
        async with within(WRITE_SECONDS):
            writing = self._client.pipeline(transaction=False)
            for case in cases:
                shard, indexes = keys.shard_of(case.id), projections.current_indexes(case)
                writing.eval(
                    _ADD,
                    1 + len(indexes),
                    keys.key(shard, "case", case.id),
                    *(keys.key(shard, *index) for index in indexes),
                    case.revision,
                    case.id,
                    *indexes.values(),
                )
            return sum(await writing.execute())
