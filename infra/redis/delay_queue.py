"""Puts entries of a stream off until a time; then they are appended to it again.

``later:{<stream>}`` is a sorted set by when each is due. Moving what is due is one script, so
however many processes do it, each entry comes back once.
"""

import json
from collections.abc import Mapping
from typing import Any

from infra.redis.client import Client, within

_SECONDS = 4.0
_AT_ONCE = 500
_MOVE = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, text in ipairs(due) do
  redis.call('XADD', KEYS[2], '*', unpack(cjson.decode(text)))
  redis.call('ZREM', KEYS[1], text)
end
return #due
"""


class DelayQueue:
    """What of one stream waits for its time. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client, stream: str) -> None:
        self._client = client
        self._stream = stream
        self._key = f"later:{{{stream}}}"

    async def put(self, fields: Mapping[str, str], due_ms: int) -> None:
        """Let an entry come back; the same fields wait once, until the later of two times."""
        text = json.dumps([part for field in sorted(fields.items()) for part in field])
        async with within(_SECONDS):
            await self._client.zadd(self._key, {text: due_ms})

    async def bring_back(self, now_ms: int) -> int:
        """Append what is due to its stream; return how many entries."""
        moved = 0
        while True:
            async with within(_SECONDS):
                some: Any = await self._client.eval(
                    _MOVE, 2, self._key, self._stream, str(now_ms), str(_AT_ONCE)
                )
            moved += int(some)
            if int(some) < _AT_ONCE:
                return moved

    async def count(self) -> int:
        """Count what waits."""
        async with within(_SECONDS):
            return int(await self._client.zcard(self._key))
