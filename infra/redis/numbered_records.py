"""Stores records in one hash by number, until they are old; a change compares the old text first.

For requests that a second person decides: two people cannot decide one at once, as a record is
replaced only if it is still the one that was read.
"""

from typing import Any

from infra.redis.client import Client, execute_durable, within

_READ_SECONDS = 2.0
_WRITE_SECONDS = 4.0
_REPLACE = """
local now = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if now ~= ARGV[2] and now ~= ARGV[3] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HDEL', KEYS[1], ARGV[4])
return 1
"""
"""Key: the hash. Arguments: number, the text that was read, the new one, the number to forget.
Answers 0 when another change came first. Sent twice, it does the same."""


class NumberedRecords:
    """Reads and writes texts. Raises `Unavailable` within seconds while Redis is down."""

    def __init__(self, client: Client, *, records: str, last_number: str, most: int) -> None:
        """Keep the newest *most*; the keys *records* and *last_number* are of one slot."""
        self._client: Any = client
        self._records = records
        self._last_number = last_number
        self._most = most

    async def next_number(self) -> int:
        """Return a number that no other record has."""
        async with within(_WRITE_SECONDS):
            return int(await self._client.incr(self._last_number))

    async def all(self) -> list[str]:
        """Return the records, the newest first."""
        async with within(_READ_SECONDS):
            found: dict[str, str] = await self._client.hgetall(self._records)
        return [text for _, text in sorted(found.items(), key=lambda pair: -int(pair[0]))]

    async def get(self, number: int) -> str | None:
        """Return one record; None where there is none."""
        async with within(_READ_SECONDS):
            text: str | None = await self._client.hget(self._records, str(number))
        return text

    async def replace(self, number: int, before: str, after: str) -> bool:
        """Store *after* where *before* was, empty for nothing; False if that has changed."""
        arguments = (str(number), before, after, str(number - self._most))
        pipeline = self._client.pipeline(transaction=False)
        pipeline.eval(_REPLACE, 1, self._records, *arguments)
        async with within(_WRITE_SECONDS):
            (replaced,) = await execute_durable(self._client, pipeline)
        return bool(replaced)
