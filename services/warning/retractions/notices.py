"""Notices that list entries were wrong, from list administration to the warning pipeline.

================================  =================================================================
key                               value
================================  =================================================================
``fanzha:warning:retractions``    stream of notices
``fanzha:warning:retracted``      sorted set: ids of wrong entries by when they were lifted, in ms
================================  =================================================================

An entry that is listed again has the same id, so hits count as wrong only up to that time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from fanzha.errors import InvalidInput
from infra.redis.client import Client, hand_over, within
from services.warning import keys

STREAM = "fanzha:warning:retractions"
_RETRACTED = "fanzha:warning:retracted"
_ROWS = 100_000
_SECONDS = 4.0
_COUNT_ONCE = """
if redis.call('SADD', KEYS[1], ARGV[1]) == 0 then return 0 end
return redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetractionNotice:
    """A list entry was wrong, for all it matched or for one subject."""

    entry_id: str
    kind: str
    pattern: str
    source: str
    """Who supplied it."""
    subject: str = ""
    """The number, sender or link for which alone it was wrong; empty: it was wrong altogether."""
    why: str
    by: str
    at_ms: int


_NAMES = tuple(field.name for field in fields(RetractionNotice))


def read(entry: Mapping[str, str]) -> RetractionNotice:
    """Parse a stream entry. Raises `InvalidInput`."""
    try:
        values: dict[str, Any] = dict(entry) | {"at_ms": int(entry["at_ms"])}
        return RetractionNotice(**values)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            "retraction: cannot be parsed: {name}", name=type(error).__name__
        ) from error


class RetractionStore:
    """Publishes notices, and remembers wrong entries. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client) -> None:
        self._client: Any = client

    async def publish(self, wrong: Iterable[object]) -> None:
        """Append notices, or what has their fields; a repeated one changes nothing."""
        async with within(_SECONDS):
            pipeline = self._client.pipeline(transaction=False)
            for one in wrong:
                entry = {name: str(getattr(one, name)) for name in _NAMES}
                pipeline.xadd(STREAM, entry, maxlen=_ROWS, approximate=True)
            await hand_over(self._client, pipeline)

    async def remember(self, notice: RetractionNotice, *, until_ms: int) -> None:
        """Have intake skip hits of an entry; forget entries lifted before *until_ms*."""
        async with within(_SECONDS):
            await self._client.zadd(_RETRACTED, {notice.entry_id: notice.at_ms}, gt=True)
            await self._client.zremrangebyscore(_RETRACTED, "-inf", until_ms)

    async def retracted(self, entry_ids: Iterable[str]) -> dict[str, int]:
        """Return when entries were lifted as wrong, of those that were."""
        names = sorted(set(filter(None, entry_ids)))
        if not names:
            return {}
        async with within(_SECONDS):
            found = await self._client.zmscore(_RETRACTED, names)
        return {name: int(at) for name, at in zip(names, found, strict=True) if at is not None}

    async def count_against(self, notice: RetractionNotice) -> bool:
        """Count one false alarm of an entry and its source, once; False if it was before."""
        shard = keys.SHARDS[sum(notice.entry_id.encode()) % len(keys.SHARDS)]
        once = f"{notice.entry_id}:{notice.subject}:{notice.at_ms}"
        async with within(_SECONDS):
            counted = await self._client.eval(
                _COUNT_ONCE,
                2,
                keys.key(shard, "retracted"),
                keys.key(shard, "entries"),
                once,
                f"{notice.entry_id}:false_alarm",
            )
        return bool(counted)
