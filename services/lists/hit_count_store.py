"""Redis store of hit counts: how often each list entry decided, and when last.

===============================  =============================================================
key                              what
===============================  =============================================================
``fanzha:entry-hits:{<nn>}``     hash: `hits_name` to "<times> <last second>"; `SHARDS` of them
``fanzha:entry-hits:of:{<nn>}``  hash: `hits_name` to the pattern of the entry, for searches
``fanzha:entry-hits:since``      the second from which hits are counted
===============================  =============================================================

The hash is chosen by the name, so a cluster shares the load. A script adds the counts of a few
hundred entries at a time, which blocks Redis for less than a millisecond.
"""

from collections.abc import Iterable, Mapping
from itertools import islice
from json import dumps
from typing import Any
from zlib import crc32

import numpy as np
from xxhash import xxh3_64_intdigest

from fanzha.tables import Uint64s
from infra.redis.client import Client, within
from infra.redis.damaged_records import readable
from services.lists.hit_counter import EntryHitSummary, HitCounts

SHARDS = 64
SINCE = "fanzha:entry-hits:since"
_ADD_ENTRIES = 256
_SCAN_ENTRIES = 1000
_READ_SECONDS = 5.0
_WRITE_SECONDS = 4.0

_ADD = """
for id, hits in pairs(cjson.decode(ARGV[1])) do
  local known = redis.call('HGET', KEYS[1], id) or '0 0'
  local count, last = known:match('^(%d+) (%d+)$')
  if not count then count, last = '0', '0' end
  redis.call('HSET', KEYS[1], id, string.format('%d %d', count + hits,
             math.max(tonumber(last), tonumber(ARGV[2]))))
end
"""


class EntryHitStore:
    """Writes and reads hit counts. Raises `Unavailable` within seconds while Redis is down."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client

    async def add(self, hits: HitCounts, now_s: int) -> None:
        """Add counts; those written are removed from *hits*."""
        async with within(_WRITE_SECONDS):
            await self._client.set(SINCE, now_s, nx=True)
        for shard, names in _by_shard(hits.counts).items():
            remaining = iter(names)
            while some := list(islice(remaining, _ADD_ENTRIES)):
                counts = dumps({name: hits.counts[name] for name in some})
                async with within(_WRITE_SECONDS):
                    await self._client.eval(_ADD, 1, _key(shard), counts, hits.last_s)
                for name in some:
                    del hits.counts[name]
        await self._add_patterns(hits.patterns)

    async def _add_patterns(self, patterns: dict[str, str]) -> None:
        for shard, names in _by_shard(patterns).items():
            for start in range(0, len(names), _SCAN_ENTRIES):
                some = {name: patterns[name] for name in names[start : start + _SCAN_ENTRIES]}
                async with within(_WRITE_SECONDS):
                    await self._client.hset(_patterns_key(shard), mapping=some)
        patterns.clear()

    async def patterns(self, most: int) -> dict[str, str]:
        """Return the patterns of entries with hits, by name; not more than some above *most*."""
        found: dict[str, str] = {}
        for shard in range(SHARDS):
            place = -1
            while place and len(found) < most:
                async with within(_READ_SECONDS):
                    place, some = await self._client.hscan(
                        _patterns_key(shard), max(place, 0), count=_SCAN_ENTRIES
                    )
                found |= some
        return found

    async def counted_since_s(self) -> int:
        """Return Unix seconds since when hits are counted; 0 before the first."""
        async with within(_READ_SECONDS):
            return int(await self._client.get(SINCE) or 0)

    async def read(self, names: Iterable[str]) -> dict[str, EntryHitSummary]:
        """Return the hits of entries by name; entries without hits are left out."""
        shards = _by_shard(names)
        if not shards:
            return {}
        async with within(_READ_SECONDS):
            reading = self._client.pipeline(transaction=False)
            for shard, some in shards.items():
                reading.hmget(_key(shard), some)
            answers = await reading.execute()
        pairs = [
            (name, text)
            for some, answer in zip(shards.values(), answers, strict=True)
            for name, text in zip(some, answer, strict=True)
            if text is not None
        ]
        return dict(readable("count of hits", lambda pair: (pair[0], _read(pair[1])), pairs))

    async def forget_others(self, live: Uint64s, before_s: int) -> int:
        """Delete counts of names not in *live* and without a hit since *before_s*.

        *live* are sorted `name_hashes`. Return the number of deleted counts.
        """
        dropped = 0
        for shard in range(SHARDS):
            place = -1
            while place:
                async with within(_READ_SECONDS):
                    place, found = await self._client.hscan(
                        _key(shard), max(place, 0), count=_SCAN_ENTRIES
                    )
                gone = _gone(found, live, before_s)
                if gone:
                    async with within(_WRITE_SECONDS):
                        await self._client.hdel(_key(shard), *gone)
                        await self._client.hdel(_patterns_key(shard), *gone)
                dropped += len(gone)
        return dropped


def name_hashes(names: Iterable[str]) -> Uint64s:
    """Return a 64-bit hash of each name."""
    return np.array([xxh3_64_intdigest(name.encode()) for name in names], np.uint64)


def _gone(found: Mapping[str, str], live: Uint64s, before_s: int) -> list[str]:
    read = readable("count of hits", lambda pair: (pair[0], _read(pair[1])), found.items())
    old = [name for name, hits in read if hits.last_s < before_s]
    if not old or not len(live):
        return old
    hashes = name_hashes(old)
    at = np.minimum(np.searchsorted(live, hashes), len(live) - 1)
    known = (live[at] == hashes).tolist()
    return [name for name, is_known in zip(old, known, strict=True) if not is_known]


def _by_shard(names: Iterable[str]) -> dict[int, list[str]]:
    shards: dict[int, list[str]] = {}
    for name in names:
        shards.setdefault(crc32(name.encode()) % SHARDS, []).append(name)
    return shards


def _key(shard: int) -> str:
    return f"fanzha:entry-hits:{{{shard:02d}}}"


def _patterns_key(shard: int) -> str:
    return f"fanzha:entry-hits:of:{{{shard:02d}}}"


def _read(text: str) -> EntryHitSummary:
    count, last_s = text.split(" ")
    return EntryHitSummary(int(count), int(last_s))
