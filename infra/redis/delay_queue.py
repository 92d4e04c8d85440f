"""Delay entries of a stream: append them to it again when they are due.

``later:{<stream>}`` is a sorted set of entries by due time. One script moves what is due, so each
entry is appended once, however many processes call `bring_back`. A process asks Redis only when
something is due that it knows of, and every `LOOK_MS` for what another one delayed and left.
"""

import json
from collections.abc import Mapping
from typing import Any

from infra.redis.client import Client, within

_SECONDS = 4.0
LOOK_MS = 10_000
_BATCH = 500
_MOVE = """
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, text in ipairs(due) do
  redis.call('XADD', KEYS[2], '*', unpack(cjson.decode(text)))
  redis.call('ZREM', KEYS[1], text)
end
local next = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {#due, next[2]}
"""


class DelayQueue:
    """The delayed entries of one stream. Raises `Unavailable` while Redis is away."""

    def __init__(self, client: Client, stream: str) -> None:
        self._client = client
        self._stream = stream
        self._key = f"later:{{{stream}}}"
        self._look_at_ms = 0

    async def put(self, fields: Mapping[str, str], due_ms: int) -> None:
        """Delay an entry until *due_ms*; an equal entry that is delayed already is moved there."""
        text = json.dumps([part for field in sorted(fields.items()) for part in field])
        async with within(_SECONDS):
            await self._client.zadd(self._key, {text: due_ms})
        self._look_at_ms = min(self._look_at_ms, due_ms)

    def wait_ms(self, now_ms: int) -> int:
        """Return for how long `bring_back` has nothing to do; 0: not at all."""
        left = self._look_at_ms - now_ms
        # More is left only where the clock was set back.
        return left if 0 < left <= LOOK_MS else 0

    async def bring_back(self, now_ms: int) -> int:
        """Append due entries to the stream; return how many."""
        moved = 0
        while not self.wait_ms(now_ms):
            # Set before the question: `put` may move it nearer while that is on its way.
            self._look_at_ms = now_ms + LOOK_MS
            try:
                some, next_ms = await self._move(now_ms)
            except BaseException:
                self._look_at_ms = 0
                raise
            moved += some
            self._look_at_ms = min(self._look_at_ms, next_ms)
        return moved

    async def _move(self, now_ms: int) -> tuple[int, int]:
        """Move a batch of what is due; return its size, and when the next entry is due."""
        async with within(_SECONDS):
            answer: Any = await self._client.eval(
                _MOVE, 2, self._key, self._stream, str(now_ms), str(_BATCH)
            )
        some, *next_ms = answer
        return int(some), int(float(next_ms[0])) if next_ms else now_ms + LOOK_MS

    async def count(self) -> int:
        """Return how many entries are delayed."""
        async with within(_SECONDS):
            return int(await self._client.zcard(self._key))
