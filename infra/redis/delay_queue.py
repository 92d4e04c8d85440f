"""Delay entries of a stream: append them to it again when they are due.

``later:{<stream>}`` is a sorted set of entries by due time. One script moves what is due, so each
entry is appended once, however many processes call `bring_back`.
"""

import json
from collections.abc import Mapping
from typing import Any

from infra.redis.client import Client, within

_SECONDS = 4.0
_BATCH = 500
_MOVE = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, text in ipairs(due) do
  redis.call('XADD', KEYS[2], '*', unpack(cjson.decode(text)))
  redis.call('ZREM', KEYS[1], text)
end
return #due
"""


class DelayQueue:
    """The delayed entries of one stream. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client, stream: str) -> None:
        self._client = client
        self._stream = stream
        self._key = f"later:{{{stream}}}"

    async def put(self, fields: Mapping[str, str], due_ms: int) -> None:
        """Delay an entry until *due_ms*; an equal entry that is delayed already is moved there."""
        text = json.dumps([part for field in sorted(fields.items()) for part in field])
        async with within(_SECONDS):
            await self._client.zadd(self._key, {text: due_ms})

    async def bring_back(self, now_ms: int) -> int:
        """Append due entries to the stream; return how many."""
        moved = 0
        while True:
            async with within(_SECONDS):
                some: Any = await self._client.eval(
                    _MOVE, 2, self._key, self._stream, str(now_ms), str(_BATCH)
                )
            moved += int(some)
            if int(some) < _BATCH:
                return moved

    async def count(self) -> int:
        """Return how many entries are delayed."""
        async with within(_SECONDS):
            return int(await self._client.zcard(self._key))
